"""The command `champion`, over a record that is in the lake."""

import pytest
from click.testing import CliRunner

from emotion_pipeline.cli import main
from emotion_pipeline.metrics.promotion import Comparison
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import champion_files
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.champion_files import (
    LOST_PICTURES,
    Entrant,
    Record,
    Refusal,
    Score,
)

GROUP = "ferplus_fer2013_eight_emotions"
SCORE = Score(100, 0.8, 0.71, 0.87)
CHAMPION = Entrant("ferplus_cnn5", 2, "weights", False, 0.79, SCORE, SCORE, SCORE)
NOTE = {"at": "2030-01-02", "decision": "promoted", "why": "the first one", "comparison": None}


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", str(tmp_path))

    def command(*arguments):
        result = CliRunner().invoke(main, ["champion", *arguments])
        return result.exit_code, result.output

    return command


@pytest.fixture
def written(tmp_path):
    """Put a record into the lake."""

    def write(**values):
        model = {"recipe": "ferplus_cnn5", "seed": 2, "test": {"accuracy_score": 0.8}}
        record = Record(champion=CHAMPION, history=({**NOTE, "model": model},), **values)
        target = champion_files.artifact(Workspace(Settings(lake=tmp_path)), GROUP)
        champion_files.write(target, record, "inputs", "code")

    return write


def test_without_any_champion_every_group_is_named(call):
    code, output = call()
    assert code == 0
    assert f"{GROUP}: none yet" in output


def test_a_champion_is_shown_with_its_history(call, written):
    written()
    code, output = call(GROUP)
    assert code == 0
    assert "ferplus_cnn5, seed 2" in output
    assert "validation 80.0% (71.0% to 87.0%, n = 100); mean over seeds 79.0%" in output
    assert "2030-01-02  promoted  ferplus_cnn5 seed 2, test 80.0%; the first one" in output


def test_a_refused_candidate_is_said_and_makes_the_exit_code_1(call, written):
    comparison = Comparison(100, 80, 60, 25, 5, 0.0002)
    written(refusal=Refusal(CHAMPION, comparison, LOST_PICTURES.empty_table()))
    code, output = call()
    assert code == 1
    assert "80.0% before and 60.0% now" in output
    assert f"champion {GROUP} --accept --reason" in output


@pytest.mark.parametrize(
    "arguments", [["--accept"], [GROUP, "--accept"], [GROUP, "--reason", "because"]]
)
def test_to_accept_takes_the_group_and_a_reason(call, arguments):
    code, output = call(*arguments)
    assert code == 2
    assert "GROUP, --accept and --reason" in output


def test_where_nothing_was_refused_nothing_can_be_accepted(call, written):
    written()
    code, output = call(GROUP, "--accept", "--reason", "because")
    assert code == 1
    assert "no candidate was refused" in output


def test_an_unknown_group_is_answered_with_the_nearest(call):
    code, output = call("ferplus_fer2013_eigth_emotions")
    assert code == 1
    assert GROUP in output
