"""Every check of the doctor, with what it looks at in order and out of order, for real."""

import hashlib
import os
import shutil
import socket
import sys
from contextlib import closing

import pytest

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.fetching.model_files import YUNET
from emotion_pipeline.orchestration.doctor import CHECKS, diagnose
from emotion_pipeline.orchestration.doctor.machine import gpu, memory_bytes, processor
from emotion_pipeline.orchestration.doctor.packages import mediapipe, opencv, python, requirements
from emotion_pipeline.orchestration.doctor.places import (
    LEAST_FREE_BYTES,
    lake_file_system,
    lake_folder,
    lake_store,
    model_files,
    raw_data,
)
from emotion_pipeline.orchestration.doctor.servers import engine, postgres
from emotion_pipeline_tests import s3_server
from emotion_pipeline_tests.orchestration.doctor_findings import levels


def with_(settings, **changes):
    return settings.model_copy(update=changes)


def alarming(found):
    return [one for one in found if one.level != "ok"]


def test_every_finding_that_is_not_ok_says_what_to_do_and_checks_change_nothing(settings, tmp_path):
    found = list(diagnose(settings))
    assert {one.check for one in found} >= {"python", "requirements", "lake_folder", "disk", "gpu"}
    assert all(one.remedy for one in alarming(found))
    assert not any(one.remedy for one in found if one.level == "ok")
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_breaks_is_a_problem_and_hides_no_other(settings):
    def broken(_):
        raise OSError("the disk is on fire")
        yield

    first, *others = diagnose(settings, (broken, python))
    assert first.level == "problem"
    assert "the disk is on fire" in first.what
    assert [one.check for one in others] == ["python"]


def test_checks_have_names_of_their_own():
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS)


def test_the_present_python_is_fine_and_an_older_one_is_not(settings, monkeypatch):
    assert levels(python(settings)) == {"ok"}
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert levels(python(settings)) == {"problem"}


def fake_package(folder, name, version, *, requires=(), files=()):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_packages_that_agree_are_fine_and_others_are_named(settings, tmp_path, monkeypatch):
    assert levels(requirements(settings)) == {"ok"}
    fake_package(tmp_path / "site", "dagster-shared", "0.0.1")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    faults = [one.what for one in requirements(settings) if one.level == "problem"]
    assert faults
    assert all("dagster-shared" in fault and "0.0.1" in fault for fault in faults)


def test_a_second_owner_of_cv2_is_a_problem(settings, tmp_path, monkeypatch):
    assert levels(opencv(settings)) == {"ok"}
    fake_package(tmp_path / "site", "opencv-python", "4.0.0", files=["cv2/__init__.py"])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (found,) = opencv(settings)
    assert found.level == "problem"
    assert "opencv-python" in found.what
    assert "opencv-contrib-python-headless" in found.what
    assert "pip uninstall" in found.remedy


def test_a_missing_extra_is_a_warning_that_names_it(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    (found,) = mediapipe(settings)
    assert found.level == "warning"
    assert "emotion-pipeline[landmarks]" in found.remedy


def test_more_workers_than_cores_are_a_warning(settings):
    enough = memory_bytes() >= 4e9
    assert levels(processor(with_(settings, workers=1))) == ({"ok"} if enough else {"warning"})
    assert levels(processor(with_(settings, workers=10_000))) == {"warning"}


def test_a_device_that_is_not_there_is_a_problem(settings):
    import torch

    assert "problem" not in levels(gpu(settings))
    missing = "mps" if torch.cuda.is_available() else "cuda"
    assert "problem" in levels(gpu(with_(settings, device=missing)))


def test_a_lake_that_cannot_be_written_is_a_problem(settings, tmp_path):
    assert levels(lake_folder(settings)) == {"ok"}
    file = tmp_path / "file"
    file.write_text("")
    assert levels(lake_folder(with_(settings, lake=file / "lake"))) == {"problem"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_lake_without_the_right_to_write_is_a_problem(settings, tmp_path):
    settings.lake.mkdir()
    settings.lake.chmod(0o500)
    assert levels(lake_folder(settings)) == {"problem"}


def test_a_store_that_answers_is_fine_and_one_that_does_not_is_a_problem(settings):
    assert levels(lake_store(settings)) == set()
    with s3_server.running() as server:
        there = with_(settings, lake_store=s3_server.empty_lake(server))
        assert levels(lake_store(there)) == {"ok"}
        nowhere = with_(settings, lake_store=s3_server.empty_lake(server, bucket="no-bucket"))
        assert levels(lake_store(nowhere)) == {"problem"}


def test_a_lake_on_a_network_file_system_is_a_warning(settings, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\n")
    assert levels(lake_file_system(settings, mounts)) == {"warning"}
    mounts.write_text(f"server:/home / nfs4 rw 0 0\ndisk {tmp_path} ext4 rw 0 0\n")
    assert levels(lake_file_system(settings, mounts)) == {"ok"}
    assert list(lake_file_system(settings, tmp_path / "absent")) == []


def test_absent_datasets_are_fine_and_present_ones_are_counted(settings):
    all_datasets()["fer2013"].draw(settings.raw_root, 20, 1)
    found = [one.what for one in raw_data(settings) if one.check == "raw_data"]
    assert any(what.startswith("fer2013 is drawn: 2 files") for what in found)
    assert any(what.startswith("kdef is absent") for what in found)


def test_less_free_disk_than_there_is_raw_data_is_a_warning(settings):
    n_free = shutil.disk_usage(settings.lake.parent).free
    wanted = {"ok"} if n_free >= LEAST_FREE_BYTES else {"warning"}
    assert levels(raw_data(settings), "disk") == wanted
    all_datasets()["fer2013"].draw(settings.raw_root, 20, 1)
    with (settings.raw_root / "fer2013" / "fer2013.csv").open("rb+") as file:
        file.truncate(n_free * 2)  # of a sparse file
    assert levels(raw_data(settings), "disk") == {"warning"}


def test_a_model_file_of_other_bytes_is_a_problem_and_a_missing_one_is_not(settings):
    assert levels(model_files(settings)) == {"ok"}
    file = settings.model_files_root / YUNET.source.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"something else")
    (found,) = alarming(model_files(settings))
    assert found.level == "problem"
    assert str(file) in found.what
    assert hashlib.sha256(b"something else").hexdigest() in found.what


@pytest.mark.parametrize(
    ("check", "name", "address"),
    [
        (postgres, "postgres_url", "postgresql+psycopg2://me:secret@127.0.0.1:{port}/dagster"),
        (engine, "engine", "dask://127.0.0.1:{port}"),
        (engine, "engine", "ray://127.0.0.1:{port}"),
    ],
)
def test_a_server_that_does_not_answer_is_a_problem(settings, check, name, address):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        there = with_(settings, **{name: address.format(port=port)})
        assert levels(check(there)) == {"ok"}
    (found,) = check(there)
    assert found.level == "problem"
    assert "secret" not in found.what + found.remedy


def test_without_servers_there_is_nothing_to_reach(settings):
    assert list(postgres(settings)) == []
    assert levels(engine(settings)) == {"ok"}
