"""Made-up explanations of any size, for tests of reports. No number here means anything."""

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import EXPLAINED_COLUMNS, ExplainedResult, MeanMap


def spot(side_px: int, x: float, y: float, width: float = 0.25) -> np.ndarray:
    """A map (side, side) uint8 that is highest at x and y, 0 to 1 from the upper left corner."""
    place = (np.arange(side_px) + 0.5) / side_px
    distance = (place[None] - x) ** 2 + (place[:, None] - y) ** 2
    return np.rint(255 * np.exp(-distance / width**2)).astype(np.uint8)


def explained(
    recipe: str = "ferplus_cnn",
    *,
    emotions: tuple[str, ...] = EMOTIONS,
    n_of_a_kind: int = 4,
    domains: tuple[str, ...] = (ORIGINAL, "old_photo-3"),
    similarity: float = 0.1,
    salient_drop: float = 0.4,
    side_px: int = 48,
    synthetic: bool = False,
) -> ExplainedResult:
    """A valid result; `similarity` and `salient_drop` are means, random drops are about 0.1."""
    rng = np.random.default_rng(len(emotions))
    kinds = [(emotion, right) for emotion in emotions for right in (False, True)]
    rows = []
    for domain in domains:
        for emotion, right in kinds:
            other = emotions[(emotions.index(emotion) + 1) % len(emotions)]
            for number in range(n_of_a_kind):
                stays = domain == ORIGINAL or number % 2 == 0
                rows.append(
                    {
                        "sample_id": f"{emotion}-{right:d}-{number}",
                        "seed": 1,
                        "domain": domain,
                        "emotion": emotion,
                        "predicted": emotion if right == stays else other,
                        "layer": "blocks.2",
                        "p_predicted": rng.uniform(0.5, 1),
                        "p_true": rng.uniform(0, 0.5),
                        "grid_px": 6,
                        "redrawn_similarity": similarity + rng.normal(0, 0.1),
                        "salient_drop": salient_drop + rng.normal(0, 0.1),
                        "random_drop": 0.1 + rng.normal(0, 0.05),
                        "synthetic": synthetic,
                    }
                )
    table = pd.DataFrame(rows, columns=list(EXPLAINED_COLUMNS))
    places = rng.uniform(0.2, 0.8, (len(table), 2, 2))
    maps, redrawn = (
        np.stack([spot(side_px, *place) for place in places[:, number]]) for number in (0, 1)
    )
    means = {emotion: MeanMap(120, spot(side_px, 0.5, 0.8), face(side_px)) for emotion in emotions}
    return ExplainedResult(recipe, "fer2013", table, maps, redrawn, means)


def face(side_px: int) -> np.ndarray:
    """Two eyes and a mouth, gray (side, side) uint8."""
    eyes = spot(side_px, 0.3, 0.35, 0.1) // 2 + spot(side_px, 0.7, 0.35, 0.1) // 2
    mouth = spot(side_px, 0.5, 0.75, 0.15) // 2
    return 200 - np.minimum(eyes + mouth, 150)


def faces(_dataset: str, _domain: str, sample_ids: list[str]) -> dict[str, np.ndarray]:
    """The same drawn face for every picture."""
    return dict.fromkeys(sample_ids, face(48))
