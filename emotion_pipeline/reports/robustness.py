"""How much of its accuracy does a model keep on gray, noisy, blurred and aged pictures?"""

import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import Group, banner, groups
from emotion_pipeline.reports.parts.robustness import (
    degraded_pictures,
    figures,
    tables,
    text,
    transfer,
)
from emotion_pipeline.reports.parts.robustness.numbers import (
    ACCURACY,
    DEGRADED,
    FLIPS,
    Robustness,
    reference_of,
    robustness_of,
)
from emotion_pipeline.reports.parts.robustness.trained_on import trained_corruptions
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

TITLE = "Robustness"
SUBJECT = "How much accuracy each model keeps on gray, noisy, blurred and aged pictures."
READS = ("models", "pictures")


def render(results: Results) -> Report:
    """The models by class set; none at all is a normal state."""
    found = [(group, robustness_of(group.models)) for group in groups(results.models)]
    sections = [section for group, models in found for section in _sections(group, models, results)]
    document = Document(
        TITLE,
        text.lead([models for _, models in found]),
        banner=banner(results.models),
        cautions=tuple(text.cautions([one for _, some in found for one in some])),
        definitions=text.DEFINITIONS if results.models else None,
    )
    headline = {
        "n_models": len(results.models),
        "n_models_tested_on_corruptions": sum(
            bool(one.severities) for _, models in found for one in models
        ),
        "n_synthetic_models": sum(model.synthetic for model in results.models),
    }
    return report_of("robustness", document, sections, headline)


def _sections(group: Group, models: list[Robustness], results: Results) -> list[Section]:
    if not models:
        return [Section.of(group.title, "These models were tested on original pictures alone.")]
    domains = tables.by_domain(models)
    corrupted = [one for one in models if one.severities]
    sections = [_beside(group, models, tables.side_by_side(models, domains))]
    if corrupted:
        sections += [_curves(group, corrupted), _losses(group, corrupted)]
    sections += [
        _transfer(f"{group.slug}_{number}", study)
        for number, study in enumerate(transfer.studies(models), 1)
    ]
    strip = degraded_pictures.strip(models[0], results.pictures)
    if strip:
        sections.append(Section.of("What it looks like", PRIVACY, strips=[strip], minor=True))
    every = Shown(
        f"domains_{group.slug}",
        "Every model on every domain. lost: right on the original picture only; gained: right here"
        " only.",
        domains,
        columns=tuple(name for name in domains if name != "p_value"),
    )
    return [*sections, Section.of("Domain by domain", tables=[every], minor=True)]


PRIVACY = "The picture is its dataset's: do not pass it on without a look at the licence."


def _beside(group: Group, models: list[Robustness], table: pd.DataFrame) -> Section:
    shown = models[: figures.MAX_MODELS]
    drawn = Drawn(
        f"side_by_side_{group.slug}",
        figures.side_by_side(shown, synthetic=group.first.synthetic),
        "Accuracy on original, grayscale and degraded pictures. "
        + "; ".join(
            f"{one.model.recipe}: {page.percent(one.get(ACCURACY, ORIGINAL).value)} % original,"
            f" {page.percent(one.get(ACCURACY, DEGRADED).value)} % degraded"
            for one in shown
        ),
        f"Original, gray and degraded pictures side by side.{_left_out(models)}",
    )
    caption = (
        "Accuracy with its 95 % interval, and the difference to the same pictures in the original."
        " domains worse: those with a significant loss."
    )
    return Section.of(
        group.title,
        figures=[drawn],
        tables=[Shown(f"side_by_side_{group.slug}", caption, table)],
    )


def _left_out(models: list[Robustness]) -> str:
    if len(models) <= figures.MAX_MODELS:
        return ""
    return f" Shown are the {figures.MAX_MODELS} best on validation of {len(models)} models."


def _curves(group: Group, models: list[Robustness]) -> Section:
    shown = models[: figures.MAX_MODELS]
    best = shown[0]
    hardest = min(best.severities, key=lambda name: best.get(ACCURACY, name).value)
    finding = (
        f"{hardest.replace('_', ' ').capitalize()} costs {best.model.recipe} most:"
        f" {text.percent(best.get(ACCURACY, hardest))} are left, the mean over severities"
    )
    drawn = Drawn(
        f"severities_{group.slug}",
        figures.severity_curves(shown, synthetic=group.first.synthetic),
        f"Accuracy over severity by corruption. {finding}.",
        f"Accuracy over severity. Shaded: 95 % intervals.{_left_out(models)}",
    )
    return Section.of("Corruption by corruption", f"{finding}.", figures=[drawn], minor=True)


def _losses(group: Group, models: list[Robustness]) -> Section:
    reference = reference_of([one.model for one in models])
    named = (
        f"mCE is against {reference.recipe}, the smallest model of the group that was trained here."
        if reference
        else "There is no mCE: no model of the group was trained here."
    )
    changed = (
        f"{models[0].model.recipe} says another emotion than on the original picture for"
        f" {text.percent(models[0].get(FLIPS, DEGRADED))} of the degraded ones."
    )
    trained = {one.model.recipe: sorted(trained_corruptions(one.model)) for one in models}
    told = [
        f"{recipe} was trained on {', '.join(names).replace('_', ' ')}, alone or as a part."
        for recipe, names in trained.items()
        if names
    ]
    return Section.of(
        "What is left, and what changes",
        named,
        changed,
        *told,
        tables=[
            Shown(f"losses_{group.slug}", "Over all corruptions.", tables.losses(models)),
            *_by_corruption(group, models),
        ],
        minor=True,
    )


def _by_corruption(group: Group, models: list[Robustness]) -> list[Shown]:
    kinds = (
        ("unseen", False, "corruptions that the model was not trained on"),
        ("trained", True, "corruptions that the model was trained on"),
    )
    measures = (
        ("accuracy", ACCURACY, "_score", "Accuracy"),
        ("flips", FLIPS, "_rate", "Changed predictions"),
    )
    shown = [
        Shown(
            f"{measure}_{kind}_{group.slug}",
            f"{words} on {about}, mean over severities.",
            tables.by_corruption(models, key, end, trained=trained),
        )
        for measure, key, end, words in measures
        for kind, trained, about in kinds
    ]
    return [one for one in shown if len(one.table)]


def _transfer(slug: str, study: list[Robustness]) -> Section:
    table = transfer.table(study)
    return Section.of(
        "What was trained, and on which pictures",
        f"{len(study)} recipes say the same, apart from what is trained and on which pictures, and"
        " from the optimiser, which has to fit that.",
        tables=[Shown(f"transfer_{slug}", "Accuracy by the kind of test pictures.", table)],
        minor=True,
    )
