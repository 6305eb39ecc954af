"""Door 3: every module beside this one is a report, if it offers what `base.ReportModule` says.

To add a report, add one file here. Its name is the report's name and asset key. What reports share
lives in `base` (the types) and in `parts/` (numbers, figures, page).
"""

import ast
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import cast

from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.labels import nearest
from emotion_pipeline.reports.base import ReportModule

_OFFERED = ("TITLE", "SUBJECT", "READS")
_FOLDER = Path(__file__).resolve().parent


def report_names() -> tuple[str, ...]:
    """Names of the reports, sorted, read off the folder: no report is imported."""
    stems = {file.stem for file in _FOLDER.glob("*.py") if not file.stem.startswith("_")}
    return tuple(sorted(stems - {"base"}))


@dataclass(frozen=True)
class About:
    """What a report says of itself: its title, its subject, and what it is made from."""

    title: str
    subject: str
    reads: tuple[str, ...]


def about(name: str) -> About:
    """Read off the file of one report, which is not imported: Dagster asks when it starts.

    KeyError for an unknown name, TypeError if it is no report.
    """
    return _said(_module(name), _FOLDER / f"{name}.py")


@cache
def _said(module: str, file: Path) -> About:
    said = {
        target.id: line.value
        for line in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    try:
        return About(*(ast.literal_eval(said[needed]) for needed in _OFFERED))
    except (KeyError, ValueError) as error:
        wanted = ", ".join(_OFFERED)
        raise TypeError(f"{module} is no report: it needs {wanted} as plain values") from error


def load(name: str) -> ReportModule:
    """The module of one report. KeyError for an unknown name, TypeError if it is no report."""
    module = import_module(_module(name))
    for needed in ("render", *_OFFERED):
        if not hasattr(module, needed):
            raise TypeError(f"{module.__name__} has no `{needed}`, so it is no report")
    return cast(ReportModule, module)


def code_version(name: str) -> str:
    """`page_code` of a report; KeyError for an unknown name."""
    return page_code(_module(name))


def page_code(module: str) -> str:
    """Digest (16 hex digits) of all that a page is made by: a module's code, page templates."""
    templates = sorted((_FOLDER / "parts" / "templates").iterdir())
    digests = [(file.name, sha256(file.read_bytes()).hexdigest()) for file in templates]
    return fingerprint(module, values=digests)


def _module(name: str) -> str:
    if name not in report_names():
        raise KeyError(f"report: {nearest(name, report_names())}")
    return f"{__name__}.{name}"
