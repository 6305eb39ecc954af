import subprocess
import sys
from dataclasses import fields

import pytest

from emotion_pipeline import reports
from emotion_pipeline.reports.base import Results


def test_reports_are_found_and_helpers_are_not():
    assert "leaderboard" in reports.report_names()
    assert not {"base", "parts", "__init__"} & set(reports.report_names())


def test_a_new_file_is_a_new_report(tmp_path, monkeypatch):
    (tmp_path / "fairness.py").touch()
    (tmp_path / "_draft.py").touch()
    monkeypatch.setattr(reports, "_FOLDER", tmp_path)
    assert reports.report_names() == ("fairness",)


def test_every_report_loads():
    for name in reports.report_names():
        module = reports.load(name)
        about = reports.about(name)
        assert (
            about.title,
            about.subject,
            about.reads,
        ) == (module.TITLE, module.SUBJECT, module.READS)
        assert callable(module.render)


@pytest.mark.parametrize("name", reports.report_names())
def test_every_report_says_so_where_there_is_nothing_and_needs_no_torch_for_it(name):
    report = reports.load(name).render(Results())
    assert report.name == name
    assert "<h1>" in report.html
    assert report.figures == {}


def test_what_a_report_reads_is_a_part_of_the_results():
    parts = {field.name for field in fields(Results)}
    for name in reports.report_names():
        assert set(reports.about(name).reads) <= parts


def test_a_file_that_does_not_say_what_it_reads_is_no_report(tmp_path, monkeypatch):
    (tmp_path / "fairness.py").write_text("TITLE = 'Fairness'\nSUBJECT = title()\n")
    monkeypatch.setattr(reports, "_FOLDER", tmp_path)
    with pytest.raises(TypeError, match="READS"):
        reports.about("fairness")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match="leaderboard"):
        reports.load("leaderbord")


def test_listing_reports_imports_none_and_rendering_needs_no_torch():
    code = (
        "import sys; from emotion_pipeline import reports;"
        "from emotion_pipeline.reports.base import Results;"
        "[reports.about(one) for one in reports.report_names()];"
        "assert 'emotion_pipeline.reports.leaderboard' not in sys.modules;"
        "reports.load('leaderboard').render(Results());"
        "assert not {'torch', 'dagster', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_changed_template_changes_the_code_version(tmp_path, monkeypatch):
    before = reports.code_version("leaderboard")
    templates = tmp_path / "parts" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "leaderboard.py").touch()
    (templates / "page.css").write_text("body { color: red }")
    monkeypatch.setattr(reports, "_FOLDER", tmp_path)
    assert reports.code_version("leaderboard") != before
