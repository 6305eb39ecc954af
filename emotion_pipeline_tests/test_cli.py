"""The command line as a user runs it: in processes of its own where they are killed, meet one
another or have a terminal, else in this one, which has imported already what takes a new one
seconds."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from emotion_pipeline_tests.commands import caller

HEAVY = (
    *("torch", "tensorflow", "great_expectations", "mediapipe", "matplotlib"),
    *("sklearn", "scipy", "pandas", "dagster"),
)
COMMAND = (sys.executable, "-m", "emotion_pipeline")


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    """Of this process and those that it starts: a lake and an instance of Dagster of their own."""
    for name in [name for name in os.environ if "EMOTION_PIPELINE" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("EMOTION_PIPELINE_DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOTION_PIPELINE_ENGINE", "sequential")


def start(*arguments):
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def start_until(text, *arguments):
    """A process that has printed a line with this text and goes on."""
    process = start(*arguments)
    assert any(text in line for line in process.stdout)
    return process


def run(*arguments):
    process = start(*arguments)
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """As `run`, in this process; what would end it with a traceback fails the test."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))  # else commands would leave it set
    return caller(monkeypatch, capfd)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Raw files of 60 drawn faces and of their votes; only for reading."""
    folder = tmp_path_factory.mktemp("raw")
    code, output = run("sample", str(folder), "fer2013", "ferplus", "--n", "60")
    assert code == 0, output
    return folder


@pytest.fixture
def lake(tmp_path, raw):
    shutil.copytree(raw, tmp_path / "lake" / "raw")
    return tmp_path / "lake"


@pytest.mark.parametrize(
    ("what", "allowed"),
    [
        ("from emotion_pipeline.cli import main; main(['--help'], standalone_mode=False)", []),
        ("import emotion_pipeline.definitions", ["dagster"]),
    ],
    ids=["help", "definitions"],
)
def test_what_only_runs_need_is_not_imported_before(what, allowed):
    code = f"import sys; {what}; print([name for name in {HEAVY} if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.splitlines()[-1] == str(allowed)


def test_status_makes_nothing_and_names_what_refresh_makes(lake, call):
    code, output = call("status", "grayscale/fer2013")
    assert code == 0
    assert "3 of 3 asset partitions are missing or stale" in output
    assert "grayscale/fer2013: never made" in output
    assert not (lake / "samples").exists()


def test_refresh_says_what_and_why_then_does_it_and_then_nothing(lake, call):
    code, output = run("refresh", "grayscale/fer2013")
    assert code == 0, output
    assert output.index("grayscale/fer2013: never made") < output.index("✓ samples/fer2013")
    assert "3 asset partitions made" in output
    code, output = call("refresh", "grayscale/fer2013")
    assert code == 0
    assert "0 of 3 asset partitions" in output
    assert "nothing to do" in output


def test_a_terminal_shows_the_buckets_of_a_running_asset_in_place(lake):
    keyboard, screen = os.openpty()
    process = subprocess.Popen([*COMMAND, "refresh", "samples/fer2013"], stdout=screen)
    os.close(screen)
    shown = b""
    with suppress(OSError):  # Linux says so where nobody has the terminal open any more
        while some := os.read(keyboard, 4096):
            shown += some
    os.close(keyboard)
    assert process.wait() == 0
    assert "\r\033[K… samples/fer2013 16/16 buckets\r\033[K" in shown.decode()


def test_two_refreshes_at_once_wait_for_each_other(lake):
    processes = [start("refresh", "samples/fer2013") for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    made = sum(output.count("✓ samples/fer2013") for output in outputs)
    assert made == 1


def test_a_killed_refresh_is_finished_by_the_next(lake, call):
    some = "degraded/fer2013[jpeg-*]"
    process = start_until("✓ degraded/fer2013[jpeg-2]", "refresh", some)
    process.send_signal(signal.SIGKILL)
    process.wait()
    code, output = call("refresh", some)
    assert code == 0, output
    assert "✓ degraded/fer2013[jpeg-2]" not in output
    assert "✓ degraded/fer2013[jpeg-5]" in output
    code, output = call("status", some)
    assert output.startswith("0 of 7 asset partitions are missing or stale")


def test_an_interrupted_refresh_stops_at_once_and_its_training_goes_on_with_the_next(
    lake, call, monkeypatch
):
    monkeypatch.setenv("EMOTION_PIPELINE_RECIPES", "ferplus_cnn5_small")
    follows = "predictions/ferplus_cnn5_small[original]"
    process = start_until("epoch 2 of 12", "refresh", follows)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "epoch 12 of 12" not in output
    assert "✓ predictions" not in output
    code, output = call("refresh", follows)
    assert code == 0, output
    assert "epoch 1 of 12" not in output
    assert "epoch 12 of 12" in output
    assert "✓ predictions" in output


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("greyscale/fer2013", "'grayscale/fer2013'"), ("degraded/fer2013[jpg-1]", "'jpeg-1'")],
)
def test_a_wrong_selection_is_answered_with_the_nearest(call, wrong, nearest):
    for command in ("refresh", "status"):
        code, output = call(command, wrong)
        assert code == 1
        assert nearest in output


@pytest.mark.parametrize("selection", [(), ("samples/fer2013",)])
def test_missing_raw_files_say_where_to_put_what(call, tmp_path, selection):
    code, output = call("refresh", *selection)
    assert code == 0
    assert str(tmp_path / "lake" / "raw" / "fer2013") in output
    assert "fer2013.csv" in output


def test_sample_does_not_write_over_real_files(tmp_path, call):
    folder = tmp_path / "raw" / "fer2013"
    folder.mkdir(parents=True)
    (folder / "fer2013.csv").write_text("mine")
    code, output = call("sample", str(tmp_path / "raw"), "--n", "20")
    assert code == 1
    assert "--force" in output
    assert (folder / "fer2013.csv").read_text() == "mine"


def test_a_wrong_setting_is_named_without_a_traceback(monkeypatch):
    monkeypatch.setenv("EMOTION_PIPELINE_ENGINE", "steam")
    code, output = run("status")
    assert code == 1
    assert "engine" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("train", "ferplus_cnn"), "ferplus_cnn5"),
        (("train", "ferplus_deepface"), "only tested: emotion-pipeline refresh predictions/"),
        (("train", "ferplus_cnn5", "--seed", "9"), "no seed 9; its seeds are 1, 2, 3"),
        (("train", "ferplus_cnn5_small"), "refresh models/ferplus_cnn5_small makes all"),
        (("export", "ferplus_cnn5", "--seed", "9"), "no seed 9"),
        (("export", "darkface_faster_rcnn"), "only emotion models of one's own"),
    ],
    ids=" ".join,
)
def test_a_model_that_cannot_be_had_is_answered_with_what_to_do(call, words, answer):
    code, output = call(*words)
    assert code == 1
    assert answer in output


def test_sources_lists_every_dataset_with_what_is_to_be_done(lake, call):
    code, output = call("sources")
    assert code == 0
    for name, state in {"fer2013": "drawn", "ferplus": "drawn", "kdef": "absent"}.items():
        assert [line.split()[1] for line in output.splitlines() if line.startswith(f"{name} ")] == [
            state
        ]
    assert "fer2013: not read yet: emotion-pipeline refresh samples/fer2013" in output
    assert str(lake / "raw" / "KDEF") in output
    assert "https://kdef.se" in output


def test_a_dataset_that_has_to_be_asked_for_is_not_fetched_but_says_where_it_is(call):
    code, output = call("fetch", "kdef")
    assert code == 1
    assert "https://kdef.se" in output


def test_an_unknown_dataset_is_answered_with_the_nearest(call):
    for command in ("sources", "fetch"):
        code, output = call(command, "kdeff")
        assert code == 1
        assert "'kdef'" in output
