"""Where the faces are: how many in a picture, and how large."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.reports.exploration import figures
from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import distribution
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown
from emotion_pipeline.schema import BOX

SIDES_PX = (8, 16, 32, 64, 128)
_SIDES = ("under 8", "8 to 16", "16 to 32", "32 to 64", "64 to 128", "128 or more")
_FACES = ("0", "1", "2", "3 to 5", "6 to 10", "11 to 20", "21 to 50", "over 50")
_FACES_FROM = (1, 2, 3, 6, 11, 21, 51)


def n_faces(samples: pd.DataFrame) -> np.ndarray:
    """(n,) int: boxes in each picture; 0 where none are given."""
    counts = pc.fill_null(pc.list_value_length(_boxes(samples)), 0)
    return counts.to_numpy(zero_copy_only=False)


def larger_sides_px(samples: pd.DataFrame) -> np.ndarray:
    """(m,) int: the larger side of every box of every picture."""
    flat = _boxes(samples).flatten()
    left, top, right, bottom = (
        pc.struct_field(flat, field.name).to_numpy(zero_copy_only=False) for field in BOX
    )
    return np.maximum(right - left, bottom - top)


def section(explored: Explored) -> Section | None:
    """None for a dataset without boxes."""
    if "boxes" not in explored.samples:
        return None
    counts, sides = n_faces(explored.samples), larger_sides_px(explored.samples)
    per_picture = _binned(counts, _FACES_FROM, _FACES, "faces")
    by_size = _binned(sides, SIDES_PX, _SIDES, "larger_side_px")
    drawn = []
    if len(sides):
        png = figures.faces(per_picture, by_size, synthetic=explored.synthetic)
        alt = (
            f"Bars: pictures by number of faces (at most {counts.max():,}) and faces by larger"
            f" side (median {np.median(sides):.0f} px); tables below."
        )
        drawn.append(Drawn("faces", png, alt, "How many faces, and how large."))
    lines = [f"{len(sides):,} faces in {len(counts):,} pictures."]
    if "n_boxes_published" in explored.samples:
        n_dropped = int(explored.samples["n_boxes_published"].sum()) - len(sides)
        lines.append(f"{n_dropped:,} published boxes could not be used.")
    tables = [
        Shown("faces_per_picture", "Pictures by number of faces.", per_picture),
        Shown("face_sizes", "Faces by their larger side; the upper end not included.", by_size),
    ]
    return Section.of("Faces", *lines, figures=drawn, tables=tables)


def _boxes(samples: pd.DataFrame) -> pa.Array:
    return pa.array(samples["boxes"].astype(object), pa.list_(BOX), from_pandas=True)


def _binned(
    values: np.ndarray, starts: tuple[int, ...], labels: tuple[str, ...], name: str
) -> pd.DataFrame:
    """One row per label: values below starts[0], from starts[0] to below starts[1], and so on."""
    counts = np.bincount(np.digitize(values, starts), minlength=len(labels))
    return distribution(pd.Series(counts, index=list(labels)), name)
