import numpy as np
import pytest

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.metrics.robustness import (
    corruption_scores,
    mean_corrupted_score,
    relative_corrupted_score,
    severities,
)


def test_means_over_severities_then_over_corruptions():
    scores = {"original": 0.8, "grayscale": 0.1, "jpeg-1": 0.7, "jpeg-5": 0.5, "old_photo-3": 0.2}
    assert corruption_scores(scores) == pytest.approx({"jpeg": 0.6, "old_photo": 0.2})
    assert mean_corrupted_score(scores) == pytest.approx(0.4)
    assert relative_corrupted_score(scores) == pytest.approx(0.5)
    assert severities(tuple(scores)) == {"jpeg": (1, 5), "old_photo": (3,)}


def test_all_domains_of_a_constant_score_lose_nothing():
    assert relative_corrupted_score(dict.fromkeys(DOMAINS, 0.6)) == pytest.approx(1.0)


def test_arrays_of_resamples_pass_through():
    scores = {"original": np.array([0.8, 0.0]), "jpeg-1": np.array([0.4, 0.2])}
    np.testing.assert_allclose(relative_corrupted_score(scores), [0.5, np.nan])


def test_no_corruption_is_refused():
    with pytest.raises(ValueError, match="no corrupted domain among original"):
        mean_corrupted_score({"original": 0.5})
