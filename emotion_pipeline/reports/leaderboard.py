"""How good is each model, how sure is that, and compared with what?"""

from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts import overview
from emotion_pipeline.reports.parts.document import Document, report_of
from emotion_pipeline.reports.parts.groups import banner, groups
from emotion_pipeline.reports.parts.sections import Section, Shown

TITLE = "Leaderboard"
SUBJECT = "How good each model is on each domain, how sure that is, and compared with what."
READS = ("models",)


def render(results: Results) -> Report:
    """The models by class set; none at all is a normal state."""
    found = groups(results.models)
    sections = [
        Section.of(
            group.title,
            tables=[Shown(f"overview_{group.slug}", "", overview.overview_table(group.models))],
        )
        for group in found
    ]
    lead = f"{len(results.models)} models." if found else "No model has been evaluated yet."
    headline = {
        "n_models": len(results.models),
        "n_synthetic_models": sum(model.synthetic for model in results.models),
    }
    document = Document(TITLE, lead, banner=banner(results.models))
    return report_of("leaderboard", document, sections, headline)
