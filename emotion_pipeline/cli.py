"""The command line: `emotion-pipeline sample | refresh | status | train | ui`.

Only arguments and words for people stand here. Every command imports what it needs when it runs,
so that `--help` is quick.
"""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emotion_pipeline.orchestration.pipeline import Pipeline
    from emotion_pipeline.stages.base import Stage


class Commands(click.Group):
    """Wrong settings and recipes are said in words, not as a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except ValueError as error:
            if type(error).__name__ in ("ValidationError", "RecipeError"):
                raise click.ClickException(str(error)) from error
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="emotion-pipeline")
def main() -> None:
    """Facial emotion recognition from raw datasets to reports.

    Settings are environment variables: EMOTION_PIPELINE_LAKE, EMOTION_PIPELINE_RAW and others
    that docs/settings.md lists.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    logger = logging.getLogger("emotion_pipeline")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--n", default=800, show_default=True, type=click.IntRange(20, 100_000), help="Drawn faces."
)
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same files.")
@click.option("--force", is_flag=True, help="Write over raw files that are there.")
def sample(out: Path, n: int, seed: int, force: bool) -> None:
    """Write small datasets of drawn faces into OUT, in their published layouts.

    Their numbers test the pipeline and say nothing about people.
    """
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.datasets.base import SYNTHETIC_MARK

    for dataset in all_datasets().values():
        if dataset.draw is None:
            continue
        folder = out / dataset.name
        real = folder.is_dir() and any(folder.iterdir()) and not (folder / SYNTHETIC_MARK).exists()
        if real and not force:
            raise click.ClickException(
                f"{folder} holds files that are not drawn samples; use --force"
            )
        dataset.draw(out, n, seed)
        click.echo(f"{folder}: {n} drawn faces")


@main.command()
@click.argument("selection", nargs=-1)
def status(selection: tuple[str, ...]) -> None:
    """Print what `refresh` would make, and why, without making it."""
    from emotion_pipeline.orchestration.console import print_plan
    from emotion_pipeline.orchestration.home import open_instance
    from emotion_pipeline.orchestration.pipeline import build_pipeline
    from emotion_pipeline.orchestration.refresh import Look
    from emotion_pipeline.settings import Settings

    settings = Settings()
    pipeline = build_pipeline(settings)
    stages = _selected(pipeline, selection)
    with open_instance(settings) as instance:
        print_plan(Look(pipeline, instance), stages)


@main.command()
@click.argument("selection", nargs=-1)
def refresh(selection: tuple[str, ...]) -> None:
    """Make what is missing or stale: everything, or SELECTION with all that it follows from.

    SELECTION are asset keys or patterns such as `models/*`.
    """
    from emotion_pipeline.orchestration.console import Console, print_plan, print_summary
    from emotion_pipeline.orchestration.home import open_instance
    from emotion_pipeline.orchestration.pipeline import build_pipeline
    from emotion_pipeline.orchestration.refresh import Look
    from emotion_pipeline.orchestration.refresh import refresh as run
    from emotion_pipeline.orchestration.turns import my_turn
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages.base import Workspace

    settings = Settings()
    pipeline = build_pipeline(settings)
    stages = _selected(pipeline, selection)
    lake = Workspace(settings).lake
    with open_instance(settings) as instance, my_turn(lake, instance, click.echo):
        print_plan(Look(pipeline, instance), stages)
        console = Console()
        outcome = run(
            pipeline, instance, stages, started=console.started, finished=console.finished
        )
        print_summary(outcome, settings)
    sys.exit(0 if outcome.succeeded else 1)


@main.command()
@click.argument("recipe")
@click.option("--seed", type=int, help="One of the recipe's seeds; all of them by default.")
def train(recipe: str, seed: int | None) -> None:
    """Train RECIPE on what is in the lake, without Dagster; the weights are the same."""
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import models
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.training.recipe import load_all

    recipes = load_all()
    if recipe not in recipes:
        raise click.ClickException(f"recipe: {nearest(recipe, tuple(recipes))}")
    for number in recipes[recipe].seeds if seed is None else (seed,):
        made = models.train(Workspace(Settings()), recipe, recipes[recipe], number)
        click.echo(f"models/{recipe} seed {number}: {made.summary}")


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


def _selected(pipeline: "Pipeline", selection: tuple[str, ...]) -> "list[Stage]":
    from emotion_pipeline.orchestration.refresh import select

    try:
        return select(pipeline, selection)
    except KeyError as error:
        raise click.ClickException(error.args[0]) from error
