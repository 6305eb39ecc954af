"""Which rows may be learned from, and which may judge what was learned."""

from typing import Any

import pyarrow as pa
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import learned_rows, training_rows
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline_tests.stages import made_up_recordings
from emotion_pipeline_tests.training import tiny


@pytest.fixture
def workspace(tmp_path):
    return Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path / "raw"))


def _put(workspace: Workspace, name: str, rows: list[dict[str, Any]]) -> None:
    """Samples of a dataset, all in its first bucket; what is not said is null, or no vote."""
    dataset = get_dataset(name)
    blank = {field.name: 0 for field in dataset.schema if field.name.startswith("votes_")}
    for bucket in range(dataset.n_buckets):
        given = [
            {"sample_id": f"x-{number}", "input_digest": bytes(16), **blank, **row}
            for number, row in enumerate(rows if bucket == 0 else [])
        ]
        table = pa.Table.from_pylist(given, schema=dataset.schema)
        workspace.samples(dataset).write(bucket, [table], "inputs", "code")


def _recipe(labels: str, **data: Any) -> Recipe:
    pictures = "fer2013" if labels == "ferplus" else labels
    return tiny.recipe(data={"labels": labels, "pictures": pictures, **data})


def test_labels_that_a_network_gave_are_not_learned_from(workspace):
    rows = [
        {"split": "train", "emotion": "fear", "annotation": annotation}
        for annotation in ("manual", "automatic", None)
    ]
    _put(workspace, "affectnet", rows)
    found = training_rows.labelled(workspace, _recipe("affectnet"), "train")
    assert found.column("sample_id").tolist() == ["x-0", "x-2"]


@pytest.mark.parametrize(("n_neutral", "n_surprise", "is_learned"), [(5, 5, True), (6, 4, False)])
def test_votes_mostly_outside_the_label_space_are_not_learned_from(
    workspace, n_neutral, n_surprise, is_learned
):
    votes = {"votes_neutral": n_neutral, "votes_surprise": n_surprise}
    _put(workspace, "ferplus", [{"split": "train", **votes}])
    recipe = _recipe("ferplus", label_space="six_emotions", vote_rule="distribution")
    assert len(training_rows.labelled(workspace, recipe, "train").targets) == is_learned


def test_a_picture_that_is_learned_from_validates_nothing(tmp_path):
    workspace = made_up_recordings.workspace_in(tmp_path)
    recipe = made_up_recordings.recipe()
    (before,) = learned_rows.all_parts(workspace, recipe)
    splits = dict(zip(before.sample_ids, before.found.column("split"), strict=True))
    digests = dict(zip(before.sample_ids, before.picture_digests, strict=True))
    copied, learned = (
        next(name for name in splits if splits[name] == split) for split in ("validation", "train")
    )
    faces = workspace.pictures("faces", made_up_recordings.DATASET)
    for bucket in range(made_up_recordings.DATASET.n_buckets):
        rows = faces.read(bucket)
        own = [
            digests[learned] if name == copied else digest
            for name, digest in zip(
                rows["sample_id"].to_pylist(), rows["image_digest"].to_pylist(), strict=True
            )
        ]
        place = rows.column_names.index("image_digest")
        column = pa.array(own, rows.schema.field(place).type)
        faces.write(bucket, [rows.set_column(place, "image_digest", column)], "inputs", "code")
    (after,) = learned_rows.all_parts(workspace, recipe)
    assert set(before.sample_ids) - set(after.sample_ids) == {copied}
