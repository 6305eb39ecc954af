"""Made-up datasets of any kind, for tests of the exploration. No number here means anything."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline import schema
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.exploration import Explored
from emotion_pipeline.votes import VOTE_CLASSES

SEVEN = EMOTIONS[:7]


def samples(n: int = 420, emotions: tuple[str, ...] = SEVEN, **others: Any) -> pd.DataFrame:
    """Rows of pictures, classes in turn, splits by whole rounds; `others` set any column."""
    number = np.arange(n)
    classes = max(1, len(emotions))
    names = np.array(emotions or (None,), dtype=object)
    columns = {
        "sample_id": [f"made-{row:06d}" for row in number],
        "split": np.array(schema.SPLITS, dtype=object)[number // classes % 3],
        "emotion": names[number % classes],
        "width_px": 40,
        "height_px": 50,
        "color_mode": "rgb",
        "pixel_min": (number % 20).astype(np.uint8),
        "pixel_max": (255 - number % 30).astype(np.uint8),
        "pixel_sd": (20 + number % 60).astype(np.float32),
        "synthetic": False,
    }
    return pd.DataFrame({**columns, **others})


def people(n: int = 420) -> dict[str, Any]:
    """Columns of portraits: a person per round of seven emotions, so that none crosses splits."""
    person = np.arange(n) // len(SEVEN)
    return {
        "person_id": [f"F{one:03d}" for one in person],
        "gender": np.where(person % 2, "female", "male"),
        "angle": np.array(("straight", "full_left"))[person % 2],
        "session": "A",
    }


def votes(n: int = 100) -> pd.DataFrame:
    """A table of votes: row by row nine or ten for one class; every tenth row is a tie."""
    rows = samples(n, EMOTIONS)[["sample_id", "split", "emotion", "synthetic"]]
    undecided = np.arange(n) % 10 == 0
    rows["emotion"] = rows["emotion"].where(~undecided, None)
    rows["undecided"] = pd.Series(np.where(undecided, "tie", None), dtype=object)
    leading = np.arange(n) % len(VOTE_CLASSES)
    for place, name in enumerate(VOTE_CLASSES):
        rows[f"votes_{name}"] = np.where(leading == place, 10 - (np.arange(n) == 5), 0)
    return rows


def rejects(*rows: tuple[str, int | None, str, str]) -> pd.DataFrame:
    """Rejects of (source, row, reason, detail), typed as they come from the lake."""
    records = [dict(zip(schema.REJECTS.names, row, strict=True)) for row in rows]
    return schema.REJECTS.empty_table().from_pylist(records, schema.REJECTS).to_pandas()


def duplicates(*groups: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Groups of equal pictures, each a list of (sample_id, split, emotion)."""
    records = [
        {
            "group_digest": bytes([number]) * schema.DIGEST_BYTES,
            "sample_id": name,
            "split": split,
            "emotion": emotion,
            "n_copies": len(group),
            "crosses_splits": len({one[1] for one in group}) > 1,
            "conflicting_emotions": len({one[2] for one in group}) > 1,
        }
        for number, group in enumerate(groups)
        for name, split, emotion in group
    ]
    return schema.DUPLICATES.empty_table().from_pylist(records, schema.DUPLICATES).to_pandas()


def mosaics(names: list[str]) -> dict[str, np.ndarray]:
    """Pictures of twenty coloured fields, 50 by 40."""
    rng = np.random.default_rng(0)
    fields = rng.integers(0, 256, (len(names), 5, 4, 3), np.uint8).repeat(10, 1).repeat(10, 2)
    return dict(zip(names, fields, strict=True))


def _no_pictures(_: list[str]) -> dict[str, np.ndarray]:
    return {}


def explored(rows: pd.DataFrame | None = None, **others: Any) -> Explored:
    """A healthy dataset of these rows; `others` override any field of `Explored`."""
    table = samples() if rows is None else rows
    fields: dict[str, Any] = {
        "name": "made_up",
        "title": "Made up",
        "homepage": "https://example.org/faces",
        "licence": "none",
        "emotions": SEVEN,
        "published_total": len(table),
        "samples": table,
        "rejects": rejects(),
        "duplicates": duplicates(),
        "pictures": mosaics if "width_px" in table else _no_pictures,
        "failed_checks": [],
    }
    return Explored(**(fields | others))
