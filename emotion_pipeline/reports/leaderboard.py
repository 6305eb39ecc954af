"""How good is each model, how sure is that, what does it cost, and compared with what?"""

from collections.abc import Iterator

from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts import references
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.figures import accuracy_at_a_glance
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline.reports.parts.leaderboard import text
from emotion_pipeline.reports.parts.leaderboard.costs import COST_AXES, COSTS
from emotion_pipeline.reports.parts.leaderboard.figures import accuracy_against_cost
from emotion_pipeline.reports.parts.leaderboard.numbers import (
    BASELINE,
    BEST,
    GroupNumbers,
    numbers_of,
)
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

TITLE = "Leaderboard"
SUBJECT = "How good each model is on each domain, how sure that is, and compared with what."
READS = ("models",)

_MAIN = (
    *("recipe", "n", "accuracy_score", "leak_free_n", "leak_free_accuracy_score"),
    *("accuracy_score_mean", "n_seeds", "macro_f1_score", "weighted_f1_score"),
    *("jensen_shannon_error", "validation_accuracy_score"),
    *("n_parameters", "size_mb", "latency_ms"),
)
_COMPARED = (
    *("recipe", "n", "accuracy_score_difference", "p_value_accuracy_holm"),
    *("macro_f1_score_difference", "p_value_macro_f1_holm"),
)
_COMPARED_VOTES = ("n_voted", "jensen_shannon_error_difference", "p_value_jensen_shannon_holm")
_INTERVAL = ("accuracy_score_low", "accuracy_score_high")
_IN_LINE = (
    *("accuracy_score", "leak_free_accuracy_score", "macro_f1_score", "jensen_shannon_error"),
    "latency_ms",
)
_COSTS = (
    *("recipe", "accuracy_score", "n_parameters", "size_mb"),
    *("latency_ms", "n_timed", "runtime", "processor", "on_front"),
)


def render(results: Results) -> Report:
    """The models by class set; none at all is a normal state."""
    found = [numbers_of(group) for group in groups(results.models)]
    document = Document(
        TITLE,
        text.lead(found),
        banner=banner(results.models),
        quiet=text.below_lead(found),
        cautions=text.cautions(results.models),
        definitions=text.DEFINITIONS if found else None,
    )
    return report_of(
        "leaderboard",
        document,
        [section for one in found for section in _sections(one, led=one is found[0])],
        _headline(found),
        tables={f"scores_{one.group.slug}": one.scores for one in found},
    )


def _sections(numbers: GroupNumbers, *, led: bool) -> Iterator[Section]:
    yield _main(numbers, led=led)
    if len(numbers.families):
        yield _families(numbers)
    for role in numbers.comparisons:
        yield _comparison(numbers, role)
    yield _costs(numbers)
    if numbers.beside_people:
        yield _references(numbers)


def _main(numbers: GroupNumbers, *, led: bool) -> Section:
    group, table = numbers.group, numbers.overview
    lines = references.human_lines() if numbers.beside_people else {}
    below = " Below them: what needs no model." if lines else ""
    glance = Drawn(
        f"accuracy_{group.slug}",
        accuracy_at_a_glance(group.models, table, lines),
        "Test accuracy with intervals: " + text.scores_in_words(table),
        f"Accuracy on the test pictures, best on validation first.{below}",
    )
    columns = tuple(one for one in _MAIN if numbers.voted or one != "jensen_shannon_error")
    shown = Shown(
        f"overview_{group.slug}",
        "Original pictures, best on validation first. Below a number: its 95 % interval. Every"
        f" metric on every domain, with its leak-free twin, is in scores_{group.slug}.csv.",
        table,
        columns=columns,
    )
    return Section.of(
        group.title, *text.main_lines(numbers, led=led), figures=[glance], tables=[shown]
    )


def _families(numbers: GroupNumbers) -> Section:
    shown = Shown(
        f"families_{numbers.group.slug}",
        "Test accuracy, a mean over the severities of each corruption, with its 95 % interval.",
        numbers.families,
    )
    return Section.of("Accuracy by family of domains", tables=[shown], minor=True)


def _comparison(numbers: GroupNumbers, role: str) -> Section:
    other, slug = numbers.against[role].recipe, numbers.group.slug
    title = {
        BEST: f"Against {other}, the best on validation",
        BASELINE: f"Against {other}, the baseline",
    }[role]
    shown = Shown(
        f"against_{role}_{slug}",
        f"This model minus {other} on the same test rows, with 95 % intervals; p-values are"
        " adjusted (Holm), the others are in the file.",
        numbers.comparisons[role],
        columns=_COMPARED + (_COMPARED_VOTES if numbers.voted else ()),
    )
    return Section.of(title, *text.comparison_lines(numbers, role), tables=[shown], minor=True)


def _costs(numbers: GroupNumbers) -> Section:
    group, table = numbers.group, numbers.overview
    drawn = [
        Drawn(
            f"{axis}_{group.slug}",
            accuracy_against_cost(table, axis, synthetic=group.first.synthetic),
            f"Test accuracy against {label}; on the front: {text.front_in_words(table, axis)}",
            f"Accuracy against {label}. Blue: no other model is better in both.",
        )
        for axis, (column, label) in COST_AXES.items()
        if table[column].notna().sum() > 1
    ]
    shown = Shown(
        f"costs_{group.slug}",
        "One face at a time, one thread; below the median its quartiles. A dash: not measured.",
        table[[*dict.fromkeys((*_COSTS, *COSTS, *_INTERVAL))]],
        columns=_COSTS,
    )
    return Section.of("Accuracy against cost", figures=drawn, tables=[shown], minor=True)


def _references(numbers: GroupNumbers) -> Section:
    slug = numbers.group.slug
    human = Shown(
        f"human_{slug}",
        "What needs no model, on the 3,153 test rows of FER+ that the majority rule keeps.",
        references.human_table(),
    )
    published = Shown(
        f"published_{slug}",
        "Quoted from their papers: published, not re-run.",
        references.published_table(),
    )
    return Section.of("Compared with people and papers", tables=[human, published], minor=True)


def _headline(found: list[GroupNumbers]) -> dict[str, float]:
    models = [model for one in found for model in one.group.models]
    numbers: dict[str, float] = {
        "n_models": len(models),
        "n_synthetic_models": sum(model.synthetic for model in models),
    }
    for row in (row for one in found for row in one.overview.to_dict("records")):
        numbers |= {
            f"{row['recipe']}/{name}": row[name] for name in _IN_LINE if row[name] == row[name]
        }
    return numbers
