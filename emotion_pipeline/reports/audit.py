"""Which claims about models hold, once leaks and exchanged columns are taken into account?"""

from collections.abc import Sequence

from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts.audit import tables as audit_tables
from emotion_pipeline.reports.parts.audit.audits import (
    COLLAPSED_SHARE,
    MIN_SEEN,
    Audit,
    audit,
    moved_columns,
    statement,
)
from emotion_pipeline.reports.parts.audit.claims import MIN_ROWS
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import Group, banner, groups
from emotion_pipeline.reports.parts.page import percent
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

TITLE = "Claim audit"
SUBJECT = "Which claimed accuracies hold, what leaks are worth, and whether columns are exchanged."
READS = ("models",)

_QUIET = (
    "Every model is audited, with a claim or without. Models of others are imported with"
    " emotion-pipeline import; one claim is judged by emotion-pipeline audit NAME --claim 0.91.",
)
_DEFINITIONS = {
    "Claim": "An accuracy on the test part that somebody says the model has.",
    "Accuracy": (
        "Share of the test rows whose most probable emotion is the true one, of the lowest seed;"
        " below it the 95 % interval of this test sample (Wilson 1927). Mean ± standard deviation"
        " over the seeds is another uncertainty and stands beside it."
    ),
    "Leak-free": (
        "Without the test rows whose exact pixels also stand in the training part. Of models that"
        " were trained elsewhere these are rows that they may have learned from."
    ),
    "supported": "The claim lies within the interval of the leak-free accuracy.",
    "understated": "The claim lies below that interval: the model is better than was said.",
    "only with leaked pictures": (
        "The claim lies above that interval, and not above the one of the official accuracy."
    ),
    "not supported": "The claim lies above both intervals.",
    "cannot be judged": (
        f"Fewer than {MIN_ROWS} leak-free rows, columns in another order, drawn faces, or missing"
        " predictions that would turn the verdict if all of them were wrong."
    ),
    "Leaks are worth": (
        "The official accuracy less the leak-free one; seen less unseen compares the leaked rows"
        " with the others. Intervals by 1,000 bootstrap samples of the rows (Efron 1979). Leaked"
        " rows may also be easier or harder by chance: only what a model gains more than another"
        f" that never saw them is surely memory. Nothing is said of fewer than {MIN_SEEN} rows."
    ),
    "Label order": (
        "Half of the test and validation rows, drawn by their names, choose the assignment of"
        " columns to emotions with the most rows right (Kuhn 1955); the others, n, judge it. It is"
        " another order only where an exact McNemar test there gives p < 0.001, recall of the moved"
        " emotions gains 20 points, and two columns or more are the other emotion by more than"
        " chance. Columns with fewer than 5 predictions in a half are not decided."
    ),
    "Coverage": "Share of the test rows that have a prediction.",
    "Collapse": f"At least {percent(COLLAPSED_SHARE)} % of the predictions are the same emotion.",
    "Credible": (
        "FER+ (8 classes) from 95 % on and FER2013 (7 classes) from 79.8 % on: more than their"
        " labels agree with themselves, or than was reached without the test rows."
    ),
}


def render(results: Results) -> Report:
    """The audits by class set; none at all is a normal state."""
    found = groups(results.models)
    audits = [[audit(model) for model in group.models] for group in found]
    everyone = [one for part in audits for one in part]
    sections = [
        section
        for group, part in zip(found, audits, strict=True)
        for section in _sections(group, part)
    ]
    claimed = [one for one in everyone if one.claim is not None]
    headline = {
        "n_models": len(everyone),
        "n_claims": len(claimed),
        "n_claims_that_hold": sum(one.verdict.holds for one in claimed),
        "n_in_another_order": sum(one.order.swapped for one in everyone),
        "n_synthetic_models": sum(model.synthetic for model in results.models),
    }
    document = Document(
        TITLE,
        _lead(everyone, claimed),
        banner=banner(results.models),
        quiet=_QUIET,
        cautions=tuple(_cautions(everyone)),
        definitions=_DEFINITIONS if everyone else None,
    )
    return report_of("audit", document, sections, headline)


def _lead(everyone: Sequence[Audit], claimed: Sequence[Audit]) -> str:
    if not everyone:
        return (
            "No model has been evaluated yet. Import somebody's predictions with emotion-pipeline"
            " import FILE --name NAME --labels ferplus, or train a model."
        )
    if not claimed:
        first = everyone[0]
        return (
            f"Nothing is claimed of the {len(everyone)} models. {first.model.recipe} reaches"
            f" {first.official} on all test rows and {first.leak_free} without leaks."
        )
    n_hold = sum(one.verdict.holds for one in claimed)
    first = next((one for one in claimed if not one.verdict.holds), claimed[0])
    said = "claim holds" if n_hold == 1 else "claims hold"
    return f"{n_hold} of {len(claimed)} {said}. {first.model.recipe}: {first.verdict}. {first.why}"


def _cautions(everyone: Sequence[Audit]) -> list[str]:
    swapped = [one for one in everyone if one.order.swapped]
    few = [one.model.recipe for one in everyone if _few_seeds(one)]
    elsewhere = [one.model.recipe for one in everyone if one.model.foreign]
    said = [
        f"{one.model.recipe}: the columns stand in another order than they are named"
        f" ({moved_columns(one)}). All of its numbers, in every report, are those of the wrong"
        " names until the recipe is mended."
        for one in swapped
    ]
    if few:
        said.append(f"Fewer than 3 seeds: {', '.join(few)}. Another seed may differ by more.")
    if elsewhere:
        said.append(
            f"Trained elsewhere: {', '.join(elsewhere)}. Whether they learned from test pictures,"
            " or from near copies of them, cannot be seen from predictions."
        )
    return said


def _few_seeds(one: Audit) -> bool:
    return not one.model.foreign and len(one.model.seeds) < 3


def _sections(group: Group, audits: Sequence[Audit]) -> list[Section]:
    claimed = [one for one in audits if one.claim is not None]
    slug, n_seen = group.slug, max(one.seen.n for one in audits)
    swapped = [one for one in audits if one.order.swapped]
    return [
        Section.of(
            group.title,
            statement(group.first),
            *(f"{one.model.recipe}: {one.verdict}. {one.why}" for one in claimed),
            figures=[_figure(slug, claimed)] if claimed else [],
            tables=[
                Shown(
                    f"claims_{slug}",
                    "Claims beside what was measured. Best on validation first.",
                    audit_tables.claims_table(audits),
                )
            ],
        ),
        Section.of(
            "What leaks are worth",
            f"Up to {n_seen:,} test rows show exactly the pixels of a training row."
            if n_seen
            else "No test row shows exactly the pixels of a training row.",
            tables=[Shown(f"leaks_{slug}", "", audit_tables.leaks_table(audits))] if n_seen else [],
            minor=True,
        ),
        Section.of(
            "Whether columns are exchanged",
            f"{len(swapped)} of {len(audits)} models have columns in another order than named."
            if swapped
            else "No model has columns in another order than they are named.",
            tables=[
                Shown(
                    f"orders_{slug}",
                    "",
                    audit_tables.orders_table(audits),
                    columns=audit_tables.ORDERS if swapped else audit_tables.PLAIN_ORDERS,
                )
            ],
            minor=True,
        ),
        Section.of(
            "What else was found",
            "Looked for: hard labels, sums other than 1, collapse, missing predictions, rows left"
            " out, another truth, accuracies that are not credible, no validation rows.",
            tables=[Shown(f"findings_{slug}", "", audit_tables.findings_table(audits))]
            if any(one.findings for one in audits)
            else [],
            minor=True,
        ),
    ]


def _figure(slug: str, claimed: Sequence[Audit]) -> Drawn:
    verdicts = "; ".join(f"{one.model.recipe} {one.verdict}" for one in claimed)
    return Drawn(
        f"claims_{slug}",
        audit_tables.claims_figure(claimed),
        f"Claimed and measured accuracy: {verdicts}.",
        "A claim holds where its diamond is not to the right of the hollow dot's bar.",
    )
