"""The words of the training report: its answer in a sentence, its cautions, its terms."""

from collections import Counter

import pandas as pd

from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.training import augmentation_study
from emotion_pipeline.reports.parts.training.augmentation_study import (
    CONFIRMED,
    REFUTED,
    UNDECIDED,
    Study,
)
from emotion_pipeline.reports.parts.training.curves import Trained

ENOUGH_SEEDS = 3


def lead(trained: list[Trained], studies: list[Study]) -> str:
    """The report's answer."""
    if not trained:
        return "No model has been trained yet. Materialize `models/<recipe>` and its predictions."
    said = f"{len(trained)} recipe{' was' if len(trained) == 1 else 's were'} trained."
    if not studies:
        return f"{said} No two recipes differ in augmentation alone."
    study = max(studies, key=lambda one: (one.is_published, len(one.models)))
    one, table = study.models[study.first], augmentation_study.policy_table(study).iloc[1:]
    row = table.loc[table["accuracy_score_difference"].idxmax()]
    low, high = (row[f"accuracy_score_difference_{end}"] for end in ("low", "high"))
    return (
        f"{said} Of {len(study.models)} augmentations in {one.label_space} of {one.labels_from},"
        f" {row['augmentation']} does best against {study.first}:"
        f" {page.points(row['accuracy_score_difference'])} points"
        f" ({page.points(low)} to {page.points(high)}) of test accuracy"
        f" (n = {row['n']:,}, seed {one.shown_seed})."
    )


def cautions(trained: list[Trained]) -> list[str]:
    """What a reader must not overlook."""
    few = [
        one.recipe
        for one in trained
        if one.curves.get("seed", pd.Series()).nunique() < ENOUGH_SEEDS
    ]
    silent = [one.recipe for one in trained if one.curves.empty]
    said = {
        "Fewer than 3 seeds, so that how much a training varies is not known": few,
        "Without learning curves": silent,
    }
    return [f"{words}: {', '.join(names)}." for words, names in said.items() if names]


def published(pairs: pd.DataFrame) -> str:
    """How much of the published order these pairs confirm."""
    counts = Counter(pairs["published_order"])
    accuracies = augmentation_study.PUBLISHED.items()
    claimed = ", ".join(f"about {100 * score:.0f} % with {name}" for name, score in accuracies)
    verdicts = ", ".join(f"{counts[name]} {name}" for name in (CONFIRMED, REFUTED, UNDECIDED))
    return f"Published for FER2013 without neutral: {claimed}. Of the published order: {verdicts}."


DEFINITIONS = {
    "best epoch": (
        "The epoch whose weights were kept: of the lowest validation loss, unless the recipe keeps"
        " the last one. Its validation score was used to choose it and flatters; compare models on"
        " test pictures, in the leaderboard."
    ),
    "loss difference": (
        "Validation minus training loss in the last epoch. A large one means that the training"
        " pictures are being learned by heart; augmentation and dropout, which only training feels,"
        " make it small or negative."
    ),
    "training seconds, images a second": (
        "Wall-clock seconds on the machine that trained, and training pictures seen in them,"
        " validation included: to compare recipes of one machine."
    ),
    "±": "Standard deviation over seeds.",
    "leave-out recipes": "Their curves are the mean over the folds.",
    "AP50": (
        "Average precision of found faces that overlap a true one by half (Everingham et al. 2010,"
        " The PASCAL Visual Object Classes Challenge). The validation loss of a detector is 1 minus"
        " it."
    ),
    "augmentation study": (
        "Recipes that say the same, apart from how they augment. Accuracy with its Wilson interval;"
        " leak free: without test pictures that stand in the training rows. Differences are of the"
        " lowest seed on the same pictures, with a bootstrap interval (1,000 resamples of the"
        " pictures) and an exact McNemar test, adjusted after Holm for their number."
    ),
    "decided": (
        "The adjusted p-value is below 0.05, the interval excludes 0, and every seed of the better"
        " one is above every seed of the other (seeds gap: by how much; nothing with fewer than"
        " three seeds). Confirmed: it was published so; refuted: the contrary was published."
    ),
}
