"""Which rows may be learned from, and which may judge what was learned."""

from typing import Any

import pyarrow as pa
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.schema import PICTURES
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import labelled_rows, learned_rows
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.training_rows import Seen
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


def _put_pictures(workspace: Workspace, name: str, digests: dict[str, bytes]) -> None:
    """Faces with digests and without pixels, all in the first bucket."""
    dataset = get_dataset(name)
    for bucket in range(dataset.n_buckets):
        rows = [
            {"sample_id": sample_id, "input_digest": bytes(16), "image_digest": digest}
            for sample_id, digest in (digests.items() if bucket == 0 else ())
        ]
        table = pa.Table.from_pylist(rows, schema=PICTURES)
        workspace.pictures("faces", dataset).write(bucket, [table], "inputs", "code")


def _recipe(labels: str, **data: Any) -> Recipe:
    pictures = "fer2013" if labels == "ferplus" else labels
    return tiny.recipe(data={"labels": labels, "pictures": pictures, **data})


def test_labels_that_a_network_gave_are_not_learned_from(workspace):
    rows = [
        {"split": "train", "emotion": "fear", "annotation": annotation}
        for annotation in ("manual", "automatic", None)
    ]
    _put(workspace, "affectnet", rows)
    found = labelled_rows.labelled(workspace, _recipe("affectnet"), "train")
    assert found.column("sample_id").tolist() == ["x-0", "x-2"]


def test_a_copy_of_a_training_picture_validates_nothing_whoever_labelled_that(workspace):
    rows = [
        {"split": split, "emotion": "anger", "annotation": annotation}
        for split, annotation in (
            ("train", "automatic"),
            ("train", "manual"),
            ("validation", "manual"),
            ("validation", "manual"),
        )
    ]
    _put(workspace, "affectnet", rows)
    digests = {f"x-{n}": bytes([picture]) * 16 for n, picture in enumerate((0, 1, 0, 2))}
    _put_pictures(workspace, "affectnet", digests)
    found = labelled_rows.labelled(workspace, _recipe("affectnet"), "validation")
    assert found.column("sample_id").tolist() == ["x-3"]


@pytest.mark.parametrize(("n_neutral", "n_surprise", "is_learned"), [(5, 5, True), (6, 4, False)])
def test_votes_mostly_outside_the_label_space_are_not_learned_from(
    workspace, n_neutral, n_surprise, is_learned
):
    votes = {"votes_neutral": n_neutral, "votes_surprise": n_surprise}
    _put(workspace, "ferplus", [{"split": "train", **votes}])
    recipe = _recipe("ferplus", label_space="six_emotions", vote_rule="distribution")
    assert len(labelled_rows.labelled(workspace, recipe, "train").targets) == is_learned


def test_every_row_that_is_left_out_has_its_reason(workspace):
    def row(split: str, emotion: str | None, **votes: int) -> dict[str, Any]:
        return {"split": split, "emotion": emotion, **{f"votes_{n}": k for n, k in votes.items()}}

    rows = [
        *(row("train", "fear", fear=9, happiness=1) for _ in range(5)),
        row("train", None, fear=5, happiness=5),
        row("train", None, unknown=10),
        row("train", "contempt", contempt=10),
        row("validation", None, fear=5, happiness=5),
        row("validation", "fear", fear=10),
        row("test", None, unknown=10),
    ]
    _put(workspace, "ferplus", rows)
    _put_pictures(workspace, "fer2013", {f"x-{n}": bytes([n]) * 16 for n in range(1, len(rows))})
    recipe = _recipe(
        "ferplus", label_space="seven_emotions", vote_rule="majority", at_most_per_class=3
    )
    parts = learned_rows.all_parts(workspace, recipe)
    assert learned_rows.unused(workspace, recipe, parts) == {
        "train": {
            labelled_rows.NO_FACE: 1,
            labelled_rows.OUTSIDE: 1,
            labelled_rows.SURPLUS: 1,
            labelled_rows.UNDECIDED: 2,
        },
        "validation": {labelled_rows.UNDECIDED: 1},
    }
    (part,) = parts
    assert sorted(part.found.column("split")) == ["train"] * 3 + ["validation"]


def test_a_picture_that_is_learned_from_validates_nothing(tmp_path):
    workspace = made_up_recordings.workspace_in(tmp_path)
    recipe = made_up_recordings.recipe()
    (before,) = learned_rows.all_parts(workspace, recipe)
    assert labelled_rows.COPY_OF_TRAINING not in _unused(workspace, recipe, before)
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
    assert _unused(workspace, recipe, after)[labelled_rows.COPY_OF_TRAINING] == 1


def _unused(workspace: Workspace, recipe: Recipe, part: Seen) -> dict[str, int]:
    """Validation rows that are left out, by the reason why."""
    return learned_rows.unused(workspace, recipe, [part])["validation"]
