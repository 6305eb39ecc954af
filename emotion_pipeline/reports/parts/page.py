"""The page that a report stands on: templates, number formats and pictures inside the file.

Everything that enters a template is escaped. A page makes no request and runs no script.
"""

import json
import math
from base64 import b64encode
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

NOTHING = "\N{EN DASH}"  # there is no such number


def render_page(template: str, **values: Any) -> str:
    """The HTML of a template in `templates/`; jinja2's UndefinedError for a value not given."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "bits": bits,
        "count": count,
        "p_value": p_value,
        "data_uri": data_uri,
    }
    environment.tests["number_there"] = _is_number
    return environment.get_template(template).render(**values)


def data_uri(png: bytes) -> str:
    """A PNG as the value of `src`."""
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def percent(fraction: float | None) -> str:
    """0.8412 as 84.1."""
    return f"{100 * fraction:.1f}" if fraction is not None and _is_number(fraction) else NOTHING


def points(fraction: float | None) -> str:
    """A difference of fractions in percentage points with its sign: 0.012 as +1.2."""
    if fraction is None or not _is_number(fraction):
        return NOTHING
    return f"{100 * fraction:+.1f}".replace("-", "\N{MINUS SIGN}")


def bits(value: float | None) -> str:
    """0.0841 as 0.084."""
    return f"{value:.3f}" if _is_number(value) else NOTHING


def signed_bits(value: float) -> str:
    """A difference with its sign: 0.0041 as +0.004."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def count(value: float | None) -> str:
    """3153 as 3,153."""
    return f"{value:,.0f}" if _is_number(value) else NOTHING


def p_value(value: float | None) -> str:
    """Three digits after the point, and no pretence of more."""
    if value is None or not _is_number(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def flattened(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested values as (dotted name, text) lines, in order; lists as JSON."""
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict) and value:
            lines.extend(flattened(value, f"{prefix}{name}."))
        else:
            text = (
                value
                if isinstance(value, str)
                else json.dumps(value, default=str, ensure_ascii=False)
            )
            lines.append((f"{prefix}{name}", text))
    return lines
