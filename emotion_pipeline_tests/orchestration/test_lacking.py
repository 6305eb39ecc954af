"""What cannot be had from outside, such as model files: its branch waits, nothing has failed."""

from dataclasses import replace

import pytest

from emotion_pipeline.orchestration.console import print_summary
from emotion_pipeline.orchestration.refresh import refresh
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.stages.base import Lacking
from emotion_pipeline_tests.orchestration.small import made

REASON = "model.onnx is not there: get it from its publisher"
GRAY, PREDICTIONS = "grayscale/fer2013", "predictions/ferplus_cnn5_tiny"


class Outside:
    """Model files that are there or not; counts how often it is asked for them."""

    def __init__(self, is_there):
        self.is_there, self.n_asked = is_there, 0

    def prepare(self, workspace):
        self.n_asked += 1
        if not self.is_there:
            raise Lacking(REASON)


@pytest.fixture
def refreshed(small):
    """Refresh a graph in which gray pictures and duplicates take something from outside."""

    def run(outside):
        pipeline = small.pipeline()
        prepare = outside.prepare
        graph = {
            key: replace(stage, prepare=prepare) if key in (GRAY, "duplicates/fer2013") else stage
            for key, stage in pipeline.graph.items()
        }
        pipeline = replace(pipeline, graph=graph)
        return refresh(pipeline, small.instance, select(pipeline, []))

    return run


def test_only_the_branch_waits_and_the_refresh_has_not_failed(refreshed, small, capsys):
    outside = Outside(is_there=False)
    outcome = refreshed(outside)
    assert outcome.succeeded
    assert outcome.lacking[GRAY] == outcome.lacking[PREDICTIONS] == REASON
    assert not {GRAY, PREDICTIONS, "duplicates/fer2013"} & made(outcome).keys()
    assert "models/ferplus_cnn5_tiny" in made(outcome)
    print_summary(outcome, small.settings)
    printed = capsys.readouterr().out
    assert printed.count(REASON) == 1
    assert GRAY in printed
    assert PREDICTIONS in printed


def test_it_is_asked_for_once_however_many_stages_want_it(refreshed, small):
    small.recipes = {}
    outside = Outside(is_there=False)
    refreshed(outside)
    assert outside.n_asked == 1


def test_once_it_is_there_the_branch_is_made(refreshed, small):
    small.recipes = {}
    refreshed(Outside(is_there=False))
    outcome = refreshed(Outside(is_there=True))
    assert outcome.succeeded
    assert not outcome.lacking
    assert {GRAY, "duplicates/fer2013"} <= made(outcome).keys()


def test_what_is_made_already_asks_for_nothing(refreshed, small):
    small.recipes = {}
    refreshed(Outside(is_there=True))
    outside = Outside(is_there=False)
    outcome = refreshed(outside)
    assert not outcome.lacking
    assert outside.n_asked == 0
