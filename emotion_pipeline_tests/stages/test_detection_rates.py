from dataclasses import replace

import pyarrow as pa
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.detection_rates import rates_table
from emotion_pipeline_tests.lake.tables_made_up import samples as samples_made_up
from emotion_pipeline_tests.lake.tables_made_up import write

DATASET = replace(get_dataset("fer2013"), n_buckets=2)


@pytest.fixture
def rates(tmp_path):
    """The rates of samples `face-0`, `face-1`, ... with these emotions, of which some are found."""
    workspace = Workspace(Settings(lake=tmp_path / "lake"))

    def made(emotions, found):
        rows = samples_made_up({f"face-{number}": number for number in range(len(emotions))})
        place = rows.schema.get_field_index("emotion")
        rows = rows.set_column(place, rows.schema.field("emotion"), pa.array(emotions, pa.string()))
        write(workspace.samples(DATASET), rows)
        return rates_table(workspace, DATASET, found).to_pylist()

    return made


def test_each_emotion_has_its_share_of_faces_found(rates):
    emotions = ["happiness"] * 4 + ["fear"] * 2
    found = {f"face-{number}": number in (0, 1, 2, 4) for number in range(6)}
    by_emotion = {row["emotion"]: row for row in rates(emotions, found)}
    assert {name: (row["n"], row["n_found"]) for name, row in by_emotion.items()} == {
        "happiness": (4, 3),
        "fear": (2, 1),
    }
    assert by_emotion["happiness"]["found_score"] == 0.75
    low, high = wilson_interval(3, 4)
    assert by_emotion["happiness"]["low"] == pytest.approx(low)
    assert by_emotion["happiness"]["high"] == pytest.approx(high)


def test_pictures_that_nothing_is_said_of_count_as_not_found(rates):
    (row,) = rates(["fear"] * 3, {"face-1": True})
    assert (row["n"], row["n_found"]) == (3, 1)


def test_names_of_other_pictures_do_not_count(rates):
    (row,) = rates(["fear"] * 2, {"face-0": True, "face-0#001": True, "other": True})
    assert (row["n"], row["n_found"]) == (2, 1)


def test_pictures_without_an_emotion_stand_last_under_a_name_of_their_own(rates):
    rows = rates([None, "sadness", "anger"], {"face-0": True})
    assert [row["emotion"] for row in rows] == ["sadness", "anger", "none"]
    assert [row["n_found"] for row in rows] == [0, 0, 1]


def test_without_samples_there_are_no_rows(rates):
    assert rates([], {}) == []
