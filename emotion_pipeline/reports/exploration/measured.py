"""What was measured of the picture files, and the valence and arousal that were published."""

import numpy as np
import pandas as pd

from emotion_pipeline.reports.exploration import figures
from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import (
    emotions_of,
    frequencies,
    named,
)
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

N_SIZES = 10
SCALES = ("valence", "arousal")


def files(explored: Explored) -> Section | None:
    """Sizes, color modes and contrast; None where the rows are no pictures."""
    samples = explored.samples
    if not explored.has_pictures:
        return None
    table = sizes(samples)
    tables = [Shown("sizes", _size_caption(table), table.head(N_SIZES))]
    if "color_mode" in samples:
        modes = frequencies(samples["color_mode"], "color_mode")
        tables.append(Shown("color_modes", "Color modes as stored.", modes))
    drawn = []
    if {"pixel_min", "pixel_max", "pixel_sd"} <= set(samples) and len(samples):
        png = figures.contrast(samples, synthetic=explored.synthetic)
        quartiles = ", ".join(f"{value:.0f}" for value in samples["pixel_sd"].quantile(_QUARTERS))
        alt = (
            "Histograms of the standard deviation of the gray values of a picture (quartiles"
            f" {quartiles}) and of its darkest and brightest value."
        )
        caption = "Contrast and range of gray values, 0 to 255, picture by picture."
        drawn.append(Drawn("contrast", png, alt, caption))
    return Section.of("Picture files", *_range_of(samples), figures=drawn, tables=tables)


_QUARTERS = [0.25, 0.5, 0.75]


def sizes(samples: pd.DataFrame) -> pd.DataFrame:
    """One row per size, most frequent first: width_px, height_px, n, share."""
    counts = samples.groupby(["width_px", "height_px"]).size().sort_values(ascending=False)
    table = counts.rename("n").reset_index()
    return table.assign(share=table["n"] / (len(samples) or np.nan))


def _size_caption(table: pd.DataFrame) -> str:
    if len(table) > N_SIZES:
        return f"The {N_SIZES} most frequent of {len(table):,} sizes."
    return "Every size that occurs."


def _range_of(samples: pd.DataFrame) -> list[str]:
    if samples.empty:
        return []
    low, high = samples[["width_px", "height_px"]].min(), samples[["width_px", "height_px"]].max()
    if (low == high).all():
        return [f"Every picture is {low['width_px']:,} × {low['height_px']:,} px."]
    return [
        f"Widths from {low['width_px']:,} to {high['width_px']:,} px,"
        f" heights from {low['height_px']:,} to {high['height_px']:,} px."
    ]


def affect(explored: Explored) -> Section | None:
    """Valence and arousal; None where no row has them."""
    samples = explored.samples
    if not set(SCALES) <= set(samples):
        return None
    rated = samples.dropna(subset=list(SCALES))
    if rated.empty:
        return None
    table = affect_table(explored)
    centres = table[table["n"] > 0]
    png = figures.valence_arousal(rated, centres, synthetic=explored.synthetic)
    told = "; ".join(
        f"{row.emotion} {row.valence_mean:+.2f}, {row.arousal_mean:+.2f}"
        for row in centres.itertuples()
    )
    alt = f"Map of {len(rated):,} pictures by valence and arousal. Means: {told}."
    figure = Drawn("valence_arousal", png, alt, "Dots: the mean of each emotion.")
    line = f"{len(rated):,} of {len(samples):,} {explored.noun} have both."
    caption = "Mean and standard deviation, -1 to 1, of the rows that have both."
    shown = Shown("valence_arousal", caption, table)
    return Section.of("Valence and arousal", line, figures=[figure], tables=[shown])


def affect_table(explored: Explored) -> pd.DataFrame:
    """One row per emotion: n, then mean and sd of valence and arousal, NaN where nothing is."""
    rated = explored.samples.dropna(subset=list(SCALES))
    groups = rated.groupby(named(rated["emotion"]))[list(SCALES)]
    means, deviations = groups.mean(), groups.std()
    table = pd.DataFrame({"n": groups.size()})
    for scale in SCALES:
        table[f"{scale}_mean"], table[f"{scale}_sd"] = means[scale], deviations[scale]
    table = table.reindex(emotions_of(explored)).astype(float).rename_axis("emotion")
    return table.fillna({"n": 0}).astype({"n": "int64"}).reset_index()
