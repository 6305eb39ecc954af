"""Which expectations a dataset has to meet, and why each bound is what it is.

A rule is data: the name of a class of Great Expectations, its arguments, and a sentence that says
what it wants. Nothing is imported until a suite is validated. A bound is set so that the dataset
as it was published passes, flaws included, and a misread one fails.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.quality.profile import VOTES
from emotion_pipeline.schema import SPLITS

N_TAGGERS = 10

# FER2013 has 12 black pictures among 35,887 (0.03 %); a reader that loses pixels loses many more.
PICTURES_WITH_CONTENT = 0.999
# A box drawn backwards is a slip; many of them are another format, such as width and height.
ROWS_WITH_ALL_BOXES = 0.99
# Row 10435 of FER+ has nine votes; a shifted column breaks nearly every row.
COMPLETE_VOTES = 0.999
# FER+ agrees with FER2013 on 67.6 % of the rows, and on about 20 % when joined one row off.
MIN_AGREEMENT_SHARE = 0.5


@dataclass(frozen=True)
class Rule:
    """One expectation: its own short name, the class in `great_expectations.expectations`, the
    sentence that must be true, and the arguments. `where_null` limits it to the rows that have
    nothing in that column.
    """

    name: str
    expectation: str
    sentence: str
    arguments: dict[str, Any] = field(default_factory=dict)
    where_null: str | None = None


@dataclass(frozen=True)
class Suite:
    """The rules for one frame; `row_key` is the column that names a row of it in reports."""

    rules: tuple[Rule, ...]
    row_key: str = "sample_id"


def pictures(expected: Expected, n_rows: int) -> Suite:
    """For a `profile` of n pictures.

    Black and blank pictures are reported row by row but break the dataset only together, see
    `PICTURES_WITH_CONTENT`. Everything else holds for every row: a single odd name, size or
    missing value means that the reader is wrong, not the data.
    """
    rules = [
        *_rows_and_ids(),
        *_emotion(expected.emotions),
        _filled("pixel_max", "every picture was decoded", name="pictures_decode"),
        _between("pixel_min", 0, 255, "no gray value is below 0 or above 255"),
        _between("pixel_max", 0, 255, "no gray value is below 0 or above 255"),
        _above("pixel_max", 0, n_rows, "not_black", "at most 0.1 % of the pictures are black"),
        _above(
            "pixel_sd",
            expected.blank_sd,
            n_rows,
            "not_blank",
            "at most 0.1 % of the pictures are nearly one flat shade",
        ),
    ]
    if expected.size_px is not None:
        sides = zip(("width_px", "height_px"), expected.size_px, strict=True)
        rules += [_between(side, size, size, f"{side} is {size}") for side, size in sides]
    if "boxes" in expected.columns.names:
        rules += _boxes(n_rows)
    rules += [
        _between(scale, -1, 1, f"{scale} is from -1 to 1")
        for scale in ("valence", "arousal")
        if scale in expected.columns.names
    ]
    return Suite(tuple(rules))


def votes(n_rows: int) -> Suite:
    """For a `profile` of n rows of votes: ten taggers with one vote each, a majority or a reason.

    A row may have no majority, but then `undecided` says why; silence would look like lost data.
    """
    has_reason = Rule(
        name="undecided_filled_where_emotion_is_not",
        expectation="ExpectColumnValuesToNotBeNull",
        sentence="a row without an emotion says in undecided why",
        arguments={"column": "undecided"},
        where_null="emotion",
    )
    complete = Rule(
        name="ten_votes",
        expectation="ExpectColumnValuesToBeInSet",
        sentence="at least 99.9 % of the rows have ten votes",
        arguments={
            "column": "votes_sum",
            "value_set": [N_TAGGERS],
            "mostly": _all_but_one(COMPLETE_VOTES, n_rows),
        },
    )
    return Suite(
        (
            *_rows_and_ids(),
            _one_of("emotion", EMOTIONS),
            has_reason,
            *(_between(name, 0, N_TAGGERS, f"{name} is from 0 to {N_TAGGERS}") for name in VOTES),
            _filled("votes_sum", "no vote is missing"),
            complete,
        )
    )


def columns() -> Suite:
    """For `facts.column_facts`: exactly the columns of the schema, of exactly its types."""
    pair = {"column_A": "type", "column_B": "expected_type"}
    sentence = "the table has the columns of its schema, each of its type, and no others"
    rule = Rule("columns_match_schema", "ExpectColumnPairValuesToBeEqual", sentence, pair)
    return Suite((rule,), row_key="name")


def class_counts() -> Suite:
    """For `facts.class_facts`, which sets the bounds: the published counts, or shares near them."""
    return Suite(
        (
            _not_below("n_rows", "at_least", "class_not_too_small", "no class has too few rows"),
            _not_below("at_most", "n_rows", "class_not_too_large", "no class has too many rows"),
        ),
        row_key="name",
    )


def rejects(reasons: Sequence[str]) -> Suite:
    """For `facts.reject_facts`, which sets the bound; the reasons are for the sentence."""
    counts = ", ".join(f"{n:,} {reason}" for reason, n in Counter(reasons).most_common())
    sentence = f"at most 1 % of the raw rows may be rejected; rejected were: {counts or 'none'}"
    return Suite((_not_below("n_allowed", "n_rejects", "few_rejects", sentence),), row_key="name")


def total(n_found: int, n_published: int) -> Suite:
    """For `facts.total_facts`; the numbers are for the sentence."""
    complete = _not_below(
        "n_found",
        "n_published",
        "complete",
        f"all {n_published:,} published pictures are there, {n_found:,} were found; complete the"
        " copy, or name the dataset in EMOTION_PIPELINE_PARTIAL to work with a part",
    )
    sentence = f"there are no more pictures than the {n_published:,} that were published"
    return Suite((complete, _not_below("n_published", "n_rows", "nothing_added", sentence)), "name")


def apart(what: str) -> Suite:
    """For `facts.split_facts` of one column; `what` names it in words."""
    one_split = _between("n_splits", 1, 1, f"no {what} stands in two splits", f"{what}s_apart")
    return Suite((one_split,), "name")


def agreement() -> Suite:
    """For `facts.agreement_facts`; see `MIN_AGREEMENT_SHARE`."""
    sentence = "the votes agree with the labels of the pictures on at least half of the rows"
    bound = {"column": "agreement_share", "min_value": MIN_AGREEMENT_SHARE}
    return Suite((Rule("votes_agree", "ExpectColumnMinToBeBetween", sentence, bound),), "name")


def _emotion(emotions: Sequence[str]) -> tuple[Rule, ...]:
    if emotions:
        return _filled("emotion"), _one_of("emotion", emotions)
    none = Rule(
        name="emotion_empty",
        expectation="ExpectColumnValuesToBeNull",
        sentence="no row has an emotion, since none were published",
        arguments={"column": "emotion"},
    )
    return (none,)


def _boxes(n_rows: int) -> tuple[Rule, ...]:
    kept = _between("n_boxes_dropped", 0, 0, "at least 99 % of the rows have all published boxes")
    kept.arguments["mostly"] = _all_but_one(ROWS_WITH_ALL_BOXES, n_rows)
    inside = _between("n_boxes_outside", 0, 0, "every box lies in its picture and has an area")
    return kept, inside


def _rows_and_ids() -> tuple[Rule, ...]:
    any_rows = Rule(
        name="has_rows",
        expectation="ExpectTableRowCountToBeBetween",
        sentence="the table has rows",
        arguments={"min_value": 1},
    )
    unique = Rule(
        name="sample_id_unique",
        expectation="ExpectColumnValuesToBeUnique",
        sentence="no two rows have the same sample_id",
        arguments={"column": "sample_id"},
    )
    return any_rows, _filled("sample_id"), unique, _filled("split"), _one_of("split", SPLITS)


def _filled(column: str, sentence: str | None = None, name: str | None = None) -> Rule:
    return Rule(
        name=name or f"{column}_filled",
        expectation="ExpectColumnValuesToNotBeNull",
        sentence=sentence or f"every row has a value in {column}",
        arguments={"column": column},
    )


def _one_of(column: str, allowed: Sequence[str]) -> Rule:
    return Rule(
        name=f"{column}_known",
        expectation="ExpectColumnValuesToBeInSet",
        sentence=f"{column} is one of {', '.join(allowed)}",
        arguments={"column": column, "value_set": list(allowed)},
    )


def _between(column: str, low: float, high: float, sentence: str, name: str | None = None) -> Rule:
    return Rule(
        name=name or f"{column}_in_range",
        expectation="ExpectColumnValuesToBeBetween",
        sentence=sentence,
        arguments={"column": column, "min_value": low, "max_value": high},
    )


def _all_but_one(share: float, n_rows: int) -> float:
    """The share that has to fit; in a table below a thousand rows, one odd row is allowed."""
    return min(share, 1 - 1.5 / max(n_rows, 2))


def _above(column: str, low: float, n_rows: int, name: str, sentence: str) -> Rule:
    return Rule(
        name=name,
        expectation="ExpectColumnValuesToBeBetween",
        sentence=sentence,
        arguments={
            "column": column,
            "min_value": low,
            "strict_min": True,
            "mostly": _all_but_one(PICTURES_WITH_CONTENT, n_rows),
        },
    )


def _not_below(large: str, small: str, name: str, sentence: str) -> Rule:
    return Rule(
        name=name,
        expectation="ExpectColumnPairValuesAToBeGreaterThanB",
        sentence=sentence,
        arguments={"column_A": large, "column_B": small, "or_equal": True},
    )
