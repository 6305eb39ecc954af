"""The words of the robustness report: its answer in a sentence, its cautions, its terms."""

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.robustness.numbers import (
    ACCURACY,
    DEGRADED,
    RELATIVE,
    Measured,
    Robustness,
)

FEW_PICTURES = 300
ENOUGH_SEEDS = 3


def percent(number: Measured) -> str:
    """A number with its interval, in words."""
    return (
        f"{page.percent(number.value)} %"
        f" ({page.percent(number.low)}\N{EN DASH}{page.percent(number.high)})"
    )


def lead(found: list[list[Robustness]]) -> str:
    """The report's answer, from the models of every group."""
    if not found:
        return "No model has been evaluated yet. Train one and let it predict the degraded domains."
    corrupted = [one for models in found for one in models if one.severities]
    if not corrupted:
        return (
            "No model has been tested on degraded pictures yet. Name them under `evaluate_on` in a"
            " recipe, and let it predict them."
        )
    best = corrupted[0]
    return (
        f"{best.model.recipe} keeps {percent(best.get(RELATIVE))} of its accuracy on degraded"
        f" pictures: {percent(best.get(ACCURACY, DEGRADED))} in place of"
        f" {percent(best.get(ACCURACY, ORIGINAL))} on the {best.n:,} original ones."
    )


def cautions(measured: list[Robustness]) -> list[str]:
    """What a reader must not overlook, of the models on the page."""
    models = [one.model for one in measured]
    few_seeds = [one.recipe for one in models if len(one.seeds) < ENOUGH_SEEDS and not one.foreign]
    leaky = [one.recipe for one in models if one.rows()["seen_in_training"].any()]
    foreign = [one.recipe for one in models if one.foreign]
    small = [one.model.recipe for one in measured if one.n < FEW_PICTURES]
    said = {
        "Fewer than 3 seeds, so that how much a training varies is not known": few_seeds,
        "Some test pictures also stand in the training rows, which flatters every domain": leaky,
        "Trained elsewhere, on what, nobody here knows; corruptions may be among it": foreign,
        f"Fewer than {FEW_PICTURES} pictures, so that intervals are wide": small,
    }
    return [f"{words}: {', '.join(names)}." for words, names in said.items() if names]


_HENDRYCKS = (
    "Hendrycks & Dietterich 2019, Benchmarking Neural Network Robustness to Common Corruptions"
)
_MICHAELIS = "Michaelis et al. 2019, Benchmarking Robustness in Object Detection"

DEFINITIONS = {
    "pictures": (
        "n test pictures that are in all domains of the model and of the reference. What stands"
        " alone belongs to the lowest seed; ± is the standard deviation over seeds."
    ),
    "intervals": (
        "95 % percentile bootstrap with 1,000 resamples of the pictures, the same ones in every"
        " domain and for every model on the same pictures, so that differences are paired."
    ),
    "p value": (
        "Exact McNemar test of the pictures that are right in one of two domains only; holm:"
        " adjusted for the number of domains of the model. Below 0.05, a domain counts as worse."
    ),
    "degraded, mPC": f"Accuracy, mean over corruptions of the mean over severities ({_MICHAELIS}).",
    "old photo": "The same for the composed look of old photographs.",
    "rPC": f"mPC as a share of the accuracy on original pictures ({_MICHAELIS}).",
    "unseen mPC": (
        "mPC over the corruptions that the model was not trained on: not as training pictures, as a"
        " part of them, or as augmentation. The only one that speaks for the unforeseen."
    ),
    "mCE": (
        "Errors under corruption as a share of those of the reference model, mean over corruptions;"
        f" below 100 % is better than the reference ({_HENDRYCKS})."
    ),
    "relative mCE": (
        "The same for what corruption adds to the error on original pictures. A weak model that has"
        f" little to lose does well here ({_HENDRYCKS})."
    ),
    "flip rate": (
        "Share of pictures whose predicted class is another one than on the original picture, right"
        " or wrong."
    ),
    "right to wrong": "Share of these flips that were right before.",
    "frozen, fine-tuned": (
        "Frozen parts keep the weights that they start with, to the end; fine-tuned ones do so for"
        " the first epochs only. trained on: the kinds of the training pictures."
    ),
    "severity": "1 (slight) to 5 (heavy), scaled to the size of the picture.",
}
