"""The page that links all others."""

from emotion_pipeline.reports.base import MadeReport, Report, Results
from emotion_pipeline.reports.parts.document import Document, Link, report_of

TITLE = "Reports"
SUBJECT = "Links to all reports and to the explorations of the datasets."
READS = ("reports",)


def render(results: Results) -> Report:
    """Links to what there is; none at all is a normal state."""
    links = tuple(
        Link(one.title, f"../../{one.key}/index.html", one.subject) for one in results.reports
    )
    n = len([one for one in results.reports if one.key.startswith("reports/")])
    lead = (
        f"{n} reports on models, and {len(links) - n} explorations of datasets."
        if links
        else "Nothing has been reported yet."
    )
    document = Document(TITLE, lead, banner=_banner(results.reports), links=links)
    return report_of("index", document, [], {"n_reports": n})


def _banner(pages: list[MadeReport]) -> str | None:
    """Which pages show drawn faces."""
    drawn = [one.title for one in pages if _about_drawn(one)]
    if not drawn:
        return None
    return "" if len(drawn) == len(pages) else f"what is drawn in {', '.join(drawn)}"


def _about_drawn(one: MadeReport) -> bool:
    """Whether some of what a page shows is drawn."""
    return any(one.headline.get(name, 0) for name in ("n_synthetic_models", "synthetic_rows"))
