"""What a stage produced, as metadata for people who look at it in the Dagster UI."""

import base64

import dagster as dg
import pyarrow as pa

from emotion_pipeline.stages.base import Produced

MAX_PICTURE_BYTES = 100_000  # the event log keeps every one of them
MAX_TABLE_ROWS = 40


def metadata_of(produced: Produced) -> dict[str, dg.MetadataValue]:
    """Figures, small tables and pictures; the row count where Dagster looks for it."""
    found: dict[str, dg.MetadataValue] = {"summary": dg.MetadataValue.text(produced.summary)}
    for name, value in produced.figures.items():
        found["dagster/row_count" if name == "rows" else name] = _number_or_text(value)
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
