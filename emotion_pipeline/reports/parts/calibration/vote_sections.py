"""The sections on votes: how near models come to people, and people to one another."""

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.parts import page, references
from emotion_pipeline.reports.parts.calibration import figures as calibration_figures
from emotion_pipeline.reports.parts.calibration import panels
from emotion_pipeline.reports.parts.calibration.model_sections import Numbers, number
from emotion_pipeline.reports.parts.calibration.votes import JSD, voted
from emotion_pipeline.reports.parts.groups import Group
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

_MEASURES = (
    *("recipe", "n", "accuracy_score", JSD, "soft_accuracy_score"),
    *("top_two_score", "n_clear_pairs", "entropy_correlation", "vote_brier_loss"),
)
_SEEDS = (
    *("recipe", "n_seeds", f"{JSD}_mean", "soft_accuracy_score_mean", "top_two_score_mean"),
    *("entropy_correlation_mean", "vote_brier_loss_mean"),
)


def of_models(group: Group, numbers: Numbers) -> list[Section]:
    """The votes of one group; nothing where nobody voted."""
    table = numbers.votes
    if table.empty:
        return []
    first = table.iloc[0]
    line = (
        f"{first['recipe']} is {number(first, JSD)} bits away from the votes on {first['n']:,} test"
        f" pictures, and {number(first, 'soft_accuracy_score')} of the votes went to the emotion"
        " that it names."
    )
    tables = [
        Shown(f"votes_{group.slug}", "Against all votes.", table, columns=_MEASURES),
        Shown(f"votes_seeds_{group.slug}", "Over the seeds.", _some(table, _SEEDS)),
        *_people(group),
        Shown(
            f"disputed_{group.slug}",
            "By how disputed a picture is: thirds by the entropy of its votes.",
            numbers.disputed,
        ),
    ]
    figures = [_against_people(group, table)]
    return [Section.of("Against human votes", line, figures=figures, tables=tables, minor=True)]


def _some(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The columns with the spreads that are shown in their cells."""
    owned = {f"{name.removesuffix('_mean')}_sd" for name in names}
    return table[[name for name in table if name in names or name in owned]]


def _lines(group: Group) -> tuple[references.Human, ...]:
    return references.HUMAN if references.apply_to(group.first) else ()


def _people(group: Group) -> list[Shown]:
    rows = [vars(one) for one in _lines(group)]
    table = pd.DataFrame(rows, columns=["who", "accuracy_score", JSD]).astype(
        {"accuracy_score": np.float64, JSD: np.float64}
    )
    caption = "People, and predictors that look at no picture, on the 3,153 FER+ test pictures."
    return [Shown(f"people_{group.slug}", caption, table)]


def _against_people(group: Group, table: pd.DataFrame) -> Drawn:
    models = voted(group.models)
    beside = " beside people and predictors that look at no picture" if _lines(group) else ""
    said = "; ".join(
        f"{row['recipe']} {page.percent(row['accuracy_score'])} % and {page.bits(row[JSD])} bits"
        for _, row in table.head(calibration_figures.MAX_MODELS).iterrows()
    )
    return Drawn(
        f"votes_{group.slug}",
        calibration_figures.against_people(models, table, _lines(group)),
        f"Accuracy and divergence from the votes{beside}: {said}.",
        f"Models{beside}. Bars are 95 % intervals.",
    )


def of_people(results: Results) -> list[Section]:
    """How far people agree, for the FER+ votes that a model was tested against."""
    tested = [model for model in results.models if model.labels_from == panels.LATER]
    if not tested or panels.LATER not in results.votes:
        return []
    drawn = any(model.synthetic for model in tested)
    later = results.votes[panels.LATER]
    title = f"How far people agree: the ceiling{' (drawn votes)' if drawn else ''}"
    one = panels.split_half_table(later)
    if one.empty:
        return [Section.of(title, "No test picture with a majority has ten votes.")]
    line = "Estimates from the ten votes of each test picture that has a majority."
    earlier = results.votes.get(panels.EARLIER)
    absent = ["The votes of 2016 are not here, so there is no second panel."]
    split = Section.of(
        title,
        line,
        *(absent if earlier is None else []),
        tables=[
            Shown("panels_split", "Agreement with a part of the same panel, drawn by lot.", one)
        ],
    )
    return [split] if earlier is None else [split, _two_panels(panels.TwoPanels(later, earlier))]


def _two_panels(two: panels.TwoPanels) -> Section:
    table = two.table()
    same = (
        f"{two.n_equal:,} of {two.n:,} pictures have the same counts of votes in 2017 and in 2016;"
        f" of two independent panels at most {two.n_equal_by_chance:,.0f} would be expected."
    )
    if table.empty:
        return Section.of("Two panels", same, "No picture was voted on again.", minor=True)
    again = (
        f"The other {len(two.voted_again):,} were voted on again. Only where both panels found a"
        f" majority, they are compared: they agree on {number(table.iloc[0], 'agreement_score')} of"
        f" {table.iloc[0]['n']:,} pictures, {number(table.iloc[0], 'reweighted_score')} at the mix"
        " of emotions of the test pictures."
    )
    best = page.percent(np.sqrt(table.iloc[0]["reweighted_score"]))
    perfect = (
        f"If either panel errs independently of the other, a perfect predictor agrees with one in"
        f" about {best} %, the root of that. Pictures on which two panels happen to give the same"
        " counts count as copies and are left out, which makes agreement look a little worse."
    )
    tables = [
        Shown("panels_two", "The pictures that were voted on again.", table),
        Shown("panels_by_emotion", "By the emotion that the later panel found.", two.by_emotion()),
    ]
    return Section.of("Two panels", same, again, perfect, tables=tables, minor=True)
