"""Can the probabilities be believed, and how near do they come to human votes?"""

from emotion_pipeline.reports.base import ModelResult, Report, Results
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.calibration import model_sections as calibration_sections
from emotion_pipeline.reports.parts.calibration import vote_sections
from emotion_pipeline.reports.parts.calibration.model_sections import Numbers
from emotion_pipeline.reports.parts.calibration.numbers import ECE
from emotion_pipeline.reports.parts.calibration.votes import JSD
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline.reports.parts.resampled import with_intervals

TITLE = "Calibration and votes"
SUBJECT = "Whether models are as sure as they are right, and how near they come to human votes."
READS = ("models", "votes")

ENOUGH_ROWS = 500
ENOUGH_SEEDS = 3


def render(results: Results) -> Report:
    """The models by class set; none at all is a normal state."""
    found = [(group, Numbers.of(group.models)) for group in groups(results.models)]
    sections = [
        section
        for group, numbers in found
        for section in (
            *calibration_sections.sections(group, numbers),
            *vote_sections.of_models(group, numbers),
        )
    ]
    tables = [numbers for _, numbers in found]
    document = Document(
        TITLE,
        _lead(tables),
        banner=banner(results.models),
        cautions=tuple(_cautions(results.models)),
        definitions=DEFINITIONS if found else None,
    )
    return report_of(
        "calibration",
        document,
        [*sections, *vote_sections.of_people(results)],
        _headline(results.models, tables),
        tables={f"reliability_{group.slug}": numbers.reliability for group, numbers in found},
    )


def _lead(tables: list[Numbers]) -> str:
    if not tables:
        return (
            "No model has been evaluated yet. Train one and let it predict, then make this report"
            " again."
        )
    first = tables[0].calibration.iloc[0]
    error, low, high = (page.percent(first[name]) for name in with_intervals(ECE))
    return (
        f"{first['recipe']}, the best on validation, is {first['reading']}. Bin by bin, its"
        f" confidence and its accuracy are {error} points apart on average"
        f" ({low}\N{EN DASH}{high}; by chance alone {page.percent(first['by_chance_error'])}), on"
        f" {first['n']:,} test pictures."
    )


def _headline(models: list[ModelResult], tables: list[Numbers]) -> dict[str, float]:
    numbers: dict[str, float] = {
        "n_models": len(models),
        "n_synthetic_models": sum(model.synthetic for model in models),
    }
    if tables:
        numbers[ECE] = float(tables[0].calibration.iloc[0][ECE])
        if len(tables[0].votes):
            numbers[JSD] = float(tables[0].votes.iloc[0][JSD])
    return numbers


def _cautions(models: list[ModelResult]) -> list[str]:
    said = {
        "Fewer than 3 seeds, so that how much a training varies is not known": [
            one for one in models if len(one.seeds) < ENOUGH_SEEDS and not one.foreign
        ],
        "Some test pictures also stand in the training rows: see the leak-free numbers": [
            one for one in models if one.rows()["seen_in_training"].any()
        ],
        "Trained elsewhere, on what, nobody here knows": [one for one in models if one.foreign],
        f"Fewer than {ENOUGH_ROWS} test pictures, too few for 15 bins": [
            one for one in models if len(one.rows()) < ENOUGH_ROWS
        ],
    }
    return [
        f"{words}: {', '.join(one.recipe for one in some)}." for words, some in said.items() if some
    ]


DEFINITIONS = {
    "confidence": "The probability of the emotion that the model names.",
    "numbers and intervals": (
        "Numbers of the lowest seed on the original test pictures; ± is the standard deviation over"
        " seeds. Intervals hold 95 %: Wilson 1927 for accuracy, else 1,000 bootstrap resamples of"
        " the pictures, moved so that their median is the number. They say how much the number"
        " would vary on other test pictures."
    ),
    "expected calibration error (ECE)": (
        "Pictures are put into 15 bins of confidence of equal width; in each, the distance between"
        " mean confidence and accuracy; the mean over pictures (Guo et al. 2017, On Calibration of"
        " Modern Neural Networks)."
    ),
    "by chance": (
        "The ECE that a perfectly calibrated model with the same confidences would show, because a"
        " bin holds few pictures (Bröcker & Smith 2007, Increasing the Reliability of Reliability"
        " Diagrams). An ECE near it is no finding."
    ),
    "equal mass": "ECE with 15 bins of equally many pictures (Nguyen & O'Connor 2015).",
    "classwise": (
        "ECE of the probability of each class against being that class, mean over classes (Kull et"
        " al. 2019, Beyond temperature scaling)."
    ),
    "maximum calibration error": (
        "The worst of the 15 bins of equal width, however few pictures it holds: noisy."
    ),
    "Brier loss": (
        "Squared distance of the probabilities from the true class, 0 to 2 (Brier 1950); against"
        " votes, from their shares."
    ),
    "log loss": "Negative log likelihood of the true class, in nats.",
    "leak-free": "Without test pictures whose pixels also stand in the training rows.",
    "temperature": (
        "All log-probabilities divided by one number, which changes no decision (Guo et al. 2017)."
        " It helps or harms where the whole interval of the change of log loss is beyond 0.001."
    ),
    "accuracy at 80": (
        "Accuracy on the 80 % of the pictures with the highest confidence. area under risk error:"
        " share of wrong answers, mean over all such shares (AURC; Geifman & El-Yaniv 2017,"
        " Selective Classification for Deep Neural Networks)."
    ),
    "Jensen-Shannon error": (
        "Divergence between probabilities and vote shares in bits, 0 (equal) to 1 (Lin 1991)."
    ),
    "soft accuracy": "Share of the votes that went to the emotion that the model names.",
    "top two": (
        "Share of pictures whose two most voted emotions are the two most probable ones; only"
        " pictures whose votes name such a pair clearly (clear pairs), without ties."
    ),
    "entropy correlation": (
        "Spearman's correlation between the entropy of the probabilities and that of the votes: 1"
        " where the model doubts what people dispute."
    ),
    "clear, between, disputed": (
        "Thirds of the pictures by the entropy of their votes; equal entropies stay together."
    ),
    "panels": (
        "A majority is that of Barsoum et al. 2016: more than half of the votes, single ones left"
        " out. Voters are drawn without replacement, 100 times; ties are broken by lot. Ten votes"
        " look surer than everybody is, so that a perfect predictor scores less than is said."
        " kappa: agreement beyond chance (Cohen 1960)."
    ),
}
