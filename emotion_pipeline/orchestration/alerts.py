"""Word to people that something failed: to a web address, or to a program such as `mail`.

An alert that cannot be sent is noted and breaks nothing. Neither the address nor the program is
ever written down, since both may hold secrets.
"""

import json
import logging
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException

import dagster as dg

from emotion_pipeline.orchestration.refresh import cause
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_S = 10
N_TRIES = 2


def send(settings: Settings, text: str) -> bool:
    """Tell everybody whom the settings name; whether all of them took it."""
    ways: list[tuple[str, Callable[[str], None]]] = []
    if settings.alert_webhook is not None:
        address = settings.alert_webhook.get_secret_value()
        ways.append(("webhook", lambda text: _post(address, text)))
    if settings.alert_command is not None:
        command = settings.alert_command.get_secret_value()
        ways.append(("command", lambda text: _tell(command, text)))
    taken = [_tried(name, way, text) for name, way in ways]
    return all(taken)


def alerting(settings: Settings) -> dg.SensorDefinition:
    """The sensor that sends an alert for every failed run of the daemon, the UI and the jobs.

    It runs wherever the settings say to whom. The runs that a refresh is made of are left out: the
    job tells of them all at its end, and whoever types the command sees them.
    """
    wanted = settings.alert_webhook is not None or settings.alert_command is not None
    status = dg.DefaultSensorStatus.RUNNING if wanted else dg.DefaultSensorStatus.STOPPED

    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitor_all_code_locations=True,
        minimum_interval_seconds=30,
        default_status=status,
        description="Tells EMOTION_PIPELINE_ALERT_WEBHOOK and _COMMAND of failed runs and checks.",
    )
    def alert(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if TAG in context.dagster_run.tags:
            return dg.SkipReason("a part of a refresh, which tells of it")
        send(settings, describe(context))
        return None

    return alert


def describe(context: dg.RunFailureSensorContext) -> str:
    """Which run failed, the causes, and the checks that did not pass."""
    run = context.dagster_run
    causes = [cause(event) for event in context.get_step_failure_events()]
    lines = [
        f"emotion_pipeline: a run of {_subject(run)} failed",
        *(causes or [context.failure_event.message or "no cause is known"]),
        *_failed_checks(context.instance, run.run_id),
        f"run {run.run_id}",
    ]
    return "\n".join(lines)


def _subject(run: dg.DagsterRun) -> str:
    keys = sorted(key.to_user_string() for key in run.asset_selection or ())
    return ", ".join(keys) if keys else run.job_name


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    for record in instance.get_records_for_run(run_id, of_type=kind).records:
        event = record.event_log_entry.dagster_event
        found = event.asset_check_evaluation_data if event is not None else None
        if found is not None and not found.passed:
            yield f"{found.asset_key.to_user_string()} {found.check_name}: {found.description}"


def _tried(name: str, way: Callable[[str], None], text: str) -> bool:
    for number in range(1, N_TRIES + 1):
        try:
            way(text)
        except (OSError, ValueError, HTTPException, subprocess.SubprocessError) as error:
            log.warning("alert %s, try %d of %d: %s", name, number, N_TRIES, _said(error))
        else:
            return True
    return False


def _post(address: str, text: str) -> None:
    """POST {"text": ...}, which Slack, Mattermost and the workflows of Teams take."""
    data = json.dumps({"text": text}).encode()
    request = urllib.request.Request(  # noqa: S310, the settings let only http and https in
        address, data, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
        pass


def _tell(command: str, text: str) -> None:
    """Run a program without a shell, with the text as its standard input."""
    subprocess.run(  # noqa: S603, the user's own program
        shlex.split(command),
        input=text,
        text=True,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )


def _said(error: Exception) -> str:
    """What went wrong, without the address or the program."""
    match error:
        case urllib.error.HTTPError():
            return f"answered with {error.code}"
        case urllib.error.URLError():
            return type(error.reason).__name__
        case subprocess.CalledProcessError():
            return f"ended with {error.returncode}"
        case _:
            return type(error).__name__
