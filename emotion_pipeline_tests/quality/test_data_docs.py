from pathlib import Path

import pandas as pd
import pytest

from emotion_pipeline.quality.checks import check_pictures
from emotion_pipeline.quality.data_docs import write_data_docs
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.quality.suites import Rule, Suite
from emotion_pipeline.quality.validation import Verdict, validate
from emotion_pipeline_tests.quality import tables


def _verdict() -> Verdict:
    table = tables.good_samples()
    return check_pictures(table, table.schema, Expected(emotions=("anger",)))


def test_every_suite_has_its_pages_and_the_index_leads_to_them(tmp_path: Path) -> None:
    verdict = _verdict()
    index = write_data_docs(verdict, tmp_path / "docs").read_text()
    for suite in ("columns", "pictures", "rejects"):
        (result,) = (tmp_path / "docs/validations" / suite).rglob("*.html")
        assert result.relative_to(tmp_path / "docs").as_posix() in index
        assert suite in result.read_text()
        assert (tmp_path / f"docs/expectations/{suite}.html").is_file()
    (result,) = (tmp_path / "docs/validations/pictures").rglob("*.html")
    assert "emotion is one of anger" in result.read_text()
    assert "emotion is one of anger: 2 of 4 rows do not fit" in index


def test_no_page_fetches_anything(tmp_path: Path) -> None:
    verdict = _verdict()
    write_data_docs(verdict, tmp_path)
    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert not [tag for tag in ("<script", "<link", "<img", "src=", "url(") if tag in text]


def test_a_suite_that_crashed_is_in_the_index(tmp_path: Path) -> None:
    odd = Suite((Rule("odd", "ExpectWonders", "wonders", {}),))
    verdict = validate({"toy": pd.DataFrame({"a": [1]})}, {"toy": odd})
    index = write_data_docs(verdict, tmp_path).read_text()
    assert "toy" in index
    assert "ExpectWonders" in index


def test_pages_of_another_verdict_are_not_mixed_in(tmp_path: Path) -> None:
    (tmp_path / "old.html").touch()
    with pytest.raises(FileExistsError):
        write_data_docs(validate({}, {}), tmp_path)
