"""The page that links all others."""

import pytest

from emotion_pipeline.reports.base import MadeReport, Results
from emotion_pipeline.reports.index import render

BANNER = "Drawn faces"


def page(key, **headline):
    return MadeReport(key, key.split("/")[1].capitalize(), "What it says.", headline)


def test_every_page_that_is_there_is_linked_from_where_the_index_lies():
    report = render(Results(reports=[page("reports/fairness"), page("exploration/kdef")]))
    assert 'href="../../reports/fairness/index.html"' in report.html
    assert 'href="../../exploration/kdef/index.html"' in report.html
    assert "1 reports on models, and 1 explorations" in report.html


@pytest.mark.parametrize(
    ("headlines", "said"),
    [
        ([{}, {"n_synthetic_models": 0}], None),
        ([{"synthetic_rows": 5}, {"n_synthetic_models": 1}], "Drawn faces"),
        ([{}, {"n_synthetic_models": 1}], "This holds for what is drawn in Page1."),
    ],
)
def test_the_banner_stands_where_something_is_drawn_and_says_where(headlines, said):
    pages = [page(f"reports/page{number}", **one) for number, one in enumerate(headlines)]
    html = render(Results(reports=pages)).html
    assert (BANNER in html) == (said is not None)
    assert (said or "Reports") in html
    assert ("This holds for" in html) == bool(said and said.startswith("This"))
