import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emotion_pipeline.training.detection.augment import augment, pipeline
from emotion_pipeline.training.detection.data import (
    LEAST_SIDE_PX,
    FacePictures,
    TrainingPictures,
    WholePictures,
    as_rgb,
    loader,
    order,
    scaled,
    usable,
)
from emotion_pipeline.training.detection.policies import FACE_POLICIES
from emotion_pipeline_tests.training.detection import squares
from emotion_pipeline_tests.training.detection.squares import SIDE_PX

HOSTILE = st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 96.0])


def batch_of(data: FacePictures, epoch: int = 0, **changes):
    learned = TrainingPictures(data, squares.recipe(**changes), seed=1)
    return learned[torch.arange(len(data)) + epoch * len(data)]


def bright_boxes(picture: torch.Tensor) -> set[tuple[int, ...]]:
    """Where the only square of a picture is."""
    rows, columns = np.nonzero(picture[0].numpy() >= 128)
    return {(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)} if len(rows) else set()


def one_square() -> FacePictures:
    picture = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    picture[30:50, 10:26] = 255
    return FacePictures([picture], [np.array([[10, 30, 26, 50]], np.float32)])


@settings(deadline=None)
@given(arrays(np.float32, (3, 4), elements=HOSTILE))
def test_boxes_that_are_left_are_inside_and_large_enough_to_be_seen(boxes):
    left = usable(boxes, SIDE_PX, 64)
    assert left.dtype == np.float32
    assert ((left >= 0) & (left <= [SIDE_PX, 64, SIDE_PX, 64])).all()
    assert (left[:, 2:] - left[:, :2] >= LEAST_SIDE_PX).all()


@settings(deadline=None, max_examples=40)
@given(arrays(np.float32, (3, 4), elements=HOSTILE), st.sampled_from([None, 64]))
def test_hostile_boxes_reach_the_network_as_usable_ones_or_not_at_all(boxes, tile_px):
    data = FacePictures([np.zeros((50, 80), np.uint8)], [boxes])
    pictures, targets = batch_of(data, augment={"policy": "night", "tile_px": tile_px})
    height, width = pictures[0].shape[1:]
    found = targets[0]["boxes"].numpy()
    assert ((found >= 0) & (found <= [width, height, width, height])).all()
    assert (found[:, 2:] - found[:, :2] >= LEAST_SIDE_PX).all()
    assert len(targets[0]["labels"]) == len(found)


def test_good_boxes_are_kept_as_they_are():
    boxes = np.array([[0, 0, 96, 96], [5.5, 6.5, 8, 9]], np.float32)
    np.testing.assert_array_equal(usable(boxes, 96, 96), boxes)


@pytest.mark.parametrize("tile_px", [None, 64])
@pytest.mark.parametrize("epoch", range(6))
def test_boxes_move_with_what_they_are_around(epoch, tile_px):
    pictures, targets = batch_of(
        one_square(), epoch, augment={"policy": "flip", "tile_px": tile_px}
    )
    assert pictures[0].shape[1:] == ((tile_px,) * 2 if tile_px else (SIDE_PX, SIDE_PX))
    found = {tuple(box) for box in targets[0]["boxes"].round().int().tolist()}
    if found:
        assert found == bright_boxes(pictures[0])
    else:  # cut off for the most part
        assert (pictures[0][0] >= 128).sum() < 0.3 * 20 * 16


def test_boxes_are_scaled_with_the_picture():
    model = {"variant": "tiny", "least_side_px": 192, "longest_side_px": 400}
    pictures, targets = batch_of(one_square(), model=model, augment={"policy": "none"})
    assert pictures[0].shape == (3, 192, 192)
    assert targets[0]["boxes"].tolist() == [[20, 60, 52, 100]]
    wide, scale = scaled(np.zeros((100, 400, 3), np.uint8), squares.recipe(model=model))
    assert (wide.shape, scale) == ((100, 400, 3), 1.0)


def test_seed_epoch_and_picture_decide_every_draw_and_nothing_else_does():
    data = squares.squares(6)
    changes = {"augment": {"policy": "night", "tile_px": 64}}
    learned = TrainingPictures(data, squares.recipe(**changes), seed=1)
    first = learned[torch.tensor([3, 4])]
    learned[torch.tensor([0, 10])]  # draws in between
    again = TrainingPictures(data, squares.recipe(**changes), seed=1)[torch.tensor([4, 3])]
    assert all(torch.equal(one, other) for one, other in zip(first[0], again[0][::-1], strict=True))
    next_epoch = learned[torch.tensor([9, 10])]
    other_seed = TrainingPictures(data, squares.recipe(**changes), seed=2)[torch.tensor([3, 4])]
    for changed in (next_epoch, other_seed):
        assert not any(map(torch.equal, first[0], changed[0]))


def test_an_epoch_draws_every_row_once_in_an_order_of_its_own():
    draws = order(10, seed=1)
    epochs = [draws(epoch).tolist() for epoch in range(3)]
    rows = [[divmod(draw, 10) for draw in epoch] for epoch in epochs]
    assert [sorted(epoch) for epoch in rows] == [[(e, row) for row in range(10)] for e in range(3)]
    assert len({tuple(row for _, row in epoch) for epoch in rows}) == 3


@pytest.mark.parametrize("policy", FACE_POLICIES)
def test_a_policy_changes_pictures_unless_it_is_none(policy):
    picture = squares.squares(2).pictures[1]
    transforms = pipeline(FACE_POLICIES[policy], None)
    boxes = np.zeros((0, 4), np.float32)
    changed = [
        not np.array_equal(augment(picture, boxes, transforms, seed)[0], picture)
        for seed in range(12)
    ]
    assert any(changed) == (policy != "none")


def test_a_picture_smaller_than_its_tile_is_filled_up():
    data = FacePictures([np.full((40, 200), 9, np.uint8)], [np.zeros((0, 4))])
    pictures, targets = batch_of(data, augment={"tile_px": 128})
    assert pictures[0].shape == (3, 128, 128)
    assert targets[0]["boxes"].shape == (0, 4)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3)])
def test_gray_and_colour_pictures_come_as_three_channels(shape):
    picture = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    found = as_rgb(picture)
    assert found.shape == (4, 4, 3)
    np.testing.assert_array_equal(found, picture if picture.ndim == 3 else np.dstack([picture] * 3))


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4)), np.zeros(4, np.uint8)]
)
def test_anything_but_pictures_is_refused(picture):
    with pytest.raises(ValueError, match="pictures must be"):
        as_rgb(picture)


def test_pictures_without_boxes_of_their_own_are_refused():
    with pytest.raises(ValueError, match="2 pictures, but boxes of 1"):
        FacePictures([np.zeros((4, 4), np.uint8)] * 2, [np.zeros((0, 4))])


def test_whole_pictures_come_one_by_one_and_unchanged():
    data = squares.squares(3)
    batches = list(loader(WholePictures(data), None, 0))
    for (pictures, targets), picture, boxes in zip(batches, data.pictures, data.boxes, strict=True):
        np.testing.assert_array_equal(pictures[0].numpy(), picture.transpose(2, 0, 1))
        np.testing.assert_array_equal(targets[0]["boxes"].numpy(), boxes)
