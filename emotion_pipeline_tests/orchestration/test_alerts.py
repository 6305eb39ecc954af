"""Alerts: what is sent where, what is not written down, and that nothing breaks without them."""

import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from pydantic import ValidationError

from emotion_pipeline.orchestration.alerts import alerting, describe, send
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline.settings import Settings

SECRET = "T0KEN"  # noqa: S105, of nobody


class Receiver(HTTPServer):
    """Keeps what is posted; answers with the statuses that it is given, then with 200."""

    def __init__(self, *statuses):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.posted = list(statuses), []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    servers = []

    def start(*statuses):
        server = Receiver(*statuses)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def program(tmp_path, code):
    """A command line that runs some Python."""
    script = tmp_path / "tell me.py"
    script.write_text(code)
    return f"{sys.executable} '{script}' --token {SECRET}"


def test_without_anybody_to_tell_nothing_is_sent():
    assert send(Settings(), "hello")


def test_the_webhook_gets_the_text_as_json(receiver):
    server = receiver()
    assert send(Settings(alert_webhook=server.address), "zwei\nZeilen ü")
    assert server.posted == [(f"/{SECRET}", "application/json", {"text": "zwei\nZeilen ü"})]


def test_the_program_gets_the_text_on_its_standard_input(tmp_path):
    out = tmp_path / "out.txt"
    code = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    assert send(Settings(alert_command=program(tmp_path, code)), "two\nlines")
    assert out.read_text() == "two\nlines"


def test_everybody_is_told_though_one_cannot_be(receiver, tmp_path):
    server = receiver()
    settings = Settings(alert_webhook=server.address, alert_command="/no/such/program")
    assert not send(settings, "hello")
    assert len(server.posted) == 1


def test_it_is_tried_once_more(receiver):
    server = receiver(500)
    assert send(Settings(alert_webhook=server.address), "hello")
    assert len(server.posted) == 2
    server = receiver(500, 503, 200)
    assert not send(Settings(alert_webhook=server.address), "hello")
    assert len(server.posted) == 2


def test_what_cannot_be_sent_is_logged_without_the_secret(receiver, tmp_path, caplog):
    server = receiver(404, 404)
    failing = program(tmp_path, "raise SystemExit(3)")
    with caplog.at_level(logging.DEBUG):
        send(Settings(alert_webhook=server.address, alert_command=failing), "hello")
        send(Settings(alert_webhook=f"http://127.0.0.1:1/{SECRET}"), "hello")
        send(Settings(alert_webhook=f"http://[{SECRET}"), "hello")
    assert "alert webhook, try 2 of 2: answered with 404" in caplog.text
    assert "alert command, try 2 of 2: ended with 3" in caplog.text
    assert "ConnectionRefusedError" in caplog.text
    assert SECRET not in caplog.text


def test_the_settings_do_not_show_the_secret():
    settings = Settings(alert_webhook=f"https://hooks.example.org/{SECRET}", alert_command=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


@pytest.mark.parametrize("values", [{"alert_webhook": "file:///x"}, {"alert_command": "  "}])
def test_what_can_never_be_told_is_refused(values):
    with pytest.raises(ValidationError, match="should be"):
        Settings(**values)


def failed_run(small, job, **tags):
    return context_of(
        small, job.execute_in_process(instance=small.instance, raise_on_error=False, tags=tags)
    )


def context_of(small, result):
    """The context in which Dagster calls the sensor after a failed run."""
    assert not result.success
    return dg.build_run_status_sensor_context(
        sensor_name="alert_on_failure",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=small.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()


@pytest.fixture
def refreshing(small):
    """The refresh job of a pipeline whose samples fail their checks."""
    small.darken(*range(10))
    return build_definitions(small.pipeline()).resolve_job_def("refresh")


def test_a_failed_refresh_says_what_could_not_be_made_and_why(small, refreshing):
    text = describe(failed_run(small, refreshing))
    assert text.startswith("emotion_pipeline: a run of refresh failed\nnot everything could be")
    assert "faces/fer2013: waits for samples/fer2013" in text
    assert "not_black" in text


def test_a_failed_check_of_an_automatic_run_is_named(small):
    small.darken(*range(10))
    pipeline = small.pipeline()
    result = dg.materialize(
        [*pipeline.sources, *pipeline.assets, *pipeline.checks],
        selection=dg.AssetSelection.assets("samples/fer2013"),
        instance=small.instance,
        raise_on_error=False,
    )
    assert "samples/fer2013 meets_expectations: not_black" in describe(context_of(small, result))


def test_the_sensor_sends_one_alert_for_a_refresh_and_none_for_its_parts(
    small, refreshing, receiver
):
    server = receiver()
    sensor = alerting(Settings(alert_webhook=server.address))
    sensor(failed_run(small, refreshing, **{TAG: "lake"}))
    assert server.posted == []
    sensor(failed_run(small, refreshing))
    assert len(server.posted) == 1


def test_the_sensor_is_on_exactly_where_somebody_wants_to_be_told():
    on = alerting(Settings(alert_command="mail team@example.org"))
    assert on.default_status is dg.DefaultSensorStatus.RUNNING
    assert alerting(Settings()).default_status is dg.DefaultSensorStatus.STOPPED
