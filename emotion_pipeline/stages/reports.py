"""`reports/<name>`: pages, tables and figures from what recipes have predicted."""

import json
from collections.abc import Callable

from emotion_pipeline import reports
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.reports.base import Report
from emotion_pipeline.stages import report_inputs
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.stages.report_inputs import Doors

PAGE, HEADLINE = "index.html", "headline.json"


def names_in_order() -> list[str]:
    """The reports; those that are about other reports last."""
    return sorted(
        reports.report_names(),
        key=lambda name: report_inputs.ABOUT_REPORTS in reports.about(name).reads,
    )


def artifact(workspace: Workspace, name: str) -> Artifact:
    """Where the page, tables and figures of a report lie."""
    return workspace.lake.artifact(f"reports/{name}")


def code(name: str, doors: Doors) -> str:
    """Fingerprint of a report, of how the parts that it reads are read from the lake, and of what
    is printed of recipes."""
    reads = reports.about(name).reads
    parts = f"{report_inputs.code(reads)} {report_inputs.told(reads, doors)}"
    return f"{reports.code_version(name)} {parts} {fingerprint(__name__)}"


def make(workspace: Workspace, name: str, doors: Doors) -> Produced:
    """Render one report of what there is of the parts that it reads."""
    reads = reports.about(name).reads
    with workspace.lake.lock(f"reports/{name}"):
        return publish(
            artifact(workspace, name),
            lambda: reports.load(name).render(report_inputs.read(workspace, reads, doors)),
            report_inputs.version(workspace, reads, doors),
            code(name, doors),
        )


def publish(
    target: Artifact,
    render: Callable[[], Report],
    inputs: str,
    code: str,
    previews: tuple[str, ...] | None = None,
) -> Produced:
    """Write the pages, tables and figures of a report, unless they are there from these inputs.

    `previews` are the figures to show in Dagster, all of them by default.
    """
    known = target.provenance()
    if known is not None and known.made_from(inputs, code):
        return Produced(known.content, f"{target.folder / PAGE} is up to date")
    report = render()
    with target.replace(inputs, code) as folder:
        (folder / HEADLINE).write_text(json.dumps(report.headline, indent=1))
        for file, html in {PAGE: report.html, **report.pages}.items():
            (folder / file).write_text(html, encoding="utf-8")
        for title, table in report.tables.items():
            table.to_csv(folder / f"{title}.csv", index=False)
        for title, png in report.figures.items():
            (folder / f"{title}.png").write_bytes(png)
    shown = report.figures.keys() if previews is None else report.figures.keys() & set(previews)
    figures = {title: report.figures[title] for title in report.figures if title in shown}
    return Produced(present(target.version()), str(target.folder / PAGE), report.headline, figures)
