"""Trainings that follow from more than pictures and labels: meshes, folds, other models."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from emotion_pipeline.digests import combined
from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.stages import (
    first_weights,
    labelled_rows,
    learned_rows,
    model_folders,
    models,
    pictures,
    predictions,
    teaching,
    training_rows,
)
from emotion_pipeline.stages.base import Lacking
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.weights import load
from emotion_pipeline_tests.stages import made_up_recordings

SPLITS = ("train", "validation", "test")

LEFT_OUT = {"labels": "personal", "pictures": "personal", "inputs": ["blendshapes"]} | {
    "leave_out": "take_id"
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return made_up_recordings.workspace_in(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def teacher(workspace):
    recipe = made_up_recordings.recipe()
    models.train(workspace, "teacher", recipe, 1, {})
    return recipe


@pytest.fixture(scope="module")
def left_out(workspace):
    recipe = made_up_recordings.recipe(data=LEFT_OUT, keep="last")
    models.train(workspace, "left_out", recipe, 1, {})
    predictions.make(workspace, "left_out", recipe, "original")
    return recipe


def _table(workspace, name, recipe) -> Table:
    return predictions.table(workspace, name, recipe, "original", 1)


def _meta(workspace, name) -> dict:
    return json.loads((model_folders.artifact(workspace, name, 1).folder / "meta.json").read_text())


def test_rows_without_a_mesh_are_learned_from_predicted_and_counted(workspace, teacher):
    predictions.make(workspace, "teacher", teacher, "original")
    rows = _table(workspace, "teacher", teacher).read(0)
    found = labelled_rows.labelled(workspace, teacher, "train", "validation", "test")
    part = training_rows.seen(workspace, teacher, found, "original")
    missing = np.isnan(part.features[:, 0])
    split = part.found.column("split")
    assert missing.any()
    assert not missing.all()
    assert rows.num_rows == (split != "train").sum()
    assert np.isfinite(rows["p_fear"].to_numpy()).all()
    learned = _meta(workspace, "teacher")
    assert learned["n_rows_without_landmarks"] == missing[split != "test"].sum()


def test_every_take_is_predicted_by_the_weights_that_have_not_seen_it(workspace, left_out):
    found = labelled_rows.labelled(workspace, left_out, *SPLITS)
    part = training_rows.seen(workspace, left_out, found, "original")
    rows = _table(workspace, "left_out", left_out).read(0).sort_by("sample_id")
    assert rows["sample_id"].to_pylist() == part.sample_ids
    assert set(rows["split"].to_pylist()) == {"test"}
    folder = model_folders.artifact(workspace, "left_out", 1).folder
    takes = part.found.column("take_id")
    said = np.stack([rows[f"p_{emotion}"].to_numpy() for emotion in left_out.emotions], axis=1)
    assert len(list((folder / models.FOLDS).iterdir())) == len(set(takes))
    assert _meta(workspace, "left_out")["n_training_rows"] == len(part)  # the model of all takes
    for take in sorted(set(takes)):
        own = takes == take
        network, meta = load(folder / models.fold_folder(take))
        expected = predict(network, left_out, (part.features[own],), "cpu")
        assert meta["left_out"] == take
        assert np.allclose(said[own], expected, atol=1e-6)


def test_the_weights_of_a_fold_do_not_depend_on_the_take_that_is_left_out(
    workspace, left_out, tmp_path
):
    found = labelled_rows.labelled(workspace, left_out, *SPLITS)
    take = sorted(set(found.column("take_id")))[0]
    folder = model_folders.artifact(workspace, "left_out", 1).folder
    before = load_file(folder / models.fold_folder(take) / "weights.safetensors")
    other = made_up_recordings.workspace_in(tmp_path)
    for picture in sorted(other.settings.raw_root.glob("personal/*/*.jpg")):
        person, number, _ = picture.stem.split("_")
        if f"{person}-{number}" == take:
            picture.unlink()
    for bucket in range(made_up_recordings.DATASET.n_buckets):  # as if it had never been there
        table = other.samples(made_up_recordings.DATASET)
        rows = table.read(bucket)
        kept = np.array(rows["take_id"].to_pylist(), dtype=object) != take
        table.write(bucket, [rows.filter(kept)], "inputs", "code")
    recipe = left_out.model_copy(
        update={"data": left_out.data.model_copy(update={"leave_out": None})}
    )
    parts = [
        training_rows.seen(
            other,
            recipe,
            labelled_rows.labelled(other, recipe, *SPLITS),
            "original",
        )
    ]
    after = _trained_on(parts[0], left_out, tmp_path / "work")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def _trained_on(part, recipe, folder) -> dict[str, torch.Tensor]:
    from emotion_pipeline.training.data import TrainingData
    from emotion_pipeline.training.fit import fit
    from emotion_pipeline.training.trainer import Hardware

    data = TrainingData(part.found.targets, None, part.features)
    result = fit(recipe, 1, data, data, folder, identity="alone", hardware=Hardware("cpu"))
    return result.state_dict


def test_one_take_alone_is_refused(workspace, left_out):
    found = labelled_rows.labelled(workspace, left_out, *SPLITS)
    part = training_rows.seen(workspace, left_out, found, "original")
    takes = part.found.column("take_id")
    with pytest.raises(ValueError, match="nothing is left to learn from"):
        learned_rows.left_out(left_out, [part.take(takes == takes[0])])


def test_more_takes_than_anybody_waits_for_are_refused(workspace, left_out, monkeypatch):
    monkeypatch.setattr(learned_rows, "MOST_GROUPS", 2)
    found = labelled_rows.labelled(workspace, left_out, *SPLITS)
    part = training_rows.seen(workspace, left_out, found, "original")
    with pytest.raises(ValueError, match=r"values of take_id, such as .* at most are 2"):
        learned_rows.left_out(left_out, [part])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"name": "landmark_mlp"}}, "at least one value in model.dense"),
        ({"model": {"name": "landmark_mlp", "dense": [8], "widths": [4]}}, "model.widths"),
        ({"freeze": {"parts": ["layer"]}}, "did you mean 'layers'"),
    ],
)
def test_a_network_that_cannot_be_is_refused_before_pictures_are_read(workspace, changes, message):
    with pytest.raises(ValueError, match=message):
        models.train(workspace, "impossible", made_up_recordings.recipe(**changes), 1, {})
    assert not (workspace.lake.scratch / "training" / "impossible").exists()


def test_predicting_another_domain_needs_no_landmarks_of_the_original_one(tmp_path):
    other = made_up_recordings.workspace_in(tmp_path)
    data = {**LEFT_OUT, "leave_out": None, "domains": [GRAYSCALE]}
    recipe = made_up_recordings.recipe(data=data, evaluate_on=[GRAYSCALE])
    meshes = [other.landmarks(made_up_recordings.DATASET, one) for one in (ORIGINAL, GRAYSCALE)]
    for bucket in range(made_up_recordings.DATASET.n_buckets):
        meshes[1].write(bucket, [meshes[0].read(bucket)], "inputs", "code")
    shutil.rmtree(meshes[0].folder)
    pictures.make_grayscale(other, made_up_recordings.DATASET)
    models.train(other, "gray", recipe, 1, {})
    predictions.make(other, "gray", recipe, GRAYSCALE)
    assert predictions.table(other, "gray", recipe, GRAYSCALE, 1).read(0).num_rows


def test_a_training_starts_from_the_other_recipes_weights(workspace, teacher):
    standing_still = {"name": "sgd", "learning_rate": 1e-12, "momentum": 0.0}
    recipe = made_up_recordings.recipe(
        initial={"recipe": "teacher", "seed": 1}, optimiser=standing_still
    )
    models.train(workspace, "student", recipe, 1, {"teacher": teacher})
    first, then = (
        load_file(model_folders.artifact(workspace, name, 1).folder / "weights.safetensors")
        for name in ("teacher", "student")
    )
    for name in ("head.weight", "layers.0.0.weight", "scaler.mean"):
        assert torch.allclose(first[name], then[name], atol=1e-6)


def test_a_training_follows_from_the_model_that_it_starts_from(workspace, teacher):
    recipe = made_up_recordings.recipe(initial={"recipe": "teacher", "seed": 1})
    (before,) = first_weights.versions(workspace, recipe)
    assert before == model_folders.artifact(workspace, "teacher", 1).version()
    assert [need.key for need in first_weights.needs(recipe)] == ["models/teacher"]
    assert first_weights.versions(workspace, teacher) == ()


def test_imagenet_weights_that_cannot_be_had_are_lacking(workspace, monkeypatch):
    from emotion_pipeline.fetching import web
    from emotion_pipeline.fetching.failure import FetchFailed

    def offline(*_):
        raise FetchFailed("no network")

    monkeypatch.setattr(web, "download", offline)
    model = {"name": "mobilenet_v3", "variant": "small", "input_px": 32}
    data = {"labels": "personal", "pictures": "personal"}
    recipe = made_up_recordings.recipe(data=data, model=model, initial={"imagenet": True})
    with pytest.raises(Lacking, match=r"mobilenet_v3_small-.*\.pth"):
        first_weights.prepare(workspace, recipe)
    first_weights.prepare(workspace, made_up_recordings.recipe())


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_targets_are_mixed_with_what_the_teachers_say(workspace, teacher, share):
    recipe = made_up_recordings.recipe(distil={"teachers": ["teacher"], "share": share})
    found = labelled_rows.labelled(workspace, recipe, "train")
    part = training_rows.seen(workspace, recipe, found, "original")
    network, _ = load(model_folders.artifact(workspace, "teacher", 1).folder)
    said = predict(network, teacher, (part.features,), "cpu")
    mixed = teaching.targets(workspace, recipe, {"teacher": teacher}, [part], part.found.targets)
    assert np.allclose(mixed, share * said + (1 - share) * part.found.targets, atol=1e-6)
    assert np.allclose(mixed.sum(axis=1), 1, atol=1e-5)
    version, landmarks = teaching.versions(workspace, recipe, {"teacher": teacher}, [part])
    assert version == model_folders.artifact(workspace, "teacher", 1).version()
    assert landmarks == combined(part.row_digests(teacher))


def test_a_teacher_or_start_that_has_not_been_trained_is_lacking(workspace, teacher):
    taught = made_up_recordings.recipe(distil={"teachers": ["nobody"]})
    started = made_up_recordings.recipe(initial={"recipe": "nobody", "seed": 1})
    for recipe in (taught, started):
        with pytest.raises(Lacking, match=r"seed 1 of nobody .*: emotion-pipeline refresh models/"):
            models.train(workspace, "eager", recipe, 1, {"nobody": teacher})


def test_a_training_follows_from_landmarks_that_only_its_teacher_is_given(workspace, teacher):
    data = {"labels": "personal", "pictures": "personal"}
    model = {"name": "cnn5", "widths": [4, 4, 8, 8, 8], "input_px": 32}
    recipe = made_up_recordings.recipe(data=data, model=model, distil={"teachers": ["teacher"]})
    needs = {need.key for need in teaching.needs(recipe, {"teacher": teacher})}
    assert needs == {"models/teacher", "landmarks/personal"}
    found = labelled_rows.labelled(workspace, recipe, "train")
    part = training_rows.seen(workspace, recipe, found, ORIGINAL)
    assert len(set(teaching.versions(workspace, recipe, {"teacher": teacher}, [part]))) == 2


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_training_rows_of_an_emotion_than_the_recipe_says(workspace, limit):
    data = {"labels": "personal", "pictures": "personal", "inputs": ["blendshapes"]}
    capped, whole = (
        made_up_recordings.recipe(data={**data, "at_most_per_class": most})
        for most in (limit, None)
    )
    learned = labelled_rows.labelled(workspace, capped, "train", "validation")
    everything = labelled_rows.labelled(workspace, whole, "train", "validation")
    split = learned.column("split")
    counts = learned.targets[split == "train"].sum(axis=0)
    available = everything.targets[everything.column("split") == "train"].sum(axis=0)
    assert np.array_equal(counts, np.minimum(available, limit))
    assert (split == "validation").sum() == (everything.column("split") == "validation").sum()


def test_the_limit_counts_pictures_that_have_a_face(tmp_path):
    other = made_up_recordings.workspace_in(tmp_path)
    faces = other.pictures("faces", made_up_recordings.DATASET)
    for bucket in range(made_up_recordings.DATASET.n_buckets):
        rows = faces.read(bucket)
        faces.write(bucket, [rows.slice(0, rows.num_rows // 2)], "inputs", "code")
    data = {"labels": "personal", "pictures": "personal", "inputs": ["blendshapes"]}
    used = [
        training_rows.seen(other, recipe, labelled_rows.labelled(other, recipe, "train"), ORIGINAL)
        for recipe in (
            made_up_recordings.recipe(data={**data, "at_most_per_class": most})
            for most in (3, None)
        )
    ]
    capped, available = (part.found.targets.sum(axis=0) for part in used)
    assert available.max() > 3
    assert np.array_equal(capped, np.minimum(available, 3))
