"""What `status` and `refresh` print: the plan, a line per asset, and the summary."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

import click

from emotion_pipeline.orchestration.look import Look
from emotion_pipeline.orchestration.refresh import Done, Outcome
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.staleness import Standing, Status

CLEAR_LINE = "\r\033[K"
MOST_LINES = 10
"""How many assets of one kind have a line each."""


def print_plan(look: Look) -> None:
    """What is due and why, what may follow, and what cannot be made."""
    found = [(stage, look.standings(stage)) for stage in look.stages]
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
    absent = {stage.key: reason for stage in look.stages if (reason := look.absent(stage))}
    wanted = [stage for stage, standings in found if standings]
    for stage in _below(wanted, due_keys):
        if stage.key not in absent:
            click.echo(f"  {stage.key}: made again if what it follows from comes out different")
    for reason in dict.fromkeys(absent.values()):
        keys = [key for key, why in absent.items() if why == reason]
        click.echo(f"  not there: {', '.join(keys)}\n    {reason}")


def print_on_demand(look: Look) -> None:
    """How many partitions are made only for those who ask, and how to ask for some of them.

    Many assets of one kind, such as the models of all recipes, share a line.
    """
    found = {stage.key: look.on_demand(stage) for stage in look.stages}
    groups: dict[str, list[Stage]] = {}
    for stage in look.stages:
        if found[stage.key]:
            groups.setdefault(stage.group, []).append(stage)
    for group, stages in groups.items():
        if len(stages) > MOST_LINES:
            names = ", ".join(stage.key.removeprefix(f"{group}/") for stage in stages)
            example = f"emotion-pipeline refresh '{stages[0].key}'"
            click.echo(f"  {group}: {len(stages)} more on demand, such as {example}; of {names}")
            continue
        for stage in stages:
            partitions = found[stage.key]
            family, dash, _ = partitions[0].rpartition("-")
            some = f"{family}-*" if dash else partitions[0]
            click.echo(
                f"  {stage.key}: {len(partitions)} more on demand, such as"
                f" emotion-pipeline refresh '{stage.key}[{some}]'"
            )


def print_summary(outcome: Outcome, settings: Settings) -> None:
    """Times by asset, what failed and why, and where the reports are."""
    if not outcome.done and outcome.succeeded and not outcome.lacking:
        click.echo("nothing to do")
    made = [done for done in outcome.done if done.succeeded]
    if made:
        click.echo(
            f"{len(made)} asset partitions made in {sum(done.seconds for done in made):.1f} s"
        )
    for reason in dict.fromkeys(outcome.lacking.values()):
        keys = [key for key, why in outcome.lacking.items() if why == reason]
        click.echo(click.style(f"not made: {', '.join(keys)}\n    {reason}", fg="yellow"))
    for key, reason in outcome.skipped.items():
        click.echo(click.style(f"not made: {key}: {reason}", fg="red"))
    for key, reason in outcome.unfit.items():
        click.echo(click.style(f"not used: {key}: {reason}", fg="red"))
    linked = settings.lake / "reports" / "index" / "index.html"
    every = sorted(settings.lake.glob("exploration/*/index.html"))
    for page in [linked] if linked.is_file() else every:
        click.echo(f"report: {page}")


@contextmanager
def present_stdout() -> Iterator[TextIO]:
    """Where standard output goes now; while it makes an asset, Dagster sends it into a file."""
    descriptor = os.dup(sys.stdout.fileno())
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    with os.fdopen(descriptor, "w", encoding=encoding, errors=errors) as out:
        yield out


@dataclass
class Console:
    """Tells of every asset as it starts, goes on and ends."""

    out: TextIO
    every_s: float = 10.0
    """How often a running asset is told of where there is no terminal to tell in place."""
    _running: str = field(default="", init=False)
    _told: float = field(default=0.0, init=False)

    def started(self, standing: Standing) -> None:
        self._running, self._told = _place(standing), time.monotonic()
        if self.out.isatty():
            click.echo(f"… {self._running}", self.out, nl=False)

    def progressed(self, done: int, of: int) -> None:
        line = f"… {self._running} {done}/{of} buckets"
        if self.out.isatty():
            click.echo(f"{CLEAR_LINE}{line}", self.out, nl=False)
        elif time.monotonic() - self._told >= self.every_s:
            click.echo(line, self.out)
            self._told = time.monotonic()

    def finished(self, done: Done) -> None:
        mark = click.style("✓", fg="green") if done.succeeded else click.style("✗", fg="red")
        start = CLEAR_LINE if self.out.isatty() else ""
        line = f"{mark} {_place(done.standing)}  {done.seconds:.1f} s  {done.summary}"
        click.echo(f"{start}{line}", self.out)


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


def _below(stages: list[Stage], due: set[str]) -> list[Stage]:
    """Stages that are not due but follow, directly or not, from one that is."""
    below: set[str] = set()
    for stage in stages:  # sources first, so one pass is enough
        if any(needs.key in due | below for needs in stage.needs):
            below.add(stage.key)
    return [stage for stage in stages if stage.key in below - due]
