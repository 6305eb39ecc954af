"""Judge frames by their suites with Great Expectations, and say the outcome in plain tables.

An expectation that could not be evaluated has failed: a check that passes because it crashed is
the worst of all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from emotion_pipeline.quality.suites import Rule, Suite

MAX_FAILED_ROWS = 200

EXPECTATIONS = {
    "suite": str,
    "expectation": str,
    "column": str,
    "success": bool,
    "observed": str,
    "unexpected_count": "int64",
    "explanation": str,
}
FAILED_ROWS = {"suite": str, "sample_id": str, "expectation": str, "column": str, "value": str}


@dataclass(frozen=True)
class Verdict:
    """What came of a validation.

    `expectations` has one row per rule, in the order of the suites, with the columns of
    `EXPECTATIONS`; `observed` and `explanation` are text for people. `failed_rows` has the columns
    of `FAILED_ROWS`, at most `MAX_FAILED_ROWS` per rule, and includes rows that a rule tolerates;
    how many there are in all is the rule's `unexpected_count`. In the frames of `facts`
    `sample_id` is the name of the fact. `context` is the data context that `data_docs` prints.
    """

    passed: bool
    expectations: pd.DataFrame
    failed_rows: pd.DataFrame
    context: Any = field(repr=False, compare=False)


def validate(frames: Mapping[str, pd.DataFrame], suites: Mapping[str, Suite]) -> Verdict:
    """Judge every frame by the suite of the same name; a name holds letters, digits and `_` only.

    ValueError where the two do not have the same names. Whatever the frames hold, the outcome is a
    verdict: a missing column or a crash inside an expectation is a failed expectation whose
    explanation is the text of the exception.
    """
    if set(frames) != set(suites):
        raise ValueError(f"frames {sorted(frames)} and suites {sorted(suites)} differ")
    context = _context()
    expectations: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for name, suite in suites.items():
        results = _run(context, name, frames[name], suite)
        for rule in suite.rules:
            expectations.append({"suite": name, **_outcome(rule, results[rule.name])})
            rows = _failed_rows(rule, suite, results[rule.name])
            failed.extend({"suite": name, **row} for row in rows)
    table = _frame(expectations, EXPECTATIONS)
    return Verdict(bool(table["success"].all()), table, _frame(failed, FAILED_ROWS), context)


def _frame(rows: list[dict[str, Any]], columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _context() -> Any:
    """A data context that lives in memory, draws no progress bars and reports to nobody."""
    import great_expectations as gx
    from great_expectations.data_context.types import base

    config = base.DataContextConfig(
        analytics_enabled=False,
        progress_bars=base.ProgressBarsConfig(globally=False),
        store_backend_defaults=base.InMemoryStoreBackendDefaults(),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _run(context: Any, name: str, frame: pd.DataFrame, suite: Suite) -> dict[str, dict[str, Any]]:
    """Results by rule name; a crash of the suite as a whole is every rule's exception."""
    import great_expectations as gx

    try:
        batch = context.data_sources.add_pandas(name).add_dataframe_asset(name)
        whole = batch.add_batch_definition_whole_dataframe("all")
        expectations = [_expectation(rule) for rule in suite.rules]
        named = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
        definition = gx.ValidationDefinition(name=name, data=whole, suite=named)
        outcome = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame}, result_format=_result_format(frame, suite)
        )
    except Exception as error:
        return {rule.name: _crash(error) for rule in suite.rules}
    return {
        result.expectation_config.meta["rule"]: result.to_json_dict() for result in outcome.results
    }


def _crash(error: Exception) -> dict[str, Any]:
    """What Great Expectations itself reports for an exception that it catches."""
    text = f"{type(error).__name__}: {error}"
    return {"exception_info": {"raised_exception": True, "exception_message": text}}


def _expectation(rule: Rule) -> Any:
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    only = {"row_condition": Column(rule.where_null).is_null()} if rule.where_null else {}
    kind = getattr(gxe, rule.expectation)
    return kind(**rule.arguments, **only, description=rule.sentence, meta={"rule": rule.name})


def _result_format(frame: pd.DataFrame, suite: Suite) -> dict[str, Any]:
    """Failed rows by key; asking for a key that the frame lacks would fail every expectation."""
    keys = {"unexpected_index_column_names": [suite.row_key]} if suite.row_key in frame else {}
    return {"result_format": "SUMMARY", "partial_unexpected_count": MAX_FAILED_ROWS, **keys}


def _outcome(rule: Rule, result: dict[str, Any]) -> dict[str, Any]:
    values = result.get("result") or {}
    error = _exception(result.get("exception_info") or {})
    n_unexpected = int(values.get("unexpected_count") or 0)
    return {
        "expectation": rule.name,
        "column": _column(rule),
        "success": error is None and bool(result.get("success")),
        "observed": "not evaluated" if error else _observed(values),
        "unexpected_count": n_unexpected,
        "explanation": _explanation(rule, values, error),
    }


def _explanation(rule: Rule, values: dict[str, Any], error: str | None) -> str:
    """The sentence and what was seen; a fact, which has one row, says all in its sentence."""
    if error is not None:
        return f"{rule.sentence}: could not be checked, {error}"
    is_fact = "unexpected_count" in values and values["element_count"] == 1
    return rule.sentence if is_fact else f"{rule.sentence}: {_observed(values)}"


def _observed(values: dict[str, Any]) -> str:
    if "unexpected_count" in values:
        n_unexpected, n_rows = values["unexpected_count"], values["element_count"]
        return f"{n_unexpected or 0:,} of {n_rows:,} rows do not fit"
    value = values.get("observed_value")
    return f"{value:.4g} observed" if isinstance(value, float) else f"{value} observed"


def _exception(info: dict[str, Any]) -> str | None:
    """Text of the first exception, None where there is none.

    The information is either about the expectation or, one level down, about each of its metrics.
    """
    for entry in (info, *info.values()):
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return str(entry.get("exception_message"))
    return None


def _column(rule: Rule) -> str:
    names = ("column", "column_A", "column_B")
    return ", ".join(rule.arguments[name] for name in names if name in rule.arguments)


def _failed_rows(rule: Rule, suite: Suite, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    values = result.get("result") or {}
    if "unexpected_index_column_names" not in values:  # a frame without its key cannot name rows
        return
    for row in values.get("partial_unexpected_index_list") or ():
        cells = [str(value) for name, value in row.items() if name != suite.row_key]
        yield {
            "sample_id": str(row[suite.row_key]),
            "expectation": rule.name,
            "column": _column(rule),
            # A rule about the key itself has no other cell to show.
            "value": ", ".join(cells or [str(row[suite.row_key])]),
        }
