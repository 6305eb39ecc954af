"""Made-up results of face detectors, for tests of reports. No number here means anything."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import DetectorResult

WIDTH_PX, HEIGHT_PX = 1080, 720


def result(
    recipe: str = "darkface_faster_rcnn",
    *,
    n: int = 30,
    seeds: tuple[int, ...] = (0,),
    splits: tuple[str, ...] = ("validation", "test"),
    skill: float = 10.0,
    n_faces: float = 8,
    n_found: int = 20,
    synthetic: bool = False,
    **others: Any,
) -> DetectorResult:
    """A valid result; half of the faces `skill` px high are found, and more of higher ones."""
    rows = [
        {
            "sample_id": f"{split}-{number:05d}",
            "seed": seed,
            "split": split,
            "width_px": WIDTH_PX,
            "height_px": HEIGHT_PX,
            **_scene(
                np.random.default_rng([len(split), number]),
                np.random.default_rng([seed, number, int(10 * skill)]),
                *(skill, n_faces, n_found),
            ),
            "synthetic": synthetic,
        }
        for seed in seeds
        for split in splits
        for number in range(n)
    ]
    fields: dict[str, Any] = {
        "recipe": recipe,
        "description": "Finds faces.",
        "pictures_from": "darkface",
        "n_parameters": 41_000_000,
        "synthetic": synthetic,
        "predictions": pd.DataFrame(rows),
        "curves": pd.DataFrame(),
        "meta": {},
    }
    return DetectorResult(**(fields | others))


def night(_dataset: str, _domain: str, sample_ids: list[str]) -> dict[str, np.ndarray]:
    """Pictures in which nothing is to be seen."""
    return dict.fromkeys(sample_ids, np.full((HEIGHT_PX, WIDTH_PX, 3), 9, np.uint8))


def _scene(
    street: np.random.Generator,
    detector: np.random.Generator,
    skill: float,
    n_faces: float,
    n_found: int,
) -> dict[str, np.ndarray]:
    """True boxes, which `street` decides alone, and found ones with their scores."""
    truth = _boxes(street, street.poisson(n_faces), 13.0)
    heights = truth[:, 3] - truth[:, 1]
    is_found = detector.random(len(truth)) < 1 / (1 + (skill / heights) ** 2)
    near = truth[is_found] + 0.06 * heights[is_found, None] * detector.normal(
        size=(is_found.sum(), 4)
    )
    wrong = _boxes(detector, max(0, n_found - len(near)), 12.0)
    scores = np.concatenate([detector.beta(5, 2, len(near)), detector.beta(1, 6, len(wrong))])
    order = np.argsort(-scores, kind="stable")
    boxes = np.vstack([near, wrong])[order]
    return {
        "truth": truth.astype(np.float32),
        "boxes": boxes.astype(np.float32),
        "scores": scores[order].astype(np.float32),
    }


def _boxes(random: np.random.Generator, n: int, median_px: float) -> np.ndarray:
    heights = np.exp(random.normal(np.log(median_px), 0.6, n))
    left, top = random.uniform(0, WIDTH_PX - 90, n), random.uniform(0, HEIGHT_PX - 90, n)
    return np.column_stack([left, top, left + 0.8 * heights, top + heights])
