"""The command line: `emotion-pipeline sources | sample | fetch | refresh | status | train | export`
and `predict | report | import | audit | champion | ui | doctor | gc`.

Only arguments and words for people stand here; the commands about one model are in `cli_models`,
those about reports and the models of others in `cli_reports`, that about champions in
`cli_champions`, those that look after an installation in `cli_operations`.
Every command imports what it needs when it runs, so that `--help` is quick.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emotion_pipeline import cli_champions, cli_models, cli_operations, cli_reports

if TYPE_CHECKING:
    from emotion_pipeline.datasets.base import Dataset
    from emotion_pipeline.orchestration.pipeline import Pipeline
    from emotion_pipeline.orchestration.selection import Selection
    from emotion_pipeline.stages.survey import Survey

# By name, because their modules are imported by the commands that need them.
SAID_IN_WORDS = (
    *("ValidationError", "RecipeError", "ModelError", "ExportError", "ModelFileError"),
    *("StoreFailed", "TrainingDivergedError", "ChecksFailed"),
)


class Commands(click.Group):
    """Wrong settings, recipes, model files and stores are said in words, not as a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except Exception as error:
            if type(error).__name__ in SAID_IN_WORDS:
                raise click.ClickException(str(error)) from error
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="emotion-pipeline")
def main() -> None:
    """Facial emotion recognition from raw datasets to reports.

    Settings are environment variables: EMOTION_PIPELINE_LAKE, EMOTION_PIPELINE_RAW and others
    that docs/settings.md lists.
    """
    from emotion_pipeline.logs import configure
    from emotion_pipeline.settings import Settings

    configure(Settings().log_format)


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1)
@click.option(
    "--n", default=800, show_default=True, type=click.IntRange(20, 100_000), help="Drawn faces."
)
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same files.")
@click.option("--force", is_flag=True, help="Write over raw files that are there.")
def sample(out: Path, names: tuple[str, ...], n: int, seed: int, force: bool) -> None:
    """Write small datasets of drawn faces into OUT, in their published layouts.

    NAMES are datasets; all of them by default. Where pictures are large there are fewer than N.
    Their numbers test the pipeline and say nothing about people.
    """
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.datasets.raw_files import real_files_in

    for dataset in [_dataset(name) for name in names] or all_datasets().values():
        if dataset.draw is None:
            continue
        real = real_files_in(out, dataset.name)
        if real and not force:
            raise click.ClickException(
                f"{real} holds files that are not drawn samples; use --force"
            )
        dataset.draw(out, n, seed)
        click.echo(f"{out / dataset.name}: a drawn sample of {dataset.title}")


@main.command()
@click.argument("names", nargs=-1)
def sources(names: tuple[str, ...]) -> None:
    """Print every dataset: present or absent, how much, what is wrong, where to get it.

    Without NAMES the imported models are named too, and why any of them cannot be used.
    """
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.stages.survey import survey

    workspace = Workspace(Settings())
    click.echo(f"raw files are looked for in {workspace.settings.raw_root}\n")
    datasets = [_dataset(name) for name in names] or list(all_datasets().values())
    _print_surveys([survey(workspace, dataset) for dataset in datasets])
    if not names:
        cli_reports.print_imported(workspace.settings)


@main.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Write over raw files that are there.")
def fetch(name: str, force: bool) -> None:
    """Download the raw files of dataset NAME, where its publisher lets programs do so.

    Kaggle asks for your own credentials; the message says how to set them up.
    """
    from emotion_pipeline.fetching import FetchFailed
    from emotion_pipeline.fetching import fetch as download
    from emotion_pipeline.settings import Settings

    try:
        folder = download(_dataset(name).name, Settings().raw_root, force=force, progress=_print_mb)
    except FetchFailed as failed:
        raise click.ClickException(str(failed)) from failed
    click.echo(f"{folder}: downloaded; `emotion-pipeline sources {name}` says what is there")


@main.command()
@click.argument("selection", nargs=-1)
def status(selection: tuple[str, ...]) -> None:
    """Print what `refresh` would make, and why, without making it.

    SELECTION is that of `refresh`. Without one, a line per asset says how much more of it can be
    made on demand.
    """
    from emotion_pipeline.orchestration.console import print_on_demand, print_plan
    from emotion_pipeline.orchestration.home import open_instance
    from emotion_pipeline.orchestration.look import Look
    from emotion_pipeline.orchestration.pipeline import build_pipeline
    from emotion_pipeline.settings import Settings

    settings = Settings()
    pipeline = build_pipeline(settings)
    selected = _selected(pipeline, selection)
    with open_instance(settings) as instance:
        look = Look(pipeline, instance, selected)
        print_plan(look)
        if not selection:
            print_on_demand(look)


@main.command()
@click.argument("selection", nargs=-1)
def refresh(selection: tuple[str, ...]) -> None:
    """Make what is missing or stale: everything, or SELECTION with all that it follows from.

    SELECTION are asset keys or patterns such as `models/*`; in brackets some of their partitions,
    such as `degraded/kdef[old_photo-*]`, and all of them otherwise.

    Without SELECTION, partitions that are made on demand are left out, unless they were made
    before or something else needs them; `status` tells of them.
    """
    from emotion_pipeline.orchestration.console import (
        Console,
        present_stdout,
        print_plan,
        print_summary,
    )
    from emotion_pipeline.orchestration.home import open_instance
    from emotion_pipeline.orchestration.look import Look
    from emotion_pipeline.orchestration.pipeline import build_pipeline
    from emotion_pipeline.orchestration.refresh import refresh as run
    from emotion_pipeline.orchestration.turns import my_turn
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages.base import Workspace

    settings = Settings()
    pipeline = build_pipeline(settings)
    selected = _selected(pipeline, selection)
    lake = Workspace(settings).lake
    with open_instance(settings) as instance, my_turn(lake, instance, click.echo):
        print_plan(Look(pipeline, instance, selected))
        with present_stdout() as out:
            console = Console(out)
            outcome = run(
                pipeline,
                instance,
                selected,
                started=console.started,
                progressed=console.progressed,
                finished=console.finished,
            )
        print_summary(outcome, settings)
    asked_for_too_much = bool(selection and outcome.lacking)
    sys.exit(0 if outcome.succeeded and not asked_for_too_much else 1)


@main.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Dagster has no login: keep it local."
)
@click.option("--port", default=3000, show_default=True)
def ui(host: str, port: int) -> None:
    """Start Dagster's UI and daemon."""
    from emotion_pipeline.orchestration.home import serve
    from emotion_pipeline.settings import Settings

    serve(Settings(), host, port)


for command in (
    *(cli_models.train, cli_models.export, cli_models.predict),
    *(cli_champions.champion, cli_operations.doctor, cli_operations.gc),
    *(cli_reports.report, cli_reports.import_, cli_reports.audit),
):
    main.add_command(command)


def _dataset(name: str) -> "Dataset":
    from emotion_pipeline.datasets import get_dataset

    try:
        return get_dataset(name)
    except KeyError as error:
        raise click.ClickException(error.args[0]) from error


def _print_mb(n_bytes: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{n_bytes / 1e6:,.1f} MB", nl=False, err=True)


def _print_surveys(found: "list[Survey]") -> None:
    """A table with a line per dataset, and below it what is to be said of each."""
    rows = [("dataset", "state", "files", "MB", "licence")]
    for one in found:
        size = (f"{one.n_files:,}", f"{one.n_bytes / 1e6:,.1f}") if one.n_files else ("", "")
        rows.append((one.dataset.name, one.state, *size, one.dataset.licence))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, state, files, megabytes, licence in rows:
        place = f"{name:<{wide[0]}}  {state:<{wide[1]}}"
        click.echo(f"{place}  {files:>{wide[2]}}  {megabytes:>{wide[3]}}  {licence}")
    for one in found:
        for note in one.notes:
            click.echo(f"\n{one.dataset.name}: {note}")


def _selected(pipeline: "Pipeline", selection: tuple[str, ...]) -> "Selection":
    from emotion_pipeline.orchestration.selection import select

    try:
        return select(pipeline, selection)
    except KeyError as error:
        raise click.ClickException(error.args[0]) from error
