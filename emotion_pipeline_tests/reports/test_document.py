"""The page around the sections of a report."""

import pandas as pd
import pytest

from emotion_pipeline.reports.parts.document import Document, Link, report_of
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
TABLE = pd.DataFrame({"n": [7]})


def test_tables_figures_and_pages_are_files_of_the_report():
    sections = [
        Section.of("one", tables=[Shown("t", "", TABLE)], figures=[Drawn("f", b"png", "a", "")])
    ]
    report = report_of(
        "name",
        Document("Title", "Lead."),
        sections,
        {"n": 1.0},
        pages={"x.html": "<p>"},
        pictures={"g": b"q"},
    )
    assert report.tables == {"t": TABLE}
    assert report.figures == {"f": b"png", "g": b"q"}
    assert report.pages == {"x.html": "<p>"}
    assert "<h1>Title</h1>" in report.html
    assert "Lead." in report.html


@pytest.mark.parametrize(
    "section",
    [
        Section.of("s", tables=[Shown("same", "", TABLE), Shown("same", "", TABLE)]),
        Section.of("s", figures=[Drawn("same", b"", "", ""), Drawn("same", b"", "", "")]),
    ],
)
def test_two_of_one_name_are_refused_because_one_would_be_lost(section):
    with pytest.raises(ValueError, match="same"):
        report_of("name", Document("T", ""), [section], {})


def test_the_banner_says_what_it_holds_for():
    assert BANNER not in Document("T", "").html([])
    everything = Document("T", "", banner="").html([])
    assert BANNER in everything
    assert "This holds for" not in everything
    assert "This holds for demo." in Document("T", "", banner="demo").html([])


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_an_address_that_could_do_harm_is_shown_but_not_linked(href):
    html = Document("T", "", links=(Link("words", href),)).html([])
    assert "words" in html
    assert "<a " not in html


@pytest.mark.parametrize("href", ["https://example.org", "../leaderboard/index.html"])
def test_addresses_of_the_web_and_beside_the_page_are_linked(href):
    assert f'<a href="{href}"' in Document("T", "", links=(Link("words", href),)).html([])


def test_what_comes_from_outside_is_escaped():
    hostile = "<script>alert(1)</script>"
    document = Document(
        hostile,
        hostile,
        banner=hostile,
        quiet=(hostile,),
        cautions=(hostile,),
        definitions={hostile: hostile},
    )
    table = pd.DataFrame({hostile: [hostile]})
    sections = [Section.of(hostile, hostile, tables=[Shown("t", hostile, table)])]
    assert "<script" not in document.html(sections)
