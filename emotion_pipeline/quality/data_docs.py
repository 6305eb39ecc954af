"""The Data Docs of Great Expectations for a verdict, as a folder to open from disk.

Great Expectations writes one page per suite and per result. Its pages fetch style sheets, scripts
and a logo from the network; its index is filled by those scripts and is empty without them. The
pages are therefore cut loose: scripts and styles are taken out, the style sheet below is put in,
and the index is written here. What needed the scripts, such as filtering, is gone.
"""

import html
import re
import shutil
from pathlib import Path

import pandas as pd

from emotion_pipeline.quality.validation import Verdict

_FETCHED = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL
)

# The class names are those of Bootstrap and Font Awesome, which the pages are written for. Hidden
# is what does nothing without scripts, and the first section's notes on the batch in memory.
_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100% }
th, td { border-bottom: 1px solid #ddd; padding: .4rem .8rem }
th, td { text-align: left; vertical-align: top }
h4, h5, h6 { font-size: 1.05rem }
ul { list-style: none; padding: 0 }
td ul { list-style: disc; padding-left: 1.2rem }
code, .code-snippet, .badge { background: #eef1f4; border-radius: 3px; padding: 0 .3rem }
.breadcrumb { display: flex; gap: 1rem; list-style: none; padding: 0 }
.navbar { height: auto !important }
.alert { background: #eef1f4; margin: 1rem 0 .5rem; padding: .6rem .8rem }
.alert * { margin: 0 }
.text-success, .fa-check-circle::before { color: #1a7f37 }
.text-danger, .fa-times::before { color: #c62828 }
.fa-check-circle::before { content: "\\2713" }
.fa-times::before { content: "\\2717" }
.fa-exclamation-triangle::before { color: #b26a00; content: "!" }
.failed { color: #c62828 }
.passed { color: #1a7f37 }
.cooltip .top, .card:has(.btn-group), a[data-toggle=collapse], #section-1 .collapse, footer {
  display: none }
</style>"""


def write_data_docs(verdict: Verdict, folder: Path) -> Path:
    """Write the site of a verdict into a folder that is empty or not there; returns its index.

    Works in the process that validated, once or more. FileExistsError for a folder with something
    in it: pages of an older verdict would stay among the new ones.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    _build(verdict, folder)
    for page in folder.rglob("*.html"):
        page.write_text(_cut_loose(page.read_text(encoding="utf-8")), encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_index(verdict, folder), encoding="utf-8")
    return index


def _build(verdict: Verdict, folder: Path) -> None:
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
    }
    verdict.context.add_data_docs_site(site_name=str(folder), site_config=site)
    verdict.context.build_data_docs(site_names=[str(folder)], build_index=False)
    shutil.rmtree(folder / "static")  # 4 MB of fonts and tutorial pictures that no page shows


def _cut_loose(page: str) -> str:
    return _FETCHED.sub("", page).replace("</head>", f"{_STYLE}\n</head>")


def _index(verdict: Verdict, folder: Path) -> str:
    suites = "\n".join(
        _suite_row(str(name), rules, folder)
        for name, rules in verdict.expectations.groupby("suite", sort=False)
    )
    failed = verdict.expectations[~verdict.expectations["success"]]
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Data docs</title>
{_STYLE}
</head>
<body>
<h1>Data docs: {_status(verdict.passed)}</h1>
<table>
<tr><th>Suite</th><th>Status</th><th>Expectations met</th><th>Pages</th></tr>
{suites}
</table>
{_table("Expectations that failed", failed[["suite", "expectation", "column", "explanation"]])}
{_table("Rows that do not fit, tolerated ones included", verdict.failed_rows)}
</body>
</html>
"""


def _suite_row(name: str, rules: pd.DataFrame, folder: Path) -> str:
    pages = [
        ("result", next((folder / "validations" / name).rglob("*.html"), None)),
        ("rules", next((folder / "expectations").glob(f"{name}.html"), None)),
    ]
    links = " · ".join(
        f'<a href="{page.relative_to(folder).as_posix()}">{title}</a>'
        for title, page in pages
        if page
    )
    met = f"{rules['success'].sum()} of {len(rules)}"
    return (
        f"<tr><td>{html.escape(name)}</td><td>{_status(bool(rules['success'].all()))}</td>"
        f"<td>{met}</td><td>{links}</td></tr>"
    )


def _status(passed: bool) -> str:
    word = "passed" if passed else "failed"
    return f'<span class="{word}">{word}</span>'


def _table(title: str, rows: pd.DataFrame) -> str:
    with pd.option_context("display.max_colwidth", None):
        return f"<h2>{title}</h2>\n{rows.to_html(index=False, border=0)}" if len(rows) else ""
