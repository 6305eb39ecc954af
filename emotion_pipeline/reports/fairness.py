"""Does a model recognise the emotions of all groups of people equally well?"""

from collections.abc import Iterator

from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.fairness import figures, text
from emotion_pipeline.reports.parts.fairness.gaps import Compared
from emotion_pipeline.reports.parts.fairness.numbers import FairnessNumbers, numbers_of
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

TITLE = "Fairness"
SUBJECT = "Whether models do equally well on the groups of people that a dataset names."
READS = ("models", "people")


def render(results: Results) -> Report:
    """The models by class set; none at all is a normal state."""
    found = [numbers_of(group, results.people) for group in groups(results.models)]
    document = Document(
        TITLE,
        text.lead(found),
        banner=banner(results.models),
        cautions=text.cautions(found),
        definitions=text.DEFINITIONS if any(one.compared for one in found) else None,
    )
    sections = [section for one in found for section in _sections(one)]
    silent = text.nothing_said(found)
    if silent:
        sections.append(Section.of("Where nothing can be said", *silent))
    domains = {
        f"gap_by_domain_{one.group.slug}": one.by_domain[0]
        for one in found
        if len(one.by_domain[0])
    }
    return report_of("fairness", document, sections, _headline(found), tables=domains)


def _headline(found: list[FairnessNumbers]) -> dict[str, float]:
    told = [one for one in found if one.compared]
    numbers: dict[str, float] = {
        "n_models": sum(len(one.group.models) for one in told),
        "n_synthetic_models": sum(model.synthetic for one in found for model in one.group.models),
        "n_tested": sum(one.n_tested for one in told),
        "n_findings": sum(len(one.findings) for one in told),
        "n_changes": sum(len(one.changes) for one in told),
    }
    for row in (row for one in told for row in one.summary.to_dict("records")):
        gap = row["accuracy_gap_score_difference"]
        if gap == gap:
            numbers[f"{row['recipe']}/{row['by']}/accuracy_gap"] = gap
    return numbers


def _sections(numbers: FairnessNumbers) -> Iterator[Section]:
    if numbers.compared:
        yield _main(numbers)
        yield _emotions(numbers)
        if len(numbers.odds):
            yield _odds(numbers)
        if len(numbers.by_domain[0]):
            yield _domains(numbers)
    if len(numbers.conditions):
        yield _conditions(numbers)


def _main(numbers: FairnessNumbers) -> Section:
    shown = Shown(
        f"summary_{numbers.group.slug}",
        "Gaps over all emotions between the groups that are highest and lowest, with 95 %"
        " intervals; best on validation first. tested, findings: of all measures.",
        numbers.summary,
    )
    lines = (text.published(numbers), *text.finding_lines(numbers), *text.out_of_reach(numbers))
    return Section.of(numbers.group.title, *lines, tables=[shown])


def _emotions(numbers: FairnessNumbers) -> Section:
    slug = numbers.group.slug
    best = [one for one in numbers.compared if one.rows.model is numbers.group.first]
    gaps = Shown(
        f"gaps_{slug}",
        "Every gap; the interval is that of the gap between the two groups named.",
        numbers.gaps,
        columns=(
            *("recipe", "by", "measure", "emotion", "n", "highest", "lowest"),
            *("gap_score_difference", "gap_score_mean", "p_value_holm", "finding"),
        ),
    )
    cells = Shown(f"cells_{slug}", "Every group, with 95 % intervals.", numbers.cells)
    return Section.of(
        "Emotion by emotion",
        figures=[_recalls(number, one, slug) for number, one in enumerate(best, 1)],
        tables=[gaps, cells],
        minor=True,
    )


def _recalls(number: int, one: Compared, slug: str) -> Drawn:
    recalls = [
        f"{emotion} {page.points(gap)}"
        for (measure, emotion), gap in zip(one.names, one.gaps(one.values), strict=True)
        if measure == "recall" and gap == gap
    ]
    recipe, column = one.rows.model.recipe, one.rows.column
    return Drawn(
        f"recall_{slug}_{number}",
        figures.recall_by_group(one),
        f"Recall of {recipe} by {column}: gaps in points: {', '.join(recalls) or 'too few'}.",
        f"Recall of {recipe} on original pictures by {column}. Where intervals are far apart, look"
        " below whether the gap is a finding.",
    )


def _odds(numbers: FairnessNumbers) -> Section:
    shown = Shown(
        f"odds_{numbers.group.slug}",
        "Differences over groups, 0 is alike; with 95 % intervals.",
        numbers.odds,
    )
    return Section.of("Equalised odds and demographic parity", tables=[shown], minor=True)


def _domains(numbers: FairnessNumbers) -> Section:
    slug = numbers.group.slug
    families = numbers.by_domain[1]
    drawn = []
    first = families[families["recipe"] == families["recipe"].iloc[0]]
    for number, (column, rows) in enumerate(first.groupby("by", sort=False), 1):
        about = rows.iloc[0]
        gaps = "; ".join(
            f"{row['family']} {page.points(row['gap_score_difference'])}"
            for row in rows.to_dict("records")
        )
        drawn.append(
            Drawn(
                f"gap_by_domain_{slug}_{number}",
                figures.gap_by_family(rows, synthetic=numbers.group.first.synthetic),
                f"Accuracy gap of {about['recipe']} by {column} in points: {gaps}.",
                f"Accuracy of {about['recipe']} where {column} is {about['highest']} minus that"
                f" where it is {about['lowest']}. Filled: changed by more than chance.",
            )
        )
    shown = Shown(
        f"gap_by_family_{slug}",
        "The accuracy gap on the same pictures, and its change against the original ones. Every"
        f" severity is in gap_by_domain_{slug}.csv.",
        families,
    )
    return Section.of(
        "The gap on degraded pictures",
        *text.change_lines(numbers),
        figures=drawn,
        tables=[shown],
        minor=True,
    )


def _conditions(numbers: FairnessNumbers) -> Section:
    return Section.of(
        f"By condition: {numbers.group.title}",
        "How a photograph was taken or annotated says nothing about people: this is not fairness.",
        tables=[
            Shown(
                f"conditions_{numbers.group.slug}",
                "Original test pictures, with 95 % intervals.",
                numbers.conditions,
            )
        ],
        minor=bool(numbers.compared),
    )
