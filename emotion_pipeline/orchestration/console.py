"""What `status` and `refresh` print: the plan, a line per asset, and the summary."""

import sys
import time

import click

from emotion_pipeline.orchestration.refresh import Done, Look, Outcome
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.staleness import Standing, Status


def print_plan(look: Look, stages: list[Stage]) -> None:
    """What is due and why, what may follow, and what cannot be made."""
    found = [(stage, look.standings(stage)) for stage in stages]
    seconds = time.monotonic() - look.began
    due = [(stage, [one for one in standings if one.due]) for stage, standings in found]
    due_keys = {stage.key for stage, standings in due if standings}
    n_due = sum(len(standings) for _, standings in due)
    n_absent = sum(one.status is Status.ABSENT for _, standings in found for one in standings)
    n_all = sum(len(standings) for _, standings in found)
    cannot = f"; {n_absent} cannot be made, since raw files are not there" if n_absent else ""
    click.echo(
        f"{n_due} of {n_all} asset partitions are missing or stale{cannot} ({seconds:.2f} s)"
    )
    for stage, standings in due:
        for reason, group in _by_reason(standings):
            click.echo(f"  {stage.key}{_partitions(stage, group)}: {reason}")
    absent = {stage.key for stage, standings in found if standings[0].status is Status.ABSENT}
    for stage in _below(stages, due_keys, absent):
        click.echo(f"  {stage.key}: made again if what it follows from comes out different")
    for reason in dict.fromkeys(s[0].reason for _, s in found if s[0].status is Status.ABSENT):
        keys = [stage.key for stage, s in found if s[0].reason == reason]
        click.echo(f"  not there: {', '.join(keys)}\n    {reason}")


def print_summary(outcome: Outcome, settings: Settings) -> None:
    """Times by asset, what failed and why, and where the reports are."""
    if not outcome.done and outcome.succeeded:
        click.echo("nothing to do")
    made = [done for done in outcome.done if done.succeeded]
    if made:
        click.echo(
            f"{len(made)} asset partitions made in {sum(done.seconds for done in made):.1f} s"
        )
    for key, reason in outcome.skipped.items():
        click.echo(click.style(f"not made: {key}: {reason}", fg="red"))
    for key, reason in outcome.unfit.items():
        click.echo(click.style(f"not used: {key}: {reason}", fg="red"))
    for kind in ("exploration", "reports"):
        for page in sorted((settings.lake / kind).glob("*/index.html")):
            click.echo(f"report: {page}")


class Console:
    """Tells of every asset as it starts and ends."""

    def started(self, standing: Standing) -> None:
        if sys.stdout.isatty():
            click.echo(f"… {_place(standing)}", nl=False)

    def finished(self, done: Done) -> None:
        mark = click.style("✓", fg="green") if done.succeeded else click.style("✗", fg="red")
        start = "\r\033[K" if sys.stdout.isatty() else ""
        click.echo(f"{start}{mark} {_place(done.standing)}  {done.seconds:.1f} s  {done.summary}")


def _place(standing: Standing) -> str:
    return f"{standing.key}[{standing.partition}]" if standing.partition else standing.key


def _by_reason(standings: list[Standing]) -> list[tuple[str, list[Standing]]]:
    reasons = dict.fromkeys(one.reason for one in standings)
    return [(reason, [one for one in standings if one.reason == reason]) for reason in reasons]


def _partitions(stage: Stage, group: list[Standing]) -> str:
    if not stage.partitions:
        return ""
    names = [str(one.partition) for one in group]
    return (
        f"[all {len(names)}]"
        if len(names) == len(stage.partitions) > 1
        else f"[{', '.join(names)}]"
    )


def _below(stages: list[Stage], due: set[str], absent: set[str]) -> list[Stage]:
    """Stages that are not due but follow, directly or not, from one that is."""
    below: set[str] = set()
    for stage in stages:  # sources first, so one pass is enough
        if any(needs.key in due | below for needs in stage.needs):
            below.add(stage.key)
    return [stage for stage in stages if stage.key in below - due - absent]
