"""The figures of the report on face detectors, as PNG bytes."""

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.operating_point import counts_at, rates
from emotion_pipeline.reports.parts.detection.numbers import ALL_FACES, Detected, DetectorGroup
from emotion_pipeline.reports.parts.figures import COLOURS, GRID, as_png, canvas, plain, tidy

MAX_DETECTORS = len(COLOURS)

_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P")


def precision_recall(one: Detected) -> bytes:
    """Precision over recall, of all faces and by their height, and where the threshold lies."""
    figure = canvas(4.3, synthetic=one.detector.synthetic)
    axes = figure.add_subplot()
    curves = {name: boxes.curve() for name, boxes in one.by_size.items()}
    drawn = [(name, curve) for name, curve in curves.items() if curve.n_truth]
    for (name, curve), colour, style in zip(drawn, COLOURS, _STYLES, strict=False):
        label = f"{name.replace('_', ' ')} ({curve.n_truth:,} faces)"
        width = 2.2 if name == ALL_FACES else 1.2
        axes.plot(
            *(100 * curve.recall, 100 * curve.precision),
            color=colour,
            linestyle=style,
            linewidth=width,
            label=label,
        )
    if not np.isnan(one.threshold):
        counts = counts_at(one.test.boxes, one.threshold)
        precision, recall, *_ = 100 * rates(counts, np.ones((1, len(counts)), dtype=np.int64))[0]
        label = f"at the threshold {one.threshold:.2f}"
        axes.plot(recall, precision, "o", color="black", markersize=6, label=label)
    tidy(axes, "Precision and recall on test pictures", "faces found, %", "boxes right, %")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def recall_by_height(one: Detected, heights: pd.DataFrame) -> bytes:
    """Faces found by their height; `heights` is the detector's `height_table`."""
    figure = canvas(3.6, synthetic=one.detector.synthetic)
    axes = figure.add_subplot()
    places = np.arange(len(heights))
    kinds = (
        ("any_box_recall_score", "by any box", 0.08, COLOURS[5], "s", "white"),
        ("recall_score", "at the threshold", -0.08, COLOURS[0], "o", COLOURS[0]),
    )
    for name, label, shift, colour, marker, fill in kinds:
        if name in heights:
            score, low, high = (100 * heights[f"{name}{end}"] for end in ("", "_low", "_high"))
            spread = np.clip([score - low, high - score], 0, None)
            axes.errorbar(
                *(places + shift, score, spread),
                color=colour,
                marker=marker,
                markerfacecolor=fill,
                markersize=5,
                linewidth=1.2,
                capsize=3,
                label=label,
            )
    tidy(axes, "Faces found, by their height", "height of the face, px (below: faces)", "found, %")
    pairs = zip(heights["face_height_px"], heights["n_faces"], strict=True)
    axes.set_xticks(places, [_two_lines(*pair) for pair in pairs], fontsize=7)
    axes.set_ylim(0, 102)
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def _two_lines(heights: str, n: int) -> str:
    return f"{heights.replace(' to ', '–').replace('under ', '< ').replace(' or more', '+')}\n{n:,}"


def ap50_by_size(group: DetectorGroup, sizes: pd.DataFrame) -> bytes:
    """AP50 by face height of the first detectors; `sizes` is the group's `size_table`."""
    names = list(dict.fromkeys(sizes["face_height"]))
    shown = group.detected[:MAX_DETECTORS]
    figure = canvas(1.4 + 0.5 * len(names) + 0.2 * len(shown), synthetic=group.synthetic)
    axes = figure.add_subplot()
    for number, (one, colour, marker) in enumerate(zip(shown, COLOURS, _MARKERS, strict=False)):
        part = sizes[sizes["recipe"] == one.detector.recipe]
        columns = (f"ap50_score{end}" for end in ("", "_low", "_high"))
        score, low, high = (100 * part[name].to_numpy(float) for name in columns)
        shift = 0.6 * (number + 0.5) / len(shown) - 0.3
        axes.errorbar(
            *(score, np.arange(len(part)) + shift),
            xerr=np.clip([score - low, high - score], 0, None),
            fmt=marker,
            color=colour,
            markersize=5,
            capsize=3,
            label=plain(one.detector.recipe),
        )
    tidy(axes, "", "AP50, % (bars: 95 % intervals)", "")
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    counts = dict(zip(sizes["face_height"], sizes["n_faces"], strict=True))
    axes.set_yticks(range(len(names)), [f"{name}\n{counts[name]:,} faces" for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 102)
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)
