"""How did the trainings go, and what is gained by augmenting the training pictures?"""

from dataclasses import dataclass

import pandas as pd

from emotion_pipeline.reports.base import DetectorResult, Report, Results
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown
from emotion_pipeline.reports.parts.training import augmentation_study, text
from emotion_pipeline.reports.parts.training import curves as training_curves
from emotion_pipeline.reports.parts.training.augmentation_study import UNDECIDED, Study
from emotion_pipeline.reports.parts.training.curves import ACCURACY, AP50, MAX_RECIPES, Trained

TITLE = "Training"
SUBJECT = "How the trainings went, side by side, and what augmenting the pictures is worth."
READS = ("models", "detectors")


def render(results: Results) -> Report:
    """The trainings by class set, then the detectors; none at all is a normal state."""
    trained = [model for model in results.models if not model.foreign]
    studies = [(group, augmentation_study.studies(group.models)) for group in groups(trained)]
    sections: list[Section] = []
    files: dict[str, pd.DataFrame] = {}
    for group, some in studies:
        curves = _Curves(group.title, group.slug, list(group.models), ACCURACY)
        sections.append(curves.section())
        sections += [_study(f"{group.slug}_{number}", one) for number, one in enumerate(some, 1)]
        files |= curves.files()
    for curves in _of_detectors(results.detectors):
        sections.append(curves.section())
        files |= curves.files()
    every: list[Trained] = [*trained, *results.detectors]
    document = Document(
        TITLE,
        text.lead(every, [one for _, some in studies for one in some]),
        banner=banner(every),
        cautions=tuple(text.cautions(every)),
        definitions=text.DEFINITIONS if every else None,
    )
    headline = {
        "n_models": len(trained),
        "n_detectors": len(results.detectors),
        "n_augmentation_studies": sum(len(some) for _, some in studies),
        "n_synthetic_models": sum(one.synthetic for one in every),
    }
    return report_of("training", document, sections, headline, tables=files)


@dataclass(frozen=True, eq=False)
class _Curves:
    """Trainings to show side by side: those of one group, the best on validation first."""

    title: str
    slug: str
    models: list[Trained]
    score: str

    def files(self) -> dict[str, pd.DataFrame]:
        """Every training, seed by seed."""
        return {f"runs_{self.slug}": self._runs()}

    def section(self) -> Section:
        told = self._told()
        if not told:
            return Section.of(self.title, "There are no learning curves of these models.")
        shown = told[:MAX_RECIPES]
        left_out = (
            f" Shown are the {len(shown)} best on validation of {len(told)} recipes."
            if len(told) > len(shown)
            else ""
        )
        drawn = Drawn(
            f"curves_{self.slug}",
            training_curves.figure(shown, self.score, synthetic=told[0].synthetic),
            f"Learning curves. Reached on validation by the lowest seed: {self._reached()}.",
            f"Learning curves, a colour per recipe, a line per seed.{left_out}",
        )
        table = Shown(
            f"training_{self.slug}",
            "On validation pictures, never on test. What stands without a mean: the lowest seed.",
            training_curves.summary(self._runs(), self.score),
        )
        return Section.of(self.title, figures=[drawn], tables=[table])

    def _told(self) -> list[Trained]:
        return training_curves.with_curves(self.models, self.score)

    def _runs(self) -> pd.DataFrame:
        return training_curves.run_table(self._told(), self.score)

    def _reached(self) -> str:
        first = self._runs().drop_duplicates("recipe").head(MAX_RECIPES).to_dict("records")
        return "; ".join(
            f"{row['recipe']} {page.percent(row[self.score])} % in epoch {row['best_epoch']:.0f}"
            for row in first
        )


def _of_detectors(detectors: list[DetectorResult]) -> list[_Curves]:
    found: dict[tuple[str, bool], list[Trained]] = {}
    for one in detectors:
        found.setdefault((one.pictures_from, one.synthetic), []).append(one)
    return [
        _Curves(
            f"Face detectors: pictures from {source}{', drawn scenes' if drawn else ''}",
            f"detectors_{source}{'_drawn' if drawn else ''}",
            found[source, drawn],
            AP50,
        )
        for source, drawn in sorted(found)
    ]


def _study(slug: str, study: Study) -> Section:
    policies = augmentation_study.policy_table(study)
    pairs = augmentation_study.pair_table(study)
    order = policies.sort_values("accuracy_score_mean", ascending=False, kind="stable")
    lines = [
        f"{len(study.models)} recipes differ in augmentation alone, on the same test pictures.",
        f"Mean over seeds, highest first: {' > '.join(order['augmentation'])}."
        f" {(pairs['better'] != UNDECIDED).sum()} of {len(pairs)} pairs are decided.",
    ]
    if study.is_published:
        lines.append(text.published(pairs))
    shown = tuple(name for name in pairs if name != "p_value")
    return Section.of(
        "What augmentation is worth",
        *lines,
        tables=[
            Shown(
                f"augmentation_{slug}",
                f"Test accuracy by augmentation; differences are to {study.first}.",
                policies,
                columns=tuple(name for name in policies if name != "p_value"),
            ),
            Shown(f"augmentation_pairs_{slug}", "Every pair.", pairs, columns=shown),
        ],
        minor=True,
    )
