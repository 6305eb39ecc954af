"""How many of the faces in pictures are found, how small may they be, and what is wrongly found?"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from emotion_pipeline.reports.base import Pictures, Report, Results
from emotion_pipeline.reports.parts.detection import figures, text
from emotion_pipeline.reports.parts.detection.heights import height_table
from emotion_pipeline.reports.parts.detection.numbers import (
    Detected,
    DetectorGroup,
    comparison_table,
    detector_groups,
    overview_table,
    size_table,
    threshold_table,
)
from emotion_pipeline.reports.parts.detection.pictures import LEGEND, strips
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import banner
from emotion_pipeline.reports.parts.page import percent
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

TITLE = "Face detection"
SUBJECT = "How many faces the detectors find in whole pictures, by size, and what they get wrong."
READS = ("detectors", "pictures")

_IN_LINE = ("ap50_score", "coco_ap_score", "average_recall_score", "validation_ap50_score")


def render(results: Results) -> Report:
    """The detectors by the pictures they search; none at all is a normal state."""
    groups = detector_groups(results.detectors)
    found = [_Group(group, results.pictures, led=group is groups[0]) for group in groups]
    document = Document(
        TITLE,
        text.lead(groups, [one.overview for one in found]),
        banner=banner(results.detectors),
        quiet=tuple(text.privacy(one.group) for one in found if one.shows_people),
        cautions=tuple(text.cautions(results.detectors, groups)),
        definitions=text.DEFINITIONS if found else None,
    )
    headline: dict[str, float] = {
        "n_detectors": len(results.detectors),
        "n_synthetic_models": sum(one.synthetic for one in results.detectors),
    }
    for row in (row for one in found for row in one.overview.to_dict("records")):
        headline |= {
            f"{row['recipe']}/{name}": row[name] for name in _IN_LINE if row[name] == row[name]
        }
    sections = [section for one in found for section in one.sections]
    return report_of("detection", document, sections, headline)


@dataclass(frozen=True, eq=False)
class _Group:
    """What the page says of detectors of the same pictures."""

    group: DetectorGroup
    pictures: Pictures
    led: bool
    """Whether the page's first sentence has already said how good the best one is."""

    @cached_property
    def overview(self) -> pd.DataFrame:
        return overview_table(self.group)

    @cached_property
    def sections(self) -> list[Section]:
        return list(self._sections())

    @property
    def shows_people(self) -> bool:
        return not self.group.synthetic and any(one.strips for one in self.sections)

    def _sections(self) -> Iterator[Section]:
        yield self._main()
        if len(comparisons := comparison_table(self.group)):
            yield self._comparison(comparisons)
        for one in self.group.detected:
            yield self._detector(one)
            if shown := strips(one, self.pictures):
                title = f"Pictures searched by {one.detector.recipe}"
                yield Section.of(title, LEGEND, strips=shown, minor=True)
        if len(published := text.published(self.group)):
            caption = "Quoted from their papers, not re-run, on other pictures of DarkFace."
            table = Shown(f"published_{self.group.slug}", caption, published)
            yield Section.of("Published for DarkFace", tables=[table], minor=True)

    def _main(self) -> Section:
        slug, sizes = self.group.slug, size_table(self.group)
        thresholds = threshold_table(self.group)
        drawn = Drawn(
            f"ap50_{slug}",
            figures.ap50_by_size(self.group, sizes),
            f"AP50 with intervals, of {text.scores_in_words(sizes)}",
            "AP50 of all faces and by their height.",
        )
        tables = [
            Shown(
                f"overview_{slug}",
                "Test pictures, best on validation first. Below a number: its 95 % interval.",
                self.overview,
            ),
            Shown(f"sizes_{slug}", "AP50 by the height of the true faces.", sizes),
            Shown(
                f"thresholds_{slug}",
                "At the threshold that is best on validation, and flatters it: on test and there.",
                thresholds,
            ),
        ]
        answer = () if self.led else (text.best(self.overview),)
        shown = [one for one in tables if len(one.table)]
        lines = (*answer, *text.at_work(thresholds))
        return Section.of(self.group.title, *lines, figures=[drawn], tables=shown)

    def _comparison(self, comparisons: pd.DataFrame) -> Section:
        first = self.group.first.detector.recipe
        shown = Shown(
            f"against_best_{self.group.slug}",
            f"This detector minus {first} on the same pictures.",
            comparisons,
            columns=tuple(name for name in comparisons if name != "p_value"),
        )
        title = f"Against {first}, the best on validation"
        return Section.of(title, text.compared(comparisons), tables=[shown], minor=True)

    def _detector(self, one: Detected) -> Section:
        recipe, heights = one.detector.recipe, height_table(one)
        score = percent(one.test.ap50_score)
        drawn = [
            Drawn(
                f"precision_recall_{recipe}",
                figures.precision_recall(one),
                f"Precision over recall of {recipe}; AP50 {score} %, by height in the table above.",
                "Precision over recall, of all faces and by their height. Dot: at the threshold.",
            ),
            Drawn(
                f"recall_{recipe}",
                figures.recall_by_height(one, heights),
                f"Faces that {recipe} finds by their height, {text.heights_in_words(heights)}.",
                "Faces found by their height, with 95 % intervals.",
            ),
        ]
        table = Shown(
            f"heights_{recipe}",
            "Faces found, at the threshold and by any box; the upper end is not included.",
            heights,
        )
        title = f"{recipe}: how sure, and how small"
        return Section.of(
            title, *text.small_faces(heights), figures=drawn, tables=[table], minor=True
        )
