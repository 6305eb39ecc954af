"""Commands that look after an installation: `emotion-pipeline doctor | gc`.

As in `cli`, every command imports what it needs when it runs.
"""

import json
import re
import sys
from dataclasses import asdict
from datetime import timedelta

import click

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
_AGE = re.compile(r"(\d+)\s*(d|h)")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
def doctor(as_json: bool) -> None:
    """Look at packages, folders, Dagster's records and hardware, and say what to do.

    The exit code is 1 where there is a problem; warnings and what is merely absent are none.
    """
    from emotion_pipeline.orchestration.doctor import diagnose
    from emotion_pipeline.settings import Settings

    found = []
    for finding in diagnose(Settings()):
        found.append(finding)
        if not as_json:
            level = click.style(f"{finding.level.value:<7}", fg=COLOURS[finding.level.value])
            remedy = f" - {finding.remedy}" if finding.remedy else ""
            click.echo(f"{level}  {finding.what}{remedy}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=1))
    sys.exit(1 if any(finding.level == "problem" for finding in found) else 0)


def _age(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    known = _AGE.fullmatch(text.strip())
    if known is None:
        raise click.BadParameter(f"{text!r} is no age; expected are days or hours, as 30d or 12h")
    return timedelta(**{{"d": "days", "h": "hours"}[known[2]]: int(known[1])})


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@click.option(
    "--older-than",
    default="30d",
    show_default=True,
    callback=_age,
    help="Age of Dagster's runs, logs and ticks, in days (30d) or hours (12h).",
)
@click.option(
    "--orphans", is_flag=True, help="Also what belongs to datasets and recipes that are gone."
)
def gc(dry_run: bool, older_than: timedelta, orphans: bool) -> None:
    """Free disk: what killed runs left, finished trainings' checkpoints, Dagster's old runs.

    Raw files, and what the pipeline has made and still knows, are never touched; nothing becomes
    stale. While a refresh runs, nothing is removed.
    """
    from emotion_pipeline.orchestration.gc import Refused, collect
    from emotion_pipeline.orchestration.home import open_instance
    from emotion_pipeline.orchestration.pipeline import build_pipeline
    from emotion_pipeline.settings import Settings

    settings = Settings()
    with open_instance(settings) as instance:
        try:
            kinds = collect(
                build_pipeline(settings),
                instance,
                older_than,
                with_orphans=orphans,
                dry_run=dry_run,
            )
        except Refused as refused:
            raise click.ClickException(str(refused)) from refused
    word = "would free" if dry_run else "freed"
    for kind in filter(lambda one: one.n, kinds):
        kept = "" if kind.removed else " (kept; --orphans removes them)"
        click.echo(f"{kind.n:>7,}  {kind.n_bytes / 1e6:>10,.1f} MB  {kind.name}{kept}")
        for example in kind.shown:
            click.echo(f"           {example}")
    total = sum(kind.n_bytes for kind in kinds if kind.removed)
    click.echo(f"{word} {total / 1e6:,.1f} MB")
