"""`emotion-pipeline doctor` and `gc` as a user calls them."""

import json
import os

import click
import pytest
from click.testing import CliRunner

from emotion_pipeline.cli import Commands
from emotion_pipeline.lake.object_store import StoreFailed
from emotion_pipeline_tests.commands import caller


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """The exit code and what is printed, with a lake and records of its own."""
    for name in [name for name in os.environ if "EMOTION_PIPELINE" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("EMOTION_PIPELINE_DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOTION_PIPELINE_WORKERS", "1")
    monkeypatch.setenv("DAGSTER_HOME", "")
    return caller(monkeypatch, capfd)


def test_the_doctor_says_a_line_per_finding_and_fails_only_for_problems(call, monkeypatch):
    code, output = call("doctor")
    assert code == 0
    assert all(line.split()[0] in {"ok", "warning"} for line in output.splitlines())
    monkeypatch.setenv("EMOTION_PIPELINE_POSTGRES_URL", "postgresql://me:secret@127.0.0.1:1/x")
    code, output = call("doctor")
    assert code == 1
    (line,) = (line for line in output.splitlines() if line.startswith("problem"))
    assert "127.0.0.1:1" in line
    assert " - " in line
    assert "secret" not in output


def test_the_doctor_speaks_to_machines(call):
    code, output = call("doctor", "--json")
    found = json.loads(output)
    assert code == 0
    assert {tuple(one) for one in found} == {("check", "level", "what", "remedy")}
    assert {one["level"] for one in found} <= {"ok", "warning"}


def test_gc_names_orphans_and_removes_them_when_asked_to(call, tmp_path):
    orphan = tmp_path / "lake" / "models" / "gone" / "seed=1" / "weights"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(bytes(2_000_000))
    code, output = call("gc")
    assert code == 0
    assert "2.0 MB  orphans (kept; --orphans removes them)" in output
    assert output.endswith("freed 0.0 MB\n")
    _, output = call("gc", "--orphans", "--dry-run")
    assert output.endswith("would free 2.0 MB\n")
    assert orphan.is_file()
    _, output = call("gc", "--orphans")
    assert output.endswith("freed 2.0 MB\n")
    assert not orphan.exists()


@pytest.mark.parametrize("age", ["soon", "30", "d", "-1d", "1w"])
def test_an_age_that_is_none_is_refused_in_words(call, age):
    code, output = call("gc", "--older-than", age)
    assert code == 2
    assert "30d or 12h" in output


def test_a_store_that_does_not_answer_is_said_in_words():
    @click.group(cls=Commands)
    def group():
        pass

    @group.command()
    def ask():
        raise StoreFailed("s3://bucket does not answer")

    @group.command()
    def stumble():
        raise RuntimeError("a fault of ours")

    said = CliRunner().invoke(group, ["ask"])
    assert said.exit_code == 1
    assert said.output == "Error: s3://bucket does not answer\n"
    assert isinstance(CliRunner().invoke(group, ["stumble"]).exception, RuntimeError)
