"""The sections on calibration of one group of models."""

from dataclasses import dataclass

import pandas as pd

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.calibration import abstention, temperature, votes
from emotion_pipeline.reports.parts.calibration import domains as calibration_domains
from emotion_pipeline.reports.parts.calibration import figures as calibration_figures
from emotion_pipeline.reports.parts.calibration import numbers as calibration
from emotion_pipeline.reports.parts.calibration.numbers import ECE, GAP
from emotion_pipeline.reports.parts.groups import Group
from emotion_pipeline.reports.parts.resampled import measured
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

_SURENESS = ("recipe", "n", "accuracy_score", "confidence_score", GAP, "reading")
_BINNED = (
    *("recipe", "n", ECE, "by_chance_error", f"{ECE}_mean", "n_seeds"),
    *("leak_free_n", f"leak_free_{ECE}"),
)
_MEASURES = (
    *("recipe", "n", "equal_mass_calibration_error", "classwise_calibration_error"),
    *("maximum_calibration_error", "brier_loss", "log_loss"),
)
_SEEDS = (
    *("recipe", "n_seeds", "accuracy_score_mean", "confidence_score_mean"),
    *("equal_mass_calibration_error_mean", "classwise_calibration_error_mean"),
    *("maximum_calibration_error_mean", "brier_loss_mean", "log_loss_mean"),
)


@dataclass(frozen=True, eq=False)
class Numbers:
    """All tables of a group, its models best on validation first."""

    calibration: pd.DataFrame
    reliability: pd.DataFrame
    domains: pd.DataFrame
    temperature: pd.DataFrame
    abstention: pd.DataFrame
    votes: pd.DataFrame
    disputed: pd.DataFrame

    @classmethod
    def of(cls, models: list[ModelResult]) -> "Numbers":
        """Of models of one group; all are measured at once."""
        warmth = {model.recipe: temperature.fitted(model) for model in models}
        voted = votes.voted(models)
        measures = [
            measure
            for model in models
            for measure in (
                *calibration.measures(model),
                *calibration_domains.measures(model),
                *temperature.measures(model, warmth[model.recipe]),
                *abstention.measures(model),
                *(votes.measures(model) if model in voted else ()),
            )
        ]
        found = measured(measures)
        return cls(
            calibration.calibration_table(models, found),
            calibration.reliability_table(models),
            calibration_domains.domain_table(models, found),
            temperature.temperature_table(models, warmth, found),
            abstention.abstention_table(models, found),
            votes.vote_table(voted, found),
            votes.disputed_table(voted, found),
        )


def number(row: pd.Series, name: str) -> str:
    """A number with its interval, as it stands in a sentence."""
    if name.endswith("_score"):
        value, low, high = (page.percent(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
        return f"{value} % ({low}\N{EN DASH}{high} %)"
    value, low, high = (page.bits(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value} ({low}\N{EN DASH}{high})"


def sections(group: Group, numbers: Numbers) -> list[Section]:
    """How sure and how right, bin by bin, domain by domain, with a temperature, when abstaining."""
    return [
        _sureness(group, numbers),
        *_reliability(group, numbers),
        *_domains(group, numbers),
        _temperature(group, numbers),
        _abstention(group, numbers),
    ]


def _shown(group: Group) -> list[ModelResult]:
    return group.models[: calibration_figures.MAX_MODELS]


def _only(group: Group) -> str:
    n = len(group.models)
    first = len(_shown(group))
    return f" The {first} best on validation of {n} models." if n > first else ""


def _sureness(group: Group, numbers: Numbers) -> Section:
    first = numbers.calibration.iloc[0]
    line = (
        f"{first['recipe']} is right in {number(first, 'accuracy_score')} of {first['n']:,} test"
        f" pictures, and {page.percent(first['confidence_score'])} % sure on average:"
        f" {first['reading']}."
    )
    table = numbers.calibration
    return Section.of(
        group.title,
        line,
        tables=[
            Shown(
                f"calibration_{group.slug}",
                "How often right, and how sure; the models best on validation first.",
                table,
                columns=_SURENESS,
            ),
            Shown(
                f"calibration_error_{group.slug}",
                "How far sureness and correctness are apart, bin by bin: 0 is perfect, by chance is"
                " what a perfect model would show on so few pictures.",
                table[[*_with_ends(table, _BINNED)]],
            ),
            Shown(
                f"calibration_measures_{group.slug}",
                "Further measures; less is better.",
                table[[*_with_ends(table, _MEASURES)]],
            ),
            Shown(
                f"calibration_seeds_{group.slug}",
                "Mean and standard deviation over the seeds.",
                table[[*_with_ends(table, _SEEDS)]],
            ),
        ],
    )


def _with_ends(table: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """The columns with those that are shown in their cells."""
    owned = {f"{name}{end}" for name in names for end in ("_low", "_high")}
    owned |= {f"{name.removesuffix('_mean')}_sd" for name in names if name.endswith("_mean")}
    return [column for column in table if column in names or column in owned]


def _reliability(group: Group, numbers: Numbers) -> list[Section]:
    figures = []
    for model in _shown(group):
        bins = numbers.reliability[numbers.reliability["recipe"] == model.recipe]
        row = numbers.calibration.set_index("recipe", drop=False).loc[model.recipe]
        alt = (
            f"Reliability of {model.recipe}: {page.percent(row['confidence_score'])} % sure and"
            f" {page.percent(row['accuracy_score'])} % right on average, {row['reading']}; expected"
            f" calibration error {page.bits(row[ECE])}."
        )
        png = calibration_figures.reliability(model, bins)
        caption = f"{model.recipe}. Points on the dashed line are as right as they are sure."
        figures.append(Drawn(f"reliability_{model.recipe}", png, alt, caption))
    line = (
        "Below the dashed line a model is too sure, above it not sure enough. Vertical bars are"
        " 95 % intervals; below stands how many pictures a bin holds. All bins are in"
        f" reliability_{group.slug}.csv beside this page."
    )
    return [Section.of("Bin by bin", line + _only(group), figures=figures, minor=True)]


def _domains(group: Group, numbers: Numbers) -> list[Section]:
    table = numbers.domains
    if table["domain"].nunique() < 2:
        return []
    shown = [one for one in _shown(group) if (table["recipe"] == one.recipe).sum() > 1]
    first = table[table["recipe"] == shown[0].recipe].set_index("domain", drop=False)
    worst = first.loc[first[ECE].idxmax()]
    finding = (
        f"The error of {worst['recipe']} is largest on {worst['domain'].replace('_', ' ')}:"
        f" {number(worst, ECE)}; there it is {worst['reading']}."
    )
    drawn = Drawn(
        f"calibration_domains_{group.slug}",
        calibration_figures.by_domain(shown, table),
        f"Expected calibration error by kind of picture. {finding}",
        f"Expected calibration error by kind of picture.{_only(group)}",
    )
    caption = "By kind of picture: a corruption is the mean over its severities."
    return [
        Section.of(
            "On other kinds of pictures",
            finding,
            figures=[drawn],
            tables=[Shown(f"calibration_domains_{group.slug}", caption, table)],
            minor=True,
        )
    ]


def _temperature(group: Group, numbers: Numbers) -> Section:
    title = "Would one temperature help?"
    lines = [
        f"For {row['recipe']}, {row['reading']}: with temperature {row['temperature']:.2f} the log"
        f" loss on the test pictures changes by {page.signed_bits(row['log_loss_difference'])}"
        f" ({page.signed_bits(row['log_loss_difference_low'])} to"
        f" {page.signed_bits(row['log_loss_difference_high'])})."
        for _, row in numbers.temperature.head(1).iterrows()
    ]
    without = len(group.models) - len(numbers.temperature)
    if without:
        lines.append(f"Models without validation rows to fit one on: {without}.")
    caption = (
        "Fitted on the validation pictures alone, then measured on the test pictures; above 1"
        " makes a model less sure. Differences are paired: after minus before."
    )
    table = Shown(f"temperature_{group.slug}", caption, numbers.temperature)
    return Section.of(title, *lines, tables=[table], minor=True)


def _abstention(group: Group, numbers: Numbers) -> Section:
    row = numbers.abstention.iloc[0]
    finding = (
        f"{row['recipe']} is right in {number(row, 'at_80_score')} of the 80 % of the pictures"
        f" that it is surest of, and in {number(row, 'at_100_score')} of all {row['n']:,}."
    )
    drawn = Drawn(
        f"risk_coverage_{group.slug}",
        calibration_figures.risk_coverage(_shown(group)),
        f"Share of wrong answers over the share of pictures answered. {finding}",
        f"Wrong answers if only the surest pictures are answered.{_only(group)}",
    )
    caption = (
        "Accuracy if a model answers only the surest 100, 90, 80, 70 and 50 % of the n pictures."
    )
    return Section.of(
        "If it may stay silent when unsure",
        finding,
        figures=[drawn],
        tables=[Shown(f"abstention_{group.slug}", caption, numbers.abstention)],
        minor=True,
    )
