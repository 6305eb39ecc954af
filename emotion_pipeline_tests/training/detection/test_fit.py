import numpy as np
import pytest
import torch

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.detection.fit import fit
from emotion_pipeline.training.detection.module import FaceTraining
from emotion_pipeline.training.detection.predict import predict
from emotion_pipeline.training.detection.weights import describe, load
from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.outcome import FitResult
from emotion_pipeline.training.weights import META, ModelError, save
from emotion_pipeline_tests.training.detection import squares

CPU = torch.device("cpu")


def run(folder, recipe=None, n_train: int = 8, **options) -> FitResult:
    train, validation = squares.squares(n_train), squares.squares(6, seed=9)
    options = {"identity": "a", "device": "cpu", "progress": False, **options}
    return fit(recipe or squares.recipe(), 1, train, validation, folder, **options)


def same(one: FitResult, other: FitResult) -> bool:
    names = one.state_dict.keys() == other.state_dict.keys()
    weights = all(
        torch.equal(one.state_dict[name], other.state_dict[name]) for name in one.state_dict
    )
    return names and weights and one.curves.equals(other.curves)


def fail_in(monkeypatch, epoch: int, error: Exception) -> None:
    """Make training fail in the middle of an epoch, counted from 0."""
    step = FaceTraining.training_step

    def failing(self, batch, batch_idx):
        if (self.current_epoch, batch_idx) == (epoch, 1):
            raise error
        return step(self, batch, batch_idx)

    monkeypatch.setattr(FaceTraining, "training_step", failing)


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory) -> FitResult:
    return run(tmp_path_factory.mktemp("unkilled"))


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A detector that has seen enough squares to find some, in a folder."""
    folder = tmp_path_factory.mktemp("learned")
    recipe = squares.recipe(epochs=6)
    result = run(folder / "work", recipe, n_train=32)
    meta = describe(recipe, seed=1, n_parameters=result.n_parameters, digests={})
    save(folder / "model", result.state_dict, meta)
    return result, folder / "model"


def test_training_learns_to_find_squares(learned):
    result, _ = learned
    score = result.curves["validation_ap50_score"]
    assert score.max() > 0.25
    assert score.max() > 2 * score.iloc[0]
    assert result.curves["train_loss"].iloc[-1] < 0.5 * result.curves["train_loss"].iloc[0]
    assert result.epoch == score.argmax() + 1
    np.testing.assert_allclose(result.curves["validation_loss"], 1 - score)


def test_a_saved_detector_finds_the_same_whatever_else_it_is_shown(learned):
    _, folder = learned
    detector, meta = load(folder)
    pictures = squares.squares(6, seed=9).pictures
    together = list(predict(detector, pictures, CPU))
    alone = [next(predict(load(folder)[0], [picture], CPU)) for picture in pictures]
    for (boxes, scores), (own_boxes, own_scores) in zip(together, alone, strict=True):
        np.testing.assert_array_equal(boxes, own_boxes)
        np.testing.assert_array_equal(scores, own_scores)
        assert boxes.shape == (len(scores), 4)
        assert boxes.dtype == scores.dtype == np.float32
        assert (np.diff(scores) <= 0).all()
    assert meta["recipe"]["task"] == "faces"
    assert {"torchvision", "albumentations"} <= meta["libraries"].keys()


def test_an_even_picture_has_fewer_sure_faces_than_one_with_squares(learned):
    detector, _ = load(learned[1])
    data = squares.squares(4, seed=9)
    found = predict(detector, [np.zeros((96, 96), np.uint8), *data.pictures[1:]], CPU)
    n_sure = [int((scores > 0.5).sum()) for _, scores in found]
    assert n_sure[0] == 0
    assert sum(n_sure[1:]) > 0


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_run_that_failed_goes_on_to_the_same_weights(tmp_path, monkeypatch, unkilled, epoch):
    with monkeypatch.context() as patch:
        fail_in(patch, epoch, RuntimeError("killed"))
        with pytest.raises(RuntimeError, match="killed"):
            run(tmp_path)
    assert len(checkpoints.rows(checkpoints.resume_from(tmp_path))) == epoch
    assert same(run(tmp_path), unkilled)


def test_other_inputs_start_from_scratch_and_a_finished_run_is_kept(
    tmp_path, monkeypatch, unkilled
):
    assert same(run(tmp_path), unkilled)
    fail_in(monkeypatch, 0, RuntimeError("trained again"))
    assert same(run(tmp_path), unkilled)
    with pytest.raises(RuntimeError, match="trained again"):
        run(tmp_path, identity="b")


def test_the_last_epoch_is_kept_where_the_recipe_says_so(tmp_path):
    result = run(tmp_path, squares.recipe(keep="last", ema_decay=0.9, epochs=2))
    assert result.epoch == 2


def test_a_loss_that_is_no_number_ends_with_advice(tmp_path):
    recipe = squares.recipe(optimiser={"name": "sgd", "learning_rate": 10})
    with pytest.raises(TrainingDivergedError, match="try a lower learning_rate than 10"):
        run(tmp_path, recipe)


def test_memory_that_is_short_ends_with_advice(tmp_path, monkeypatch):
    fail_in(monkeypatch, 0, torch.OutOfMemoryError("no more"))
    with pytest.raises(MemoryError, match="halve batch_size"):
        run(tmp_path)


def test_imagenet_weights_are_asked_for_exactly_where_the_recipe_says_so(tmp_path):
    with pytest.raises(ValueError, match="ImageNet weights are needed"):
        run(tmp_path, imagenet={})
    model = {"variant": "mobilenet_v3_large"}
    with pytest.raises(ValueError, match="ImageNet weights are needed"):
        run(tmp_path, squares.recipe(model=model, initial={"imagenet": True}))


def test_nothing_to_learn_from_or_to_validate_with_is_refused(tmp_path):
    some, none = squares.squares(2), squares.squares(1)  # nobody is in the first picture
    empty = squares.squares(0)
    for train, validation in ((empty, some), (some, none)):
        with pytest.raises(ValueError, match="1 face to validate with"):
            fit(squares.recipe(), 1, train, validation, tmp_path, identity="a", device="cpu")


@pytest.mark.parametrize(
    ("old", "new"), [('"faces"', '"noses"'), ('"tiny"', '"resnet50"'), ("{", "[")]
)
def test_a_model_that_does_not_agree_with_itself_is_refused(tmp_path, learned, old, new):
    for path in learned[1].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / META).read_text()
    (tmp_path / META).write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=str(tmp_path)):
        load(tmp_path)
