"""What a stage is, what it produced and what that cost, as metadata for people in the Dagster UI.

The UI draws every number over time, so the cost of each asset is seen to grow.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pyarrow as pa

from emotion_pipeline.orchestration.column_words import words_of
from emotion_pipeline.stages.base import Produced, Stage

COLUMNS = "dagster/column_schema"
PAGE = "index.html"
MAX_PICTURE_BYTES = 100_000  # the event log keeps every one of them
MAX_TABLE_ROWS = 40


def columns_of(stage: Stage) -> dict[str, dg.MetadataValue]:
    """Names, types and meaning of a table's columns, before anything is made; else nothing."""
    if stage.schema is None:
        return {}
    columns = [
        dg.TableColumn(field.name, str(field.type), words_of(field.name)) for field in stage.schema
    ]
    return {COLUMNS: dg.MetadataValue.table_schema(dg.TableSchema(columns))}


def costs_of(
    figures: Mapping[str, float | int | str], folder: Path, n_bytes: int, seconds: float
) -> dict[str, float | int | str]:
    """Seconds, bytes in the lake, computed rows per second, and where the page is, if there is one.

    Rows that were there already count neither as work nor as speed.
    """
    found: dict[str, float | int | str] = {"seconds": round(seconds, 3), "bytes": n_bytes}
    computed = figures.get("rows_computed", 0)
    if isinstance(computed, int) and computed and seconds > 0:
        found["rows_per_s"] = round(computed / seconds, 1)
    if (folder / PAGE).is_file():
        found["page"] = str(folder / PAGE)
    return found


def metadata_of(produced: Produced) -> dict[str, dg.MetadataValue]:
    """Figures, small tables and pictures; the row count where Dagster looks for it."""
    found: dict[str, dg.MetadataValue] = {"summary": dg.MetadataValue.text(produced.summary)}
    for name, value in produced.figures.items():
        found["dagster/row_count" if name == "rows" else name] = (
            dg.MetadataValue.path(str(value)) if name == "page" else _number_or_text(value)
        )
    for name, shown in produced.preview.items():
        if isinstance(shown, pa.Table):
            found[name] = table(shown)
        elif len(shown) <= MAX_PICTURE_BYTES:
            found[name] = _picture(name, shown)
    return found


def _number_or_text(value: float | int | str) -> dg.MetadataValue:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return dg.MetadataValue.text(str(value))
    return dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)


def table(rows: pa.Table) -> dg.MetadataValue:
    """The first rows, every value as text, a number or nothing."""
    records = [
        {name: _cell(value) for name, value in row.items()}
        for row in rows.slice(0, MAX_TABLE_ROWS).to_pylist()
    ]
    schema = dg.TableSchema([dg.TableColumn(name) for name in rows.column_names])
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema)


def _picture(name: str, png: bytes) -> dg.MetadataValue:
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")


def _cell(value: object) -> str | int | float | bool | None:
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
