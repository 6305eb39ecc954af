import json
import resource

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from emotion_pipeline.training import models, weights
from emotion_pipeline.training.predict import predict
from emotion_pipeline_tests.training import tiny

RECIPE = tiny.recipe()


@pytest.fixture
def saved(tmp_path):
    network = models.build("cnn5", RECIPE.model, RECIPE.sizes)
    network(torch.randn(16, 1, 32, 32))  # so that the normalisation layers know something
    meta = weights.describe(RECIPE, seed=3, n_parameters=1, digests={"train": "abc"})
    weights.save(tmp_path, network.state_dict(), meta)
    return tmp_path, network.eval(), meta


def test_weights_and_their_description_come_back_as_they_were(saved):
    folder, network, meta = saved
    loaded, found = weights.load(folder)
    images = torch.randn(4, 1, 32, 32)
    assert found == meta
    assert (found["seed"], found["digests"]) == (3, {"train": "abc"})
    assert weights.recipe_of(found, folder) == RECIPE
    assert not loaded.training
    assert torch.equal(loaded(images), network(images))
    assert sorted(path.name for path in folder.iterdir()) == ["meta.json", "weights.safetensors"]


def _change_meta(folder, **changes):
    path = folder / weights.META
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _change_weights(folder, **changes):
    tensors = {**load_file(folder / weights.WEIGHTS), **changes}
    tensors = {name: value for name, value in tensors.items() if value is not None}
    save_file(tensors, folder / weights.WEIGHTS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head.weight": torch.zeros(9, 8)}, r"head.weight is \(9, 8\)"),
        ({"head.weight": torch.zeros(8, 8, dtype=torch.float64)}, "float64"),
        ({"head.weight": torch.full((8, 8), float("nan"))}, "no numbers"),
        ({"head.weight": None}, "another architecture"),
        ({"extra": torch.zeros(1)}, "another architecture"),
    ],
)
def test_weights_of_another_shape_are_refused(saved, changes, message):
    _change_weights(saved[0], **changes)
    with pytest.raises(weights.ModelError, match=message):
        weights.load(saved[0])


def test_a_file_larger_than_the_network_is_refused_unread(saved, monkeypatch):
    monkeypatch.setattr(weights, "LARGEST_META_BYTES", 4096)
    with (saved[0] / weights.WEIGHTS).open("ab") as file:
        file.write(bytes(5000))
    with pytest.raises(weights.ModelError, match=r"larger than the .* bytes of the recipe's"):
        weights.load(saved[0])


def test_a_network_is_not_allocated_before_its_weights_are_there(saved):
    model = {"name": "cnn5", "widths": [4096] * 5, "input_px": 32}  # 5.6 GiB
    _change_meta(saved[0], recipe=tiny.recipe(model=model).model_dump(mode="json"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(weights.ModelError, match="another architecture"):
        weights.load(saved[0])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB


def test_weights_that_answer_with_no_numbers_are_refused(saved):
    known = load_file(saved[0] / weights.WEIGHTS)
    name = next(name for name in known if name.endswith("running_var"))
    _change_weights(saved[0], **{name: torch.full_like(known[name], -1.0)})
    network, _ = weights.load(saved[0])
    with pytest.raises(ValueError, match="values that are no numbers"):
        predict(network, RECIPE, tiny.patterns(4).inputs, "cpu")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emotions": ["happiness"]}, "emotions"),
        ({"input_px": 48}, "input_px"),
        ({"normalisation": "none"}, "normalisation"),
        ({"recipe": None}, "recipe"),
        ({"recipe": {**RECIPE.model_dump(mode="json"), "epochs": -1}}, "epochs"),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(saved, changes, message):
    _change_meta(saved[0], **changes)
    with pytest.raises(weights.ModelError, match=message):
        weights.load(saved[0])


@pytest.mark.parametrize("name", [weights.META, weights.WEIGHTS])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"\x80\x04.", b"\xff" * 100])
def test_missing_and_damaged_files_are_refused(saved, name, content):
    path = saved[0] / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(weights.ModelError, match=name):
        weights.load(saved[0])


def test_predictions_are_probabilities_that_do_not_depend_on_the_batch(saved):
    images = tiny.patterns(14).inputs
    whole = predict(saved[1], RECIPE, images, "cpu")
    single = np.concatenate(
        [predict(saved[1], RECIPE, (image[None],), "cpu") for image in images[0]]
    )
    assert (whole.shape, whole.dtype) == ((14, 8), np.float32)
    assert np.allclose(whole.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(whole, single, atol=1e-5)
    assert np.allclose(whole, predict(saved[1], RECIPE, images, "cpu", batch_size=5), atol=1e-5)
    assert predict(saved[1], RECIPE, (images[0][:0],), "cpu").shape == (0, 8)


def test_flip_at_test_makes_a_picture_and_its_mirror_image_equal(saved):
    (images,) = tiny.patterns(6).inputs
    plain = RECIPE.model_copy(update={"test_views": "one"})
    mirrored = images[:, :, ::-1].copy()
    both = [predict(saved[1], RECIPE, (pictures,), "cpu") for pictures in (images, mirrored)]
    alone = [predict(saved[1], plain, (pictures,), "cpu") for pictures in (images, mirrored)]
    assert np.allclose(*both, atol=1e-5)
    assert np.allclose(both[0], (alone[0] + alone[1]) / 2, atol=1e-5)
