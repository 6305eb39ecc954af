"""The page of one model: its verdict, its mean maps, and single pictures under their maps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.contact_sheet import palette_png
from emotion_pipeline.reports.base import ExplainedResult, ModelResult, Pictures, Report
from emotion_pipeline.reports.parts.document import Document, Link, report_of
from emotion_pipeline.reports.parts.explain import figures as drawing
from emotion_pipeline.reports.parts.explain import numbers as explain
from emotion_pipeline.reports.parts.groups import Group, banner
from emotion_pipeline.reports.parts.models import mistake_pictures
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown, Strip, Thumbnail

N_OF_A_KIND = 4
LEAST_AVERAGED = 10  # the mean of fewer is about these people, not about an emotion

WHAT_MAPS_ARE = (
    "A map colours the places of a picture by how much they speak for what the model says: yellow"
    " most, dark violet nothing. Whether a map can be believed is checked first."
)
DEFINITIONS = {
    "Map": "Where the picture speaks for the emotion that the model predicts: Grad-CAM (Selvaraju"
    " et al. 2017) in the form HiResCAM (Draelos and Carin 2020), gradient times feature, summed"
    " over the features of the last layer with at least 4 x 4 cells. Yellow speaks most, dark"
    " violet nothing. Each map is scaled for itself: compare places within one, not brightness"
    " between two.",
    "First check": "A network of the same shape with re-drawn weights has learned nothing. If it"
    " gives the same maps, these show the shape of the network or the edges of the picture (Adebayo"
    " et al. 2018, Sanity Checks for Saliency Maps). Spearman's rank correlation of the pixels:"
    f" 1 is the same order, 0 none in common. Mean over three such networks; {explain.MOST_ALIKE}"
    " is this project's convention.",
    "Second check": "The fifth of the pixels that the map ranks highest gets the picture's mean,"
    " and the probability of the predicted emotion falls by so many points; beside it the same for"
    " a fifth that a random map of equal coarseness ranks highest, mean of five draws.",
    "95 % interval": "Percentile bootstrap over the pictures, 1,000 resamples (Efron 1979). The"
    " pictures are at most eight named right and eight named wrong of each emotion, so these"
    " numbers do not stand for the whole test set.",
    "What maps cannot show": "Why a place counts, what would have been said had it looked"
    " otherwise, and anything finer than a cell. A map of a face does not say that the model reads"
    " expressions as people do. Another training seed may look elsewhere: maps are of the lowest"
    " seed only.",
}


@dataclass(frozen=True, eq=False)
class Explained:
    """A model of a group with its explanations, and the row of the checks that decides."""

    group: Group
    model: ModelResult
    found: ExplainedResult
    checks: pd.DataFrame

    @classmethod
    def of(cls, group: Group, model: ModelResult, found: ExplainedResult) -> "Explained":
        return cls(group, model, found, explain.checks_table(found))

    @property
    def all_checks(self) -> dict[str, Any]:
        """The row of all pictures."""
        row: dict[str, Any] = self.checks.iloc[0].to_dict()
        return row

    @property
    def cautions(self) -> list[str]:
        return explain.cautions(self.found, self.all_checks)

    @cached_property
    def mean_maps(self) -> Section | None:
        """The mean map of each emotion; None where too few pictures were named right."""
        means = {
            emotion: mean
            for emotion, mean in self.found.means.items()
            if mean.n_pictures >= LEAST_AVERAGED
        }
        if not means:
            return None
        places = drawing.most_salient_third(means)
        told = ", ".join(f"{emotion} {place}" for emotion, place in places.items())
        figure = Drawn(
            f"mean_maps_{self.model.recipe}",
            drawing.mean_maps(means, synthetic=self.model.synthetic),
            f"Mean maps of {self.model.recipe} over mean faces. Highest on average: {told}.",
            "Mean over at most 200 test pictures of an emotion that are named right, on their mean"
            " face: the sharper that is, the better the faces lie on one another. Emotions with"
            f" fewer than {LEAST_AVERAGED} such pictures are left out.",
        )
        return Section.of("On average", f"Highest on average: {told}.", figures=[figure])

    @property
    def layer(self) -> str:
        first = self.found.rows.iloc[0]
        n_across = first["grid_px"]
        cells = f"Maps of {n_across} x {n_across} cells, from the layer {first['layer']}"
        return f"{cells} of seed {first['seed']}."


def page_of(one: Explained, pictures: Pictures) -> Report:
    """The page of a model; its tables and figures bear its recipe's name."""
    shown = _shown(one.found)
    images = _images(one.found, shown, pictures)
    strips = _galleries(one.found, shown, images)
    sections = [_checks(one), _redrawn(one.found, shown, images), one.mean_maps, _stability(one)]
    if strips:
        sections.append(Section.of("Picture by picture", _order_of(one.found), strips=strips))
    people = bool(strips) and not one.model.synthetic
    privacy = [mistake_pictures.privacy(one.model)] if people else []
    document = Document(
        f"What {one.model.recipe} looks at",
        f"{explain.verdict(one.all_checks)[0]} {explain.in_short(one.all_checks)}",
        banner=banner([one.model]),
        quiet=(WHAT_MAPS_ARE, one.model.description, f"{one.group.title}. {one.layer}"),
        links=(Link("All explained models", "index.html"),),
        cautions=(*one.cautions, *privacy),
        definitions=DEFINITIONS,
    )
    made = [section for section in sections if section]
    return report_of(one.model.recipe, document, made, {})


def _checks(one: Explained) -> Section:
    caption = (
        "Original test pictures; below a number its 95 % interval. A drop is by how much the"
        " probability of the predicted emotion falls."
    )
    shown = Shown(f"checks_{one.model.recipe}", caption, one.checks)
    return Section.of("May these maps be read?", *explain.verdict(one.all_checks), tables=[shown])


def _stability(one: Explained) -> Section | None:
    """How far maps stay the same on degraded pictures; None without such."""
    table = explain.stability_table(one.found)
    if table.empty:
        return None
    line = (
        f"The same pictures in the domain {explain.degraded_domain(one.found)}: rank correlation of"
        " the maps before and after, apart by whether the model still gives the same answer."
    )
    shown = Shown(
        f"stability_{one.model.recipe}", "Mean over pictures, 95 % interval below.", table
    )
    return Section.of("On degraded pictures", line, tables=[shown])


def _shown(found: ExplainedResult) -> dict[str, pd.DataFrame]:
    """Original rows to show by label, a few of each emotion and kind."""
    rows = explain.original(found)
    right = rows["predicted"] == rows["emotion"]
    by_label = {}
    for emotion in sorted(rows["emotion"].unique()):
        for kind, chosen in ((explain.RIGHT, right), (explain.WRONG, ~right)):
            some = rows[chosen & (rows["emotion"] == emotion)].head(N_OF_A_KIND)
            if len(some):
                by_label[f"{emotion}, {kind}"] = some
    return by_label


Images = Mapping[str, Mapping[str, np.ndarray]]


def _images(found: ExplainedResult, shown: dict[str, pd.DataFrame], pictures: Pictures) -> Images:
    """The pictures that are to be had, by domain and sample_id."""
    names = [name for rows in shown.values() for name in rows["sample_id"]]
    domains = [str(domain) for domain in found.rows["domain"].unique()]
    return {domain: pictures(found.pictures_from, domain, names) for domain in domains}


def _order_of(found: ExplainedResult) -> str:
    domain = explain.degraded_domain(found)
    beside = f", then the same in the domain {domain}" if domain else ""
    return (
        f"The picture, and the map over it{beside}. Below: true and predicted emotion with its"
        " probability. Chosen by a hash of their names, not by what they show."
    )


def _galleries(
    found: ExplainedResult, shown: dict[str, pd.DataFrame], images: Images
) -> list[Strip]:
    """The pictures of each label, original and degraded, under their maps."""
    domain = explain.degraded_domain(found)
    rows = explain.placed(found)
    degraded = rows[rows["domain"] == domain].set_index("sample_id").to_dict("index")
    strips = []
    for label, some in shown.items():
        thumbnails = [
            _thumbnail(found, row, degraded.get(row["sample_id"]), images)
            for row in some.to_dict("records")
            if row["sample_id"] in images[ORIGINAL]
        ]
        if thumbnails:
            strips.append(Strip(label, thumbnails, wide=True))
    return strips


def _thumbnail(
    found: ExplainedResult, row: dict[str, Any], degraded: dict[str, Any] | None, images: Images
) -> Thumbnail:
    name = row["sample_id"]
    tiles = _tiles(found, row, images[ORIGINAL][name])
    said = f"{row['emotion']} → {_answer(row)}"
    if degraded is not None and name in images.get(degraded["domain"], {}):
        tiles += _tiles(found, degraded, images[degraded["domain"]][name])
        said = f"{said}; {degraded['domain']}: {_answer(degraded)}"
    return Thumbnail(palette_png(drawing.side_by_side(tiles)), f"{name}: {said}", said, name)


def _tiles(found: ExplainedResult, row: dict[str, Any], picture: np.ndarray) -> list[np.ndarray]:
    """A picture, and the map over it."""
    return [drawing.plain(picture), drawing.overlay(picture, found.maps[row["place"]])]


def _answer(row: dict[str, Any]) -> str:
    return f"{row['predicted']} {int(100 * row['p_predicted'] + 1e-9)}\N{NO-BREAK SPACE}%"


def _redrawn(
    found: ExplainedResult, shown: dict[str, pd.DataFrame], images: Images
) -> Section | None:
    """A picture of each emotion beside both maps; None where no pictures are to be had."""
    firsts = {row["emotion"]: row for rows in shown.values() for row in rows.to_dict("records")[:1]}
    thumbnails = []
    for emotion, row in firsts.items():
        picture = images[ORIGINAL].get(row["sample_id"])
        if picture is not None:
            redrawn = drawing.overlay(picture, found.redrawn_maps[row["place"]])
            tiles = [*_tiles(found, row, picture), redrawn]
            note = f"rank correlation {row['redrawn_similarity']:.2f}"
            png = palette_png(drawing.side_by_side(tiles))
            alt = f"{row['sample_id']}, map and map of re-drawn weights: {note}"
            thumbnails.append(Thumbnail(png, alt, emotion, note))
    if not thumbnails:
        return None
    line = "The picture, its map, and the map of a network with re-drawn weights."
    strip = Strip("", thumbnails, wide=True)
    return Section.of("The first check, seen", line, strips=[strip], minor=True)
