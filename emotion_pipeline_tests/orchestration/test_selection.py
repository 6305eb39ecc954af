"""What a selection holds: what was asked for, exactly what that follows from, and nothing else."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.lake.receipts import Receipt
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Needs, Stage, Workspace
from emotion_pipeline.stages.graph import build_graph
from emotion_pipeline.training.recipe_files import load_all

PHOTOS = ("jpeg-1", "jpeg-2", "old_photo-1", "old_photo-2")
ORIGINAL = "original"


def stage(key, *needs, partitions=(), by_default=None):
    return Stage(
        key, "", "", needs, None, None, "part", partitions=partitions, by_default=by_default
    )


GRAPH = [
    stage("samples/x", Needs("raw/x")),
    stage("faces/x", Needs("samples/x")),
    stage("degraded/x", Needs("faces/x"), partitions=PHOTOS, by_default=()),
    stage(
        "landmarks/x",
        Needs("faces/x"),
        Needs("degraded/x", PHOTOS, same_partition=True),
        partitions=(ORIGINAL, *PHOTOS),
        by_default=(ORIGINAL,),
    ),
    stage("models/y", Needs("degraded/x", ("jpeg-1",)), partitions=("1", "2")),
    stage("reports/z", Needs("models/y")),
]
EVERYTHING = {
    "samples/x": (None,),
    "faces/x": (None,),
    "degraded/x": ("jpeg-1",),
    "landmarks/x": (ORIGINAL,),
    "models/y": ("1", "2"),
    "reports/z": (None,),
}


def pipeline_in(lake, graph=GRAPH):
    return Pipeline(Settings(lake=lake), {}, {one.key: one for one in graph})


@pytest.fixture
def pipeline(tmp_path):
    return pipeline_in(tmp_path)


def note_as_made(pipeline, key, partition):
    receipts = Workspace(pipeline.settings).lake.receipts
    receipts.write(key, partition, Receipt("version", "code", {}))


def test_everything_is_what_is_made_by_default_and_what_others_need(pipeline):
    assert select(pipeline, []) == EVERYTHING


def test_what_makes_do_with_any_of_its_needs_asks_for_none_on_demand(tmp_path):
    models = (
        stage("models/a", partitions=("1", "2"), by_default=()),
        stage("models/b", partitions=("1",)),
    )
    edges = (Needs("models/a"), Needs("models/b"))
    report = replace(stage("reports/z", *edges), needs_any=True)
    pipeline = pipeline_in(tmp_path, [*models, report])
    expected = {"models/b": ("1",), "reports/z": (None,)}
    assert select(pipeline, ["reports/*"]) == expected
    assert select(pipeline, []) == expected | {"models/a": ()}
    note_as_made(pipeline, "models/a", "2")
    assert select(pipeline, ["reports/*"]) == expected | {"models/a": ("2",)}


def test_a_stage_of_which_nothing_is_wanted_is_known_to_everything(tmp_path):
    found = select(pipeline_in(tmp_path, GRAPH[:3]), [])
    assert found["degraded/x"] == ()


def test_what_was_made_before_stays_wanted_with_what_it_needs(pipeline):
    note_as_made(pipeline, "landmarks/x", "old_photo-2")
    assert select(pipeline, []) == EVERYTHING | {
        "degraded/x": ("jpeg-1", "old_photo-2"),
        "landmarks/x": (ORIGINAL, "old_photo-2"),
    }


def test_a_receipt_of_a_partition_that_is_gone_is_overlooked(pipeline):
    note_as_made(pipeline, "degraded/x", "fog-1")
    assert select(pipeline, []) == EVERYTHING


def test_what_was_made_before_is_not_wanted_by_a_selection_of_something_else(pipeline):
    note_as_made(pipeline, "degraded/x", "old_photo-2")
    assert select(pipeline, ["models/*"])["degraded/x"] == ("jpeg-1",)


def test_a_key_without_brackets_means_all_its_partitions_and_only_what_they_follow_from(pipeline):
    assert select(pipeline, ["degraded/*"]) == {
        "samples/x": (None,),
        "faces/x": (None,),
        "degraded/x": PHOTOS,
    }


@pytest.mark.parametrize(
    ("pattern", "degraded", "landmarks"),
    [
        ("landmarks/x[old_photo-*]", PHOTOS[2:], PHOTOS[2:]),
        ("landmarks/x[jpeg-1, old_photo-2]", ("jpeg-1", "old_photo-2"), ("jpeg-1", "old_photo-2")),
        ("landmarks/*[*-[12]]", PHOTOS, PHOTOS),
        ("landmarks/x", PHOTOS, (ORIGINAL, *PHOTOS)),
    ],
)
def test_only_the_partitions_that_are_needed_above_are_selected(
    pipeline, pattern, degraded, landmarks
):
    assert select(pipeline, [pattern]) == {
        "samples/x": (None,),
        "faces/x": (None,),
        "degraded/x": degraded,
        "landmarks/x": landmarks,
    }


def test_a_partition_that_needs_none_of_an_asset_leaves_it_out(pipeline):
    assert "degraded/x" not in select(pipeline, ["landmarks/x[original]"])


def test_a_partition_pattern_takes_every_asset_that_has_such_a_partition(pipeline):
    found = select(pipeline, ["*[jpeg-2]"])
    assert found["degraded/x"] == found["landmarks/x"] == ("jpeg-2",)
    assert "models/y" not in found


def test_patterns_add_up(pipeline):
    found = select(pipeline, ["models/y[2]", "degraded/x[old_photo-1]"])
    assert found["models/y"] == ("2",)
    assert found["degraded/x"] == ("jpeg-1", "old_photo-1")


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("landmark/x", "no asset matches 'landmark/x'.*'landmarks/x'"),
        ("raw/x", "no asset matches 'raw/x'"),
        ("landmark/x[original]", "no asset matches 'landmark/x'.*'landmarks/x'"),
        ("degraded/x[jpg-1]", "no partition of degraded/x matches 'jpg-1'.*'jpeg-1'"),
        ("degraded/x[jpeg-1, old_foto-*]", "matches 'old_foto-\\*'.*'old_photo-1'"),
        ("degraded/x[]", "no partition of degraded/x matches ''"),
        ("degraded/x[jpeg-1", "no asset matches 'degraded/x\\[jpeg-1'.*'degraded/x'"),
        ("samples/x[original]", "leave the brackets out"),
    ],
)
def test_what_matches_nothing_is_answered_with_the_nearest(pipeline, pattern, answer):
    with pytest.raises(KeyError, match=answer):
        select(pipeline, [pattern])


@given(names=st.lists(st.sampled_from(PHOTOS), min_size=1), space=st.sampled_from(["", " "]))
def test_partitions_in_the_notation_of_status_are_selected(names, space, tmp_path_factory):
    pipeline = pipeline_in(tmp_path_factory.getbasetemp())
    found = select(pipeline, [f"degraded/x[{f',{space}'.join(names)}]"])
    assert found["degraded/x"] == tuple(name for name in PHOTOS if name in names)


@given(st.one_of(st.text(), st.text("degr/x[]*?!-,1p"), st.from_regex(r"degraded/x\[.*\]")))
def test_any_text_selects_something_or_matches_nothing(tmp_path_factory, pattern):
    pipeline = pipeline_in(tmp_path_factory.getbasetemp())
    with suppress(KeyError):
        assert all(select(pipeline, [pattern]).values())


@pytest.mark.parametrize(
    "registered", build_graph(all_datasets(), load_all(), Settings()), ids=lambda one: one.key
)
def test_what_is_made_by_default_is_a_partition_of_its_stage(registered):
    assert set(registered.by_default or ()) <= set(registered.partitions)
