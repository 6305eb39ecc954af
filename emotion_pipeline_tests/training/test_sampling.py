import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.training.randomness import stream
from emotion_pipeline.training.sampling import at_most_per_class, balanced_order

LABELS = np.repeat([0, 3, 4], [5, 40, 155])
IDS = [f"train-{number:05d}" for number in range(len(LABELS))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 200), st.integers(0, 9))
def test_every_class_is_equally_frequent_and_no_row_comes_twice_before_all(labels, n, seed):
    labels = np.array(labels)
    order = balanced_order(labels, n, stream("x", seed)).numpy()
    assert len(order) == n
    found = labels[order]
    counts = [(found == one).sum() for one in np.unique(labels)]
    assert max(counts) - min(counts) <= 1
    for one in np.unique(labels):
        rows, size = order[found == one], int((labels == one).sum())
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            assert len(set(part)) == len(part)


def test_the_generator_alone_decides_the_order():
    once, again = (balanced_order(LABELS, 200, stream("x")) for _ in range(2))
    assert torch.equal(once, again)
    assert once.dtype == torch.int64
    assert not torch.equal(once, balanced_order(LABELS, 200, stream("y")))


def test_classes_come_mixed_and_not_one_after_another():
    found = LABELS[balanced_order(LABELS, 300, stream("x")).numpy()]
    halves = [(found[part] == 0).mean() for part in (slice(0, 150), slice(150, 300))]
    assert halves == pytest.approx([1 / 3, 1 / 3], abs=0.1)


def test_all_rows_of_a_class_get_their_turn():
    order = balanced_order(LABELS, 3 * 155, stream("x"))
    assert sorted(set(order.tolist())) == list(range(len(LABELS)))


def test_rows_that_do_not_exist_cannot_be_asked_for():
    assert len(balanced_order(np.array([], int), 0, stream("x"))) == 0
    with pytest.raises(ValueError, match="none to take"):
        balanced_order(np.array([], int), 1, stream("x"))


def test_a_class_keeps_its_limit_and_smaller_classes_stay_whole():
    kept = at_most_per_class(IDS, LABELS, 20)
    assert kept.dtype == bool
    assert [int(kept[one == LABELS].sum()) for one in (0, 3, 4)] == [5, 20, 20]
    assert at_most_per_class(IDS, LABELS, 155).all()
    assert at_most_per_class([], np.array([], int), 5).shape == (0,)


def test_the_choice_depends_on_the_ids_and_not_on_their_order():
    kept = at_most_per_class(IDS, LABELS, 20)
    turned = at_most_per_class(IDS[::-1], LABELS[::-1], 20)
    assert np.array_equal(turned[::-1], kept)
    others = [sample_id.replace("train", "other") for sample_id in IDS]
    assert not np.array_equal(at_most_per_class(others, LABELS, 20), kept)


def test_a_new_row_pushes_out_at_most_one_other():
    before = at_most_per_class(IDS, LABELS, 20)
    for number in range(30):
        after = at_most_per_class([*IDS, f"new-{number}"], np.append(LABELS, 4), 20)
        assert (before != after[:-1]).sum() == int(after[-1])


def test_the_choice_is_spread_over_the_rows():
    kept = np.flatnonzero(at_most_per_class(IDS, np.zeros(len(IDS), int), 100))
    assert kept.mean() == pytest.approx(len(IDS) / 2, rel=0.1)
