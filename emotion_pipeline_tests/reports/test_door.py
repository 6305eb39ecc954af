import subprocess
import sys

import pytest

from emotion_pipeline import reports


def test_evaluation_is_found_and_helpers_are_not():
    assert "evaluation" in reports.report_names()
    assert not {"base", "parts", "__init__"} & set(reports.report_names())


def test_a_new_file_is_a_new_report(tmp_path, monkeypatch):
    (tmp_path / "fairness.py").touch()
    (tmp_path / "_draft.py").touch()
    monkeypatch.setattr(reports, "_FOLDER", tmp_path)
    assert reports.report_names() == ("fairness",)


def test_every_report_loads():
    for name in reports.report_names():
        module = reports.load(name)
        assert isinstance(module.TITLE, str)
        assert callable(module.render)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match="evaluation"):
        reports.load("evalution")


def test_listing_reports_imports_none_and_rendering_needs_no_torch():
    code = (
        "import sys; from emotion_pipeline import reports; reports.report_names();"
        "assert 'emotion_pipeline.reports.evaluation' not in sys.modules;"
        "reports.load('evaluation').render([]);"
        "assert not {'torch', 'dagster', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_changed_template_changes_the_code_version(tmp_path, monkeypatch):
    before = reports.code_version("evaluation")
    templates = tmp_path / "parts" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "evaluation.py").touch()
    (templates / "page.css").write_text("body { color: red }")
    monkeypatch.setattr(reports, "_FOLDER", tmp_path)
    assert reports.code_version("evaluation") != before
