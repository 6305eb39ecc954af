"""Made-up model results of any size, for tests of reports. No number here means anything."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import DEGRADED, DOMAINS, ORIGINAL, Degradation
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.votes import VOTE_CLASSES

# About the class mix of FER+.
MIX = np.array([0.345, 0.29, 0.13, 0.115, 0.085, 0.01, 0.02, 0.005])


def _skill(domain: str, skill: float) -> float:
    if domain not in DEGRADED:
        return skill
    return skill - 0.35 * Degradation.parse(domain).severity


def _slice(
    emotions: tuple[str, ...], split: str, domain: str, seed: int, n: int, skill: float, n_seen: int
) -> pd.DataFrame:
    mix = MIX[: len(emotions)] / MIX[: len(emotions)].sum()
    truth = np.random.default_rng(len(split)).choice(len(emotions), size=n, p=mix)
    rng = np.random.default_rng([seed, n, sorted(DOMAINS).index(domain), int(1000 * skill)])
    logits = (
        rng.normal(size=(n, len(emotions))) + _skill(domain, skill) * np.eye(len(emotions))[truth]
    )
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    votes = 0.75 * np.eye(len(EMOTIONS))[truth] + 0.25 / len(EMOTIONS)
    return pd.DataFrame(
        {
            "sample_id": [f"{split}-{number:05d}" for number in range(n)],
            "seed": seed,
            "split": split,
            "domain": domain,
            "emotion": np.array(emotions, dtype=object)[truth],
            **{f"share_{name}": votes[:, index] for index, name in enumerate(EMOTIONS)},
            **{f"p_{name}": p[:, index].astype("f4") for index, name in enumerate(emotions)},
            "seen_in_training": np.arange(n) < (n_seen if split == "test" else 0),
            "synthetic": False,
        }
    )


def curves(seeds: tuple[int, ...], n_epochs: int = 20) -> pd.DataFrame:
    epoch = np.arange(n_epochs)
    return pd.concat(
        pd.DataFrame(
            {
                "seed": seed,
                "epoch": epoch,
                "train_loss": 1.8 * np.exp(-epoch / 8) + 0.02 * seed,
                "validation_loss": 1.9 * np.exp(-epoch / 6) + 0.45 + 0.004 * epoch,
                "validation_accuracy_score": 0.84 - 0.5 * np.exp(-epoch / 4) + 0.005 * seed,
                "learning_rate": 0.1,
            }
        )
        for seed in seeds
    )


def result(
    recipe: str = "ferplus_cnn",
    *,
    emotions: tuple[str, ...] = EMOTIONS,
    domains: tuple[str, ...] = (ORIGINAL,),
    seeds: tuple[int, ...] = (0,),
    n: int = 200,
    skill: float = 3.0,
    n_seen: int = 0,
    synthetic: bool = False,
    **others: Any,
) -> ModelResult:
    """A valid result; `skill` moves accuracy, `others` override any field of `ModelResult`."""
    slices = [
        _slice(emotions, split, domain, seed, n, skill, n_seen)
        for seed in seeds
        for split, domain in [("validation", ORIGINAL), *(("test", domain) for domain in domains)]
    ]
    fields: dict[str, Any] = {
        "recipe": recipe,
        "description": "A small convolutional network on the votes.",
        "labels_from": "ferplus",
        "pictures_from": "fer2013",
        "label_space": "eight_emotions",
        "emotions": emotions,
        "n_parameters": 1_234_567,
        "synthetic": synthetic,
        "predictions": pd.concat(slices, ignore_index=True).assign(synthetic=synthetic),
        "curves": curves(seeds),
        "meta": {
            "recipe": {"model": {"name": "vgg", "widths": [32, 64]}, "epochs": 20},
            "inputs": {"samples/fer2013": "6e1f0c"},
            "versions": {"torch": "2.9.1"},
            "code": "0123456789abcdef",
        },
    }
    return ModelResult(**(fields | others))


def votes_table(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """Ten votes on each of n test pictures, as `Results.votes` has them; most are for neutral."""
    counts = np.random.default_rng(seed).multinomial(10, [0.8, 0.1, *[0.0125] * 8], size=n)
    emotion = np.array(VOTE_CLASSES, dtype=object)[counts.argmax(axis=1)]
    decided = (counts.max(axis=1) > 5) & np.isin(emotion, EMOTIONS)
    return pd.DataFrame(
        {
            "sample_id": [f"test-{number:05d}" for number in range(n)],
            "split": "test",
            "emotion": np.where(decided, emotion, None),
            **{f"votes_{name}": counts[:, index] for index, name in enumerate(VOTE_CLASSES)},
        }
    )
