"""Predictions of anybody's model as a CSV file: a row per picture.

A file of a stranger: whatever stands in it, every row is used or counted with a reason, or the
whole file is refused in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.foreign.csv_columns import TableRefused, header_of, text_columns
from emotion_pipeline.labels import EMOTIONS

SUM_TOLERANCE = 0.05
"""How far the probabilities of a row may be from 1 together: ten classes with two digits each."""
MAX_BAD_SHARE = 0.01
"""Above this share of rows that do not sum to 1 the file holds something else."""

KEYS = ("sample_id", "row")
PREDICTED, SPLIT, EMOTION = "predicted", "split", "emotion"
_PERCENT = 100.0


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """The usable rows of a file, one per picture, in the order of the file.

    `names` (n,) object are sample_ids, `positions` (n,) int64 the data rows of the file, counted
    from 0; `probabilities` (n, c) float32 sum to 1. `split` and `emotion` (n,) object are what the
    file says of the picture, or None where it does not. `rejects`: positions by reason.
    `largest_sum_error`: how far the probabilities of a usable row were from 1 together.
    """

    names: np.ndarray
    positions: np.ndarray
    probabilities: np.ndarray
    split: np.ndarray | None
    emotion: np.ndarray | None
    rejects: dict[str, np.ndarray]
    n_rows: int
    hard_labels: bool
    in_percent: bool
    largest_sum_error: float

    def take(self, chosen: np.ndarray, reason: str) -> "PredictionTable":
        """The chosen rows (n,) bool; the others are rejects."""
        if chosen.all():
            return self
        return replace(
            self,
            names=self.names[chosen],
            positions=self.positions[chosen],
            probabilities=self.probabilities[chosen],
            split=None if self.split is None else self.split[chosen],
            emotion=None if self.emotion is None else self.emotion[chosen],
            rejects={**self.rejects, reason: self.positions[~chosen]},
        )


def read(
    path: Path,
    emotions: Sequence[str],
    columns: Mapping[str, str],
    name_of_row: Callable[[int], str] | None = None,
) -> PredictionTable:
    """Read a file whose columns mean what their names or `columns` say.

    Needed are `sample_id` (or `row`, where `name_of_row` names the picture of a row number), and a
    column `p_<emotion>` for each of `emotions` or their names in `predicted`. Probabilities may be
    in percent. Raises TableRefused.
    """
    header = header_of(path)
    meaning = _meaning(path, header, columns, emotions)
    text, bad_lines = text_columns(path, header, list(meaning.values()))
    cells = {meant: text[column] for meant, column in meaning.items()}
    n_rows = text.num_rows + len(bad_lines)
    positions = np.delete(np.arange(n_rows), bad_lines)
    hard = PREDICTED in meaning  # then there are no probabilities
    if hard:
        values, unit = _one_hot(cells[PREDICTED], emotions), 1.0
        wrong = {"unknown_emotion": values.sum(axis=1) == 0}
    else:
        values = np.column_stack([_numbers(cells[f"p_{name}"]) for name in emotions])
        wrong, unit = _judged(path, values)
    table = PredictionTable(
        names=_names(path, cells, name_of_row),
        positions=positions,
        probabilities=values,
        split=_texts(cells, SPLIT),
        emotion=_texts(cells, EMOTION),
        rejects={"wrong_field_count": bad_lines} if len(bad_lines) else {},
        n_rows=n_rows,
        hard_labels=hard,
        in_percent=unit == _PERCENT,
        largest_sum_error=0.0,
    )
    for reason, rows in wrong.items():
        table = table.take(~np.isin(table.positions, positions[rows]), reason)
    table = table.take(table.names != "", "no_name")
    if not len(table.names):
        raise TableRefused(f"{path.name}: no row is usable ({', '.join(table.rejects)})")
    return _unique(_summing_to_1(table, unit))


def _meaning(
    path: Path, header: list[str], columns: Mapping[str, str], emotions: Sequence[str]
) -> dict[str, str]:
    """The column of each meaning that is used."""
    for name in columns:
        if name not in header:
            close = get_close_matches(name, header, n=1) or header[:5]
            raise TableRefused(f"{path.name}: no column {name!r}; there is {', '.join(close):.200}")
    meant: dict[str, str] = {}
    for name in header:
        meaning = columns.get(name, name)
        if meaning in meant:
            raise TableRefused(f"{path.name}: {meant[meaning]} and {name} both mean {meaning}")
        meant[meaning] = name
    wanted = [f"p_{name}" for name in emotions]
    there = [name for name in wanted if name in meant]
    other = [name for name in meant if name.startswith("p_") and name[2:] in EMOTIONS]
    if surplus := sorted(set(other) - set(wanted)):
        raise TableRefused(
            f"{path.name}: {surplus[0]} is none of the emotions {', '.join(emotions)}; name another"
            " label space, or give the column another meaning"
        )
    if there and len(there) < len(wanted):
        raise TableRefused(f"{path.name}: no column {', '.join(sorted({*wanted} - {*there}))}")
    said = there or [name for name in (PREDICTED,) if name in meant]
    key = next((name for name in KEYS if name in meant), None)
    if key is None or not said:
        needed = "sample_id, or row" if key is None else f"{', '.join(wanted)}; or predicted"
        raise TableRefused(
            f"{path.name}: needs columns {needed}; found are {', '.join(header):.200}. Say what a"
            " column means with `columns` in the recipe, or --column NAME=MEANING"
        )
    told = [name for name in (SPLIT, EMOTION) if name in meant]
    return {name: meant[name] for name in (key, *said, *told)}


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64; NaN for what is no number."""
    try:
        return np.asarray(pc.cast(column, pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        import pandas as pd

        return pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(np.float64)


def _one_hot(column: pa.ChunkedArray, emotions: Sequence[str]) -> np.ndarray:
    """(n, c) float64; zeros for names of no emotion."""
    names = pc.utf8_lower(pc.utf8_trim_whitespace(column)).to_numpy(zero_copy_only=False)
    return np.column_stack([names == name for name in emotions]).astype(np.float64)


def _judged(path: Path, values: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
    """Which rows hold no probabilities and why, and what they sum to: 1, or 100 for percent."""
    finite = np.isfinite(values).all(axis=1)
    if not finite.any():
        raise TableRefused(f"{path.name}: no row has a number for every emotion")
    sums = values[finite].sum(axis=1)
    unit = _PERCENT if abs(float(np.median(sums)) / _PERCENT - 1) < SUM_TOLERANCE else 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(values.sum(axis=1) / unit - 1) > SUM_TOLERANCE
        bad = finite & (off | (values < 0).any(axis=1))
    if bad.sum() > MAX_BAD_SHARE * finite.sum():
        row = int(np.flatnonzero(bad)[0])
        raise TableRefused(
            f"{path.name}: {bad.sum():,} rows are no probabilities, such as row {row}, whose values"
            f" sum to {values[row].sum():.4g}. If these are logits, write their softmax instead"
        )
    return {"not_a_number": ~finite, "does_not_sum_to_1": bad}, unit


def _names(
    path: Path, cells: Mapping[str, pa.ChunkedArray], name_of_row: Callable[[int], str] | None
) -> np.ndarray:
    if KEYS[0] in cells:
        return np.asarray(cells[KEYS[0]].to_numpy(zero_copy_only=False))
    if name_of_row is None:
        raise TableRefused(
            f"{path.name}: pictures of this dataset have no row number; name them by sample_id"
        )
    numbers = _numbers(cells["row"])
    whole = np.isfinite(numbers) & (numbers >= 0) & (numbers < 1e9) & (numbers % 1 == 0)
    return np.array(
        [name_of_row(int(one)) if ok else "" for one, ok in zip(numbers, whole, strict=True)],
        dtype=object,
    )


def _texts(cells: Mapping[str, pa.ChunkedArray], name: str) -> np.ndarray | None:
    if name not in cells:
        return None
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(cells[name]))
    return np.asarray(lower.to_numpy(zero_copy_only=False))


def _summing_to_1(table: PredictionTable, unit: float) -> PredictionTable:
    sums = table.probabilities.sum(axis=1, keepdims=True)
    return replace(
        table,
        probabilities=(table.probabilities / sums).astype(np.float32),
        largest_sum_error=float(np.abs(sums / unit - 1).max()),
    )


def _unique(table: PredictionTable) -> PredictionTable:
    """One row per picture: the first of equal ones, none of those that contradict one another."""
    import pandas as pd

    names = pd.Series(table.names)
    again = names.duplicated(keep=False).to_numpy()
    if not again.any():
        return table
    values = pd.DataFrame(table.probabilities).assign(name=names)
    spread = values[again].groupby("name").agg(["min", "max"])
    low, high = (spread.xs(one, axis=1, level=1).to_numpy() for one in ("min", "max"))
    torn = set(spread.index[(low != high).any(axis=1)])
    contradicted = names.isin(torn).to_numpy()
    repeated = names.duplicated(keep="first").to_numpy() & ~contradicted
    kept = table.take(~contradicted, "said_differently")
    return kept.take(~repeated[~contradicted], "said_again")
