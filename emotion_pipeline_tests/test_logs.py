import json
import logging
import os
from datetime import datetime

import pytest

from emotion_pipeline.logs import NAME, configure

FIGURES = {"rows": 3, "seconds": 0.5}


@pytest.fixture
def logger(monkeypatch):
    found = logging.getLogger(NAME)
    monkeypatch.setattr(found, "handlers", [])
    return found.getChild("tests")


def test_json_is_one_object_per_line_with_what_a_record_is_about(logger, capfd):
    configure("json")
    about = {"asset": "degraded/kdef", "partition": "jpeg-1", "figures": FIGURES}
    logger.info("made %d\nrows", 3, extra=about)
    logger.warning("plain")
    first, second = map(json.loads, capfd.readouterr().err.splitlines())
    assert datetime.fromisoformat(first.pop("time")).utcoffset().total_seconds() == 0
    assert first == {
        "level": "info",
        "logger": f"{NAME}.tests",
        "message": "made 3\nrows",
        **about,
    }
    assert second["message"] == "plain"
    assert second["level"] == "warning"
    assert "asset" not in second


def test_json_tells_the_traceback_of_an_error(logger, capfd):
    configure("json")
    try:
        raise ValueError("no such thing")
    except ValueError:
        logger.exception("it failed")
    said = json.loads(capfd.readouterr().err)
    assert "ValueError: no such thing" in said["error"]


def test_json_goes_where_standard_error_was_though_it_is_sent_elsewhere(logger, capfd, tmp_path):
    configure("json")
    kept = os.dup(2)
    with (tmp_path / "elsewhere").open("w") as elsewhere:
        os.dup2(elsewhere.fileno(), 2)
        logger.info("here")
        os.dup2(kept, 2)
    os.close(kept)
    assert json.loads(capfd.readouterr().err)["message"] == "here"
    assert (tmp_path / "elsewhere").read_text() == ""


def test_people_read_plain_lines_and_are_told_of_assets_once(logger, capfd):
    configure("human")
    logger.info("words")
    logger.info("already on the console", extra={"asset": "faces/kdef"})
    assert capfd.readouterr().err == "  words\n"
