import csv
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.votes import VOTE_CLASSES, VOTE_RULES, apply_rule, tied
from emotion_pipeline_tests.shared_data import shared_file

N_ROWS = 700  # of each of three kinds
HALF, THREE_QUARTERS, THIRTY_PERCENT = Fraction(1, 2), Fraction(3, 4), Fraction(3, 10)
UNKNOWN = 8  # the first of the two columns that are no emotion


# The rules once more, as docs/data-formats tells them: one row at a time, in fractions.


def without_single_votes(row):
    return [0 if count <= 1 else count for count in row]


def emotions_only(weights):
    """Skip a row that unknown or not_a_face leads, else cut them off and renormalise."""
    if weights is None or weights.index(max(weights)) >= UNKNOWN or sum(weights[:UNKNOWN]) == 0:
        return None
    return [Fraction(weight, sum(weights[:UNKNOWN])) for weight in weights[:UNKNOWN]]


def slow_majority(row):
    """Keep the top class if its count is above 50 % of the remaining votes."""
    counts = without_single_votes(row)
    if max(counts) <= HALF * sum(counts):
        return None
    return emotions_only([int(count == max(counts)) for count in counts])


def slow_probability(row):
    """Take top classes, ties together, until 75 % of the votes or three classes.

    Stop when unknown or not_a_face is reached; drop it if others came before. At most 50 %
    gathered, or more than three classes: no target.
    """
    counts = without_single_votes(row)
    taken = {}
    stopped = False
    while not stopped and sum(taken.values()) < THREE_QUARTERS * sum(counts) and len(taken) < 3:
        top = max(count for column, count in enumerate(counts) if column not in taken)
        for column in range(10):
            if counts[column] != top or column in taken:
                continue
            if column < UNKNOWN:
                taken[column] = top
                continue
            stopped = True
            if not taken:
                taken[column] = top
            break
    if sum(taken.values()) <= HALF * sum(counts) or len(taken) > 3:
        return None
    return emotions_only([taken.get(column, 0) for column in range(10)])


def slow_multi_target(row):
    """Keep classes with at least 30 % of the votes; at most 50 % gathered: no target."""
    counts = without_single_votes(row)
    threshold = THIRTY_PERCENT * sum(counts)
    strong = [count if count >= threshold else 0 for count in counts]
    return emotions_only(strong) if sum(strong) > HALF * sum(counts) else None


def slow_distribution(row):
    """Every vote that names an emotion, single ones too, if they are at least half of all."""
    named = sum(row[:UNKNOWN])
    if named == 0 or named < HALF * sum(row):
        return None
    return [Fraction(count, named) for count in row[:UNKNOWN]]


SLOW_RULES = {
    "majority": slow_majority,
    "probability": slow_probability,
    "multi_target": slow_multi_target,
    "distribution": slow_distribution,
}


def as_floats(targets):
    """Rows (n, 8) that are zero where there is no target."""
    return [[0.0] * 8 if target is None else [*map(float, target)] for target in targets]


def random_votes():
    """Rows of ten taggers, rows of many ties, and sparse rows; with zeros and single votes."""
    rng = np.random.default_rng(13)
    shares = rng.dirichlet(np.full(10, 0.4), size=N_ROWS)
    ten_taggers = np.stack([rng.multinomial(10, share) for share in shares])
    ties = rng.integers(0, 4, (N_ROWS, 10))
    sparse = rng.choice([0, 0, 0, 0, 1, 2, 3, 5], (N_ROWS, 10))
    single = np.eye(10, dtype=int)
    pairs = 5 * (single[:, None] + single[None]).reshape(-1, 10)
    return np.concatenate(
        [ten_taggers, ties, sparse, single, 2 * single, pairs, 0 * single[:1], 0 * single[:1] + 1]
    )


VOTES = random_votes()


def test_every_rule_is_told_once_more_here():
    assert set(SLOW_RULES) == set(VOTE_RULES)


@pytest.mark.parametrize("rule", SLOW_RULES)
def test_a_rule_does_what_its_text_says_on_random_votes(rule):
    targets, kept = apply_rule(rule, VOTES)
    assert (targets.shape, targets.dtype) == ((len(VOTES), 8), np.float64)
    assert (kept.shape, kept.dtype) == ((len(VOTES),), bool)
    expected = [SLOW_RULES[rule](row) for row in VOTES.tolist()]
    assert kept.tolist() == [target is not None for target in expected]
    np.testing.assert_allclose(targets, as_floats(expected), rtol=0, atol=1e-12)
    np.testing.assert_allclose(targets.sum(axis=1), kept, rtol=0, atol=1e-12)
    assert min(kept.sum(), (~kept).sum()) > 50  # both outcomes are put to the test


@pytest.mark.parametrize(
    ("rule", "votes", "expected"),
    [
        ("majority", (5, 4, 1, 0, 0, 0, 0, 0, 0, 0), {0: 1}),
        ("majority", (5, 5, 0, 0, 0, 0, 0, 0, 0, 0), None),
        ("majority", (0, 0, 0, 0, 0, 0, 0, 0, 6, 4), None),
        ("probability", (5, 3, 2, 0, 0, 0, 0, 0, 0, 0), {0: 5 / 8, 1: 3 / 8}),
        ("probability", (4, 3, 3, 0, 0, 0, 0, 0, 0, 0), {0: 0.4, 1: 0.3, 2: 0.3}),
        ("probability", (4, 2, 2, 2, 0, 0, 0, 0, 0, 0), None),  # four classes
        ("probability", (6, 0, 0, 0, 0, 0, 0, 0, 4, 0), {0: 1}),  # unknown comes second
        ("probability", (4, 0, 0, 0, 0, 0, 0, 0, 6, 0), None),  # unknown comes first
        ("probability", (5, 0, 0, 0, 0, 0, 0, 0, 5, 0), None),  # and here with it: half is too few
        ("multi_target", (5, 3, 2, 0, 0, 0, 0, 0, 0, 0), {0: 5 / 8, 1: 3 / 8}),
        ("multi_target", (3, 2, 2, 2, 1, 0, 0, 0, 0, 0), None),
        ("multi_target", (6, 0, 0, 0, 0, 0, 0, 0, 4, 0), {0: 1}),
        ("distribution", (4, 1, 0, 0, 0, 0, 0, 0, 5, 0), {0: 0.8, 1: 0.2}),
        ("distribution", (3, 1, 0, 0, 0, 0, 0, 0, 6, 0), None),
        *((rule, (0,) * 10, None) for rule in SLOW_RULES),
        *((rule, (1,) * 10, None) for rule in ("majority", "probability", "multi_target")),
    ],
)
def test_edges_of_the_rules(rule, votes, expected):
    targets, kept = apply_rule(rule, np.array([votes], dtype=np.int16))
    assert kept.tolist() == [expected is not None]
    np.testing.assert_allclose(targets[0], [(expected or {}).get(k, 0) for k in range(8)])


@pytest.mark.parametrize("rule", SLOW_RULES)
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64, np.uint8, np.float64])
def test_the_type_of_the_counts_does_not_matter_and_they_are_left_alone(rule, dtype):
    votes = VOTES.astype(dtype)
    targets, kept = apply_rule(rule, votes)
    expected, expected_kept = apply_rule(rule, VOTES)
    np.testing.assert_array_equal(targets, expected)
    np.testing.assert_array_equal(kept, expected_kept)
    np.testing.assert_array_equal(votes, VOTES)


@pytest.mark.parametrize("rule", SLOW_RULES)
def test_no_rows_give_no_targets(rule):
    targets, kept = apply_rule(rule, np.zeros((0, 10), dtype=np.int16))
    assert (targets.shape, kept.shape) == ((0, 8), (0,))


@pytest.mark.parametrize("rule", SLOW_RULES)
@pytest.mark.parametrize("shape", [(10,), (3, 8), (3, 11), (10, 3), (1, 3, 10)])
def test_votes_of_another_shape_are_refused(rule, shape):
    with pytest.raises(ValueError, match=r"must be \(n, 10\)"):
        apply_rule(rule, np.ones(shape, dtype=int))


def test_an_unknown_rule_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match=r"'majorty'.*did you mean 'majority'"):
        apply_rule("majorty", VOTES)


def test_tied_means_that_two_emotions_share_the_lead():
    expected = [
        max(row[:UNKNOWN]) > 0 and row[:UNKNOWN].count(max(row[:UNKNOWN])) > 1
        for row in VOTES.tolist()
    ]
    assert tied(VOTES).tolist() == expected
    assert True in expected
    assert False in expected
    assert not tied(np.array([[5, 0, 0, 0, 0, 0, 0, 0, 5, 0]])).any()  # unknown is no emotion


@pytest.fixture(scope="module")
def published():
    """Usage (n,) and votes (n, 10) of the published table."""
    with shared_file("data/fer2013/fer2013new.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    return np.array([row[0] for row in rows]), np.array([row[2:] for row in rows], dtype=np.int16)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("rule", "n_kept"),
    [
        ("majority", (25_060, 3_199, 3_153)),
        ("probability", (27_956, 3_505, 3_505)),
        ("multi_target", (27_671, 3_472, 3_472)),
    ],
)
def test_as_many_published_rows_are_kept_as_in_the_released_reader(published, rule, n_kept):
    usage, votes = published
    _, kept = apply_rule(rule, votes)
    counts = Counter(usage[kept].tolist())
    assert counts == dict(zip(("Training", "PublicTest", "PrivateTest"), n_kept, strict=True))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ("Training", (8740, 7287, 3149, 3014, 2100, 119, 532, 119)),
        ("PrivateTest", (1090, 893, 396, 384, 273, 18, 83, 16)),
    ],
)
def test_the_majorities_of_the_published_rows_fall_on_the_known_classes(published, usage, counts):
    usages, votes = published
    targets, kept = apply_rule("majority", votes[usages == usage])
    found = np.bincount(targets[kept].argmax(axis=1), minlength=8)
    assert dict(zip(EMOTIONS, found.tolist(), strict=True)) == dict(
        zip(EMOTIONS, counts, strict=True)
    )


@pytest.mark.real_data
@pytest.mark.parametrize("rule", SLOW_RULES)
def test_a_rule_does_what_its_text_says_on_the_published_votes(published, rule):
    votes = np.unique(published[1], axis=0)
    targets, kept = apply_rule(rule, votes)
    expected = [SLOW_RULES[rule](row) for row in votes.tolist()]
    assert kept.tolist() == [target is not None for target in expected]
    np.testing.assert_allclose(targets, as_floats(expected), rtol=0, atol=1e-12)


def test_the_votes_stand_in_the_order_of_the_published_columns():
    assert list(VOTE_CLASSES) == [*EMOTIONS, "unknown", "not_a_face"]
