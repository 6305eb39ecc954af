"""Commands about reports and the models of others: `emotion-pipeline report | import | audit`.

As in `cli`, every command imports what it needs when it runs.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emotion_pipeline.settings import Settings


@click.command()
@click.argument("name", required=False)
@click.option("--open", "show", is_flag=True, help="Show the page in the browser.")
def report(name: str | None, show: bool) -> None:
    """Build report NAME, or all of them and the page that links them, without Dagster.

    They are made from the predictions that are in the lake; nothing is trained or predicted.
    """
    from emotion_pipeline import reports
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import report_inputs
    from emotion_pipeline.stages import reports as report_stage
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.stages.imports import all_recipes

    names = report_stage.names_in_order()
    if name is not None and name not in names:
        raise click.ClickException(f"report: {nearest(name, names)}")
    workspace = Workspace(Settings())
    doors = report_inputs.Doors(all_datasets(), all_recipes(workspace.settings, all_datasets()))
    for one in names if name is None else [name]:
        report_stage.make(workspace, one, doors)
        page = report_stage.artifact(workspace, one).folder / report_stage.PAGE
        click.echo(f"{reports.about(one).title}: {page}")
    if show:
        click.launch(page.resolve().as_uri())


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="<labels>_<anything>, such as ferplus_friend.")
@click.option("--labels", required=True, help="Dataset whose labels are the truth.")
@click.option("--pictures", help="Dataset of the pictures; that of the labels by default.")
@click.option("--label-space", default="eight_emotions", show_default=True)
@click.option("--claim", type=click.FloatRange(0, 1), help="Accuracy on the test part, 0 to 1.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=MEANING", help="What a column means."
)
@click.option("--description", help="Who made it, from what, and what it has learned from.")
@click.option("--force", is_flag=True, help="Write over an imported model of that name.")
def import_(
    file: Path,
    name: str,
    labels: str,
    pictures: str | None,
    label_space: str,
    claim: float | None,
    columns: tuple[str, ...],
    description: str | None,
    force: bool,
) -> None:
    """Let FILE, predictions as CSV or a network as ONNX, stand in every report as model NAME.

    It is compared with the lake first, and copied with a recipe into the folder predictions of the
    raw files. An ONNX file that `export` did not write needs a recipe: see docs/importing.md.
    """
    from emotion_pipeline.datasets import get_dataset
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import foreign, imports
    from emotion_pipeline.stages.base import Lacking, Workspace
    from emotion_pipeline.training.foreign import ENDINGS

    kinds = {ending: predictor for predictor, ending in ENDINGS.items()}
    if file.suffix.lower() not in kinds:
        raise click.ClickException(f"{file}: expected is a file *{' or *'.join(kinds)}")
    try:
        dataset = get_dataset(labels)
    except KeyError as error:
        raise click.ClickException(error.args[0]) from error
    values = {
        "description": description or f"Imported from {file.name}; what it learned from is unknown",
        "predictor": kinds[file.suffix.lower()],
        "data": {
            "labels": labels,
            "pictures": pictures or dataset.pictures,
            "label_space": label_space,
        },
        **({"columns": dict(map(_column, columns))} if columns else {}),
        **({"claim": {"accuracy_score": claim}} if claim is not None else {}),
    }
    workspace = Workspace(Settings())
    try:
        said = imports.add(
            workspace.settings,
            file,
            name,
            values,
            lambda recipe: foreign.check(workspace, recipe, file),
            force=force,
        )
    except Lacking as lacking:
        raise click.ClickException(str(lacking)) from lacking
    click.echo(f"{imports.folder(workspace.settings) / name}.yaml: {said}")
    click.echo(
        f"next: emotion-pipeline refresh predictions/{name}, then emotion-pipeline report audit"
    )


@click.command()
@click.argument("name")
@click.option("--claim", type=click.FloatRange(0, 1), help="Accuracy on the test part, 0 to 1.")
def audit(name: str, claim: float | None) -> None:
    """Judge the accuracy that is claimed of model NAME, by its predictions in the lake.

    The claim is that of its recipe, if it has one, or --claim. The exit code is 0 where the model
    is as good as claimed, 1 where it is not or where that cannot be judged.
    """
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.reports.parts.audit.audits import audit as audited
    from emotion_pipeline.reports.parts.audit.audits import moved_columns, statement
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import report_inputs
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.stages.imports import all_recipes

    workspace, datasets = Workspace(Settings()), all_datasets()
    recipes = all_recipes(workspace.settings, datasets)
    if name not in recipes:
        raise click.ClickException(f"model: {nearest(name, tuple(recipes))}")
    doors = report_inputs.Doors(datasets, {name: recipes[name]})
    models = report_inputs.read(workspace, ("models",), doors).models
    if not models:
        raise click.ClickException(
            f"the lake has no predictions of {name}: emotion-pipeline refresh predictions/{name}"
        )
    found = audited(models[0], claim)
    if found.claim is None:
        raise click.UsageError(f"nothing is claimed of {name}; say --claim 0.91. {found.why}")
    click.echo(f"{name}: {found.verdict}. {found.why}")
    click.echo(statement(found.model))
    click.echo(f"all rows {found.official}; without leaks {found.leak_free}")
    if found.model.foreign:
        click.echo("trained elsewhere: what it has learned from is not known here")
    for one in found.findings:
        click.echo(f"{one.what}: {one.words}")
    if found.order.swapped:
        click.echo(moved_columns(found))
    sys.exit(0 if found.verdict.holds else 1)


def print_imported(settings: "Settings") -> None:
    """A line per imported model, and per one that cannot be used why not."""
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.stages import imports
    from emotion_pipeline.training.recipe_files import load_all

    found, faults = imports.recipes(settings, all_datasets(), load_all())
    for name, recipe in found.items():
        gone = "" if imports.digest(settings, recipe) else ", which is not there"
        click.echo(f"\nimported: {name}, from {recipe.file}{gone}")
    for fault in faults:
        click.echo(f"\nleft out: {fault}")


def _column(text: str) -> tuple[str, str]:
    name, equals, meaning = text.rpartition("=")
    if not (name and equals and meaning):
        raise click.UsageError(f"--column {text}: expected is NAME=MEANING")
    return name, meaning
