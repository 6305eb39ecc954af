"""The page of one model: what it is worth, what it confuses, and which pictures it gets wrong."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emotion_pipeline.domains import DEGRADED, Degradation
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.metrics.robustness import severities
from emotion_pipeline.reports.base import ModelResult, Report
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.document import Document, Link, report_of
from emotion_pipeline.reports.parts.groups import Group, banner
from emotion_pipeline.reports.parts.models import cards as model_cards
from emotion_pipeline.reports.parts.models import classes, key_numbers, mistake_pictures
from emotion_pipeline.reports.parts.models import figures as model_figures
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

Images = Mapping[str, np.ndarray]

DEFINITIONS = {
    "Numbers without a seed": "Belong to the lowest seed, which no result has chosen. Mean ± sd"
    " beside them is over all seeds.",
    "95 % interval": "What another test sample of this size could have given: Wilson 1927 for"
    " accuracy, precision, recall and rates of confusion, a percentile bootstrap of 1,000 resamples"
    " (Efron 1979) for F1. Another training seed is a different uncertainty.",
    "Accuracy": "Share of the rows whose most probable emotion is the true one.",
    "Precision, recall, F1": "Of one class: the share of right ones among those predicted, the"
    " share found of those that are there, and the harmonic mean of both.",
    "Macro F1": "Mean of F1 over the classes that occur: rare ones count as much as frequent ones.",
    "Not seen in training": "Without the test rows whose exact pixels also stand in the training"
    " rows that were used.",
    "Domain": "The pictures as they are (original), in gray, or after a corruption at a severity of"
    " 1 (slight) to 5 (heavy).",
    "Also chosen by taggers": "The wrong emotion got at least 30 % of those votes on the picture"
    " that name an emotion.",
    "Disputed": "Entropy of the shares of the votes, in bits (Shannon 1948): 0 where all people"
    " agree, 1 where two emotions got half of the votes each.",
}


def page_of(group: Group, model: ModelResult, images: Images) -> Report:
    """The page of a model of a group; `images` holds its original pictures by sample_id.

    Its tables and figures bear the recipe's name, so that all models' can lie in one folder.
    """
    numbers = key_numbers.key_numbers(model)
    confusion = classes.confusion_table(model)
    wrong = mistake_pictures.mistakes(model, images)
    disputed = mistake_pictures.disputed(model, images)
    sections = [
        _key_numbers(model, numbers),
        _class_by_class(model),
        _confusions(model, confusion),
        _domains(model, confusion),
        _learning(model),
        wrong.section,
        disputed.section,
        model_cards.card(model),
        model_cards.provenance(model),
    ]
    shows_people = bool(wrong.sheets or disputed.sheets) and not model.synthetic
    document = Document(
        f"Model {model.recipe}",
        lead(numbers),
        banner=banner([model]),
        quiet=(model.description, f"{group.title}; {page.count(model.n_parameters)} parameters."),
        links=(Link("All models", "index.html"),),
        cautions=(
            *model_cards.cautions(model, numbers),
            *([mistake_pictures.privacy(model)] if shows_people else []),
        ),
        definitions=DEFINITIONS,
    )
    return report_of(
        model.recipe,
        document,
        [section for section in sections if section is not None],
        {},
        tables={f"confusion_{model.recipe}": confusion} | wrong.tables | disputed.tables,
        pictures=wrong.sheets | disputed.sheets,
    )


def lead(numbers: pd.DataFrame) -> str:
    """How many test pictures it gets right, in one sentence."""
    official, leak_free = numbers.to_dict("records")[:2]
    sentence = f"{_accuracy(official)} of {page.count(official['n'])} test pictures are named right"
    if official["n"] == leak_free["n"]:
        return f"{sentence}."
    if not leak_free["n"]:
        return f"{sentence}; every one of them was seen in training."
    return (
        f"{sentence}; {_accuracy(leak_free)} of the {page.count(leak_free['n'])} that were not"
        " seen in training."
    )


def _accuracy(row: dict[str, float]) -> str:
    score, low, high = (page.percent(row[f"accuracy_score{end}"]) for end in ("", "_low", "_high"))
    return f"{score} % (95 % interval {low}–{high} %)"


def _key_numbers(model: ModelResult, numbers: pd.DataFrame) -> Section:
    caption = f"Original pictures, seed {model.shown_seed}; below a number its 95 % interval."
    shown = Shown(f"key_numbers_{model.recipe}", caption, numbers)
    return Section.of("Key numbers", tables=[shown])


def _class_by_class(model: ModelResult) -> Section:
    caption = "Original test pictures; below a number its 95 % interval."
    shown = Shown(f"per_class_{model.recipe}", caption, classes.per_class_table(model))
    return Section.of("Class by class", tables=[shown])


def _confusions(model: ModelResult, confusion: pd.DataFrame) -> Section:
    largest = [classes.in_words(one) for one in classes.largest_confusions(confusion)]
    often = "; ".join(largest) or f"none in classes with at least {classes.MIN_ROWS} rows"
    alt = f"Confusion matrix of {len(model.rows()):,} original test pictures. Most often: {often}."
    caption = (
        "Each row adds up to 100 % of a true class; the small number is the count. The cells of all"
        f" domains, with intervals, are in confusion_{model.recipe}.csv beside this page."
    )
    png = model_figures.confusion(model, classes.counts_of(model))
    figure = Drawn(f"confusion_{model.recipe}", png, alt, caption)
    line = f"The most frequent confusions, as shares of the true class: {often}."
    return Section.of("What was taken for what", line, figures=[figure])


def _domains(model: ModelResult, confusion: pd.DataFrame) -> Section | None:
    """Original, gray, and each corruption at its strongest; None where there is one domain."""
    found = severities(model.domains)
    strongest = [Degradation(name, levels[-1]).key for name, levels in found.items()]
    shown = [*(one for one in model.domains if one not in DEGRADED), *strongest]
    if len(shown) < 2:
        return None
    counts = {domain: classes.counts_of(model, domain) for domain in shown}
    table = pd.DataFrame([_domain_row(one, counts[one], confusion) for one in shown])
    titled = {one.replace("_", " ").replace("-", " "): counts[one] for one in shown}
    worst = table.loc[table["accuracy_score"].idxmin()]
    alt = (
        f"Confusion matrices of {len(shown)} domains side by side. Least right: {worst['domain']},"
        f" {page.percent(worst['accuracy_score'])} %."
    )
    caption = (
        "True classes in rows, predicted ones in columns. White: nothing of the true class; dark"
        " blue: all of it. A dark column is a class that everything is taken for. Corruptions at"
        " the strongest severity tested."
    )
    png = model_figures.confusions(model, titled)
    figure = Drawn(f"domains_{model.recipe}", png, alt, caption)
    told = Shown(f"domains_{model.recipe}", _DOMAINS, table)
    return Section.of("Domain by domain", figures=[figure], tables=[told])


_DOMAINS = (
    "The test pictures in each domain, and which class with at least"
    f" {classes.MIN_ROWS} rows was most often taken for which other; below a number its 95 %"
    " interval."
)


def _domain_row(domain: str, counts: np.ndarray, confusion: pd.DataFrame) -> dict[str, object]:
    n, n_right = int(counts.sum()), int(np.trace(counts))
    low, high = wilson_interval(n_right, n)
    most = next(iter(classes.largest_confusions(confusion, 1, domain)), {})
    return {
        "domain": domain,
        "n": n,
        "accuracy_score": n_right / n if n else np.nan,
        "accuracy_score_low": float(low),
        "accuracy_score_high": float(high),
        "most_confused": f"{most['emotion']} → {most['predicted']}" if most else "",
        "n_of_that_class": most.get("n_emotion"),
        **{f"confusion_rate{end}": most.get(f"rate{end}") for end in ("", "_low", "_high")},
    }


def _learning(model: ModelResult) -> Section | None:
    """The learning curves; None where there are none."""
    if model.curves.empty:
        return None
    ends = model.curves.sort_values("epoch").groupby("seed")["validation_accuracy_score"].last()
    told = ", ".join(f"{page.percent(score)} % (seed {seed})" for seed, score in ends.items())
    alt = f"Loss and validation accuracy over epochs. Accuracy after the last epoch: {told}."
    caption = (
        "One line per seed. Where validation loss rises while training loss still falls, the model"
        " learns its training pictures by heart."
    )
    png = model_figures.learning_curves(model)
    return Section.of("Learning", figures=[Drawn(f"curves_{model.recipe}", png, alt, caption)])
