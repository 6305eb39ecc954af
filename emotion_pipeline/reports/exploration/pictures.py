"""Pictures to look at: some of each class, and the flattest ones.

Which ones is decided by a hash of their names: at random, but the same every time, and not by
the order or the number of the others.
"""

from typing import Any

import cv2
import numpy as np
import pandas as pd

from emotion_pipeline.imaging.contact_sheet import PAPER, TILE_PX, contact_sheet, palette_png
from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import emotions_of, named
from emotion_pipeline.reports.parts.contact import THUMBNAIL_PX, shrunk
from emotion_pipeline.reports.parts.sections import Section, Strip, Thumbnail

N_PER_CLASS = 6
N_WITHOUT_CLASSES = 24
N_FLATTEST = 12
MAX_STRIPS = 12
SCENE_PX = 320
BOX_COLOUR = (230, 60, 30)

ALL = "all"

Images = dict[str, np.ndarray]


def chosen(explored: Explored) -> dict[str, pd.DataFrame]:
    """Rows to show, by label: some of each class, or of all where there are no classes."""
    samples = explored.samples
    order = pd.util.hash_array(samples["sample_id"].to_numpy(object)).argsort(kind="stable")
    emotion = named(samples["emotion"]).iloc[order]
    if not explored.emotions:
        return {ALL: samples.iloc[order[:N_WITHOUT_CLASSES]]}
    some = samples.loc[emotion.groupby(emotion).head(N_PER_CLASS).index]
    shown = emotions_of(explored)[:MAX_STRIPS]
    by_class = {label: some[named(some["emotion"]) == label] for label in shown}
    return {label: rows for label, rows in by_class.items() if len(rows)}


def flattest(samples: pd.DataFrame) -> pd.DataFrame:
    """The rows with the lowest standard deviation of gray values, lowest first."""
    if "pixel_sd" not in samples:
        return samples.head(0)
    return samples.nsmallest(N_FLATTEST, "pixel_sd")


def section(explored: Explored) -> tuple[Section | None, dict[str, bytes]]:
    """Thumbnails for the page, and the contact sheets `pictures` and `flattest` as PNG.

    None and nothing where no pictures are to be had.
    """
    if explored.samples.empty or not explored.has_pictures:
        return None, {}
    by_label, flat = chosen(explored), flattest(explored.samples)
    images = _images(explored, pd.concat([*by_label.values(), flat]))
    if not images:
        return None, {}
    totals = {ALL: len(explored.samples), **named(explored.samples["emotion"]).value_counts()}
    strips = [
        _strip(f"{label}: {totals[label]:,} pictures", rows, images, "split")
        for label, rows in by_label.items()
    ]
    strips.append(_strip("With the least contrast", flat, images, "emotion", "pixel_sd"))
    sheets = {"pictures": _sheet(by_label, images)}
    if len(flat):
        sheets["flattest"] = contact_sheet(_of(flat, images), n_columns=6)
    shown = [strip for strip in strips if strip.thumbnails]
    return Section.of("Pictures", _HOW_CHOSEN, strips=shown), sheets


_HOW_CHOSEN = "Chosen at random by their names, and the same every time. Below each: its sample_id."


def _images(explored: Explored, rows: pd.DataFrame) -> Images:
    """Small pictures by sample_id, of the rows whose picture can be had."""
    rows = rows.drop_duplicates("sample_id")
    found = explored.pictures(rows["sample_id"].tolist())
    boxes = rows["boxes"] if "boxes" in rows else [None] * len(rows)
    return {
        name: _small(found[name], box)
        for name, box in zip(rows["sample_id"], boxes, strict=True)
        if name in found
    }


def _of(rows: pd.DataFrame, images: Images) -> list[np.ndarray]:
    return [images[name] for name in rows["sample_id"] if name in images]


def _small(picture: np.ndarray, boxes: list[dict[str, int]] | None) -> np.ndarray:
    """The picture, made smaller if it is large; with its faces framed where boxes are given."""
    if boxes is None:
        return shrunk(picture, THUMBNAIL_PX)
    small = shrunk(picture, SCENE_PX)
    scale = max(small.shape[:2]) / max(picture.shape[:2])
    framed = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    for box in boxes:
        left, top, right, bottom = (
            round(box[f"{edge}_px"] * scale) for edge in ("left", "top", "right", "bottom")
        )
        cv2.rectangle(framed, (left - 1, top - 1), (right, bottom), BOX_COLOUR, 1)
    return framed


def _strip(label: str, rows: pd.DataFrame, images: Images, *noted: str) -> Strip:
    """Thumbnails of the rows; the columns `noted` stand below them."""
    thumbnails = [
        _thumbnail(row, images[row["sample_id"]], noted)
        for row in rows.to_dict("records")
        if row["sample_id"] in images
    ]
    return Strip(label, thumbnails, wide="boxes" in rows)


def _thumbnail(row: dict[str, Any], image: np.ndarray, noted: tuple[str, ...]) -> Thumbnail:
    name = str(row["sample_id"])
    told = {column: row[column] for column in ("emotion", "split") if not pd.isna(row[column])}
    if "pixel_sd" in row:
        told["pixel_sd"] = f"sd {row['pixel_sd']:.1f}"
    alt = ", ".join([name, *told.values()])
    note = ", ".join(told[column] for column in noted if column in told)
    return Thumbnail(palette_png(image), alt, name, note)


def _sheet(by_label: dict[str, pd.DataFrame], images: Images) -> bytes:
    """A row per class that begins with its name; without classes, the pictures alone."""
    if len(by_label) == 1:
        (rows,) = by_label.values()
        return contact_sheet(_of(rows, images), n_columns=N_PER_CLASS)
    tiles: list[np.ndarray] = []
    for label, rows in by_label.items():
        row = [_name_tile(label), *_of(rows, images)]
        tiles += [*row, *[_name_tile("")] * (1 + N_PER_CLASS - len(row))]
    return contact_sheet(tiles, n_columns=1 + N_PER_CLASS)


def _name_tile(name: str) -> np.ndarray:
    tile = np.full((TILE_PX, TILE_PX), PAPER, np.uint8)
    place = (2, TILE_PX // 2)
    cv2.putText(tile, name[:11], place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, 0, 1, cv2.LINE_AA)
    return tile
