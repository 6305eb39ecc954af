"""Door 3: every module beside this one that offers `render` and `TITLE` is a report.

To add a report, add one file here. Its name is the report's name and asset key. What reports share
lives in `base` (the types) and in `parts/` (numbers, figures, page).
"""

from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import cast

from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.labels import nearest
from emotion_pipeline.reports.base import ReportModule

_FOLDER = Path(__file__).resolve().parent


def report_names() -> tuple[str, ...]:
    """Names of the reports, sorted, read off the folder: no report is imported."""
    stems = {file.stem for file in _FOLDER.glob("*.py") if not file.stem.startswith("_")}
    return tuple(sorted(stems - {"base"}))


def load(name: str) -> ReportModule:
    """The module of one report. KeyError for an unknown name, TypeError if it is no report."""
    module = import_module(_module(name))
    for needed in ("render", "TITLE"):
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
