"""Commands about one model: `emotion-pipeline train | export | predict`.

As in `cli`, every command imports what it needs when it runs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("recipe")
@click.option("--seed", type=int, help="One of the recipe's seeds; all of them by default.")
def train(recipe: str, seed: int | None) -> None:
    """Train RECIPE on what is in the lake, without Dagster; the weights are the same."""
    from emotion_pipeline.datasets import all_datasets
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.lake.tables import DamagedTable
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages.base import Lacking, Workspace
    from emotion_pipeline.stages.graph import build_graph
    from emotion_pipeline.training.recipe_files import load_all

    workspace, recipes = Workspace(Settings()), load_all()
    models = {
        stage.key.removeprefix("models/"): stage
        for stage in build_graph(all_datasets(), recipes, workspace.settings)
        if stage.group == "models"
    }
    if recipe not in models:
        if recipe in recipes:
            advice = f"emotion-pipeline refresh predictions/{recipe}"
            raise click.ClickException(f"{recipe} is a model of others and only tested: {advice}")
        raise click.ClickException(f"recipe to train: {nearest(recipe, tuple(models))}")
    model = models[recipe]
    _check_seed(recipe, seed, recipes[recipe].seeds)
    try:
        model.prepare(workspace)
        for number in model.partitions if seed is None else (str(seed),):
            click.echo(f"{model.key} seed {number}: {model.make(workspace, number).summary}")
    except (Lacking, ValueError, MemoryError) as error:
        raise click.ClickException(f"{recipe}: {error}") from error
    except DamagedTable as error:
        advice = f"emotion-pipeline refresh {model.key} makes all that it needs"
        raise click.ClickException(f"{recipe}: {error} {advice}") from error


@click.command()
@click.argument("recipe")
@click.option("--seed", type=int, help="One of the recipe's seeds; the first by default.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="<recipe>-<seed>.onnx in the working directory by default.",
)
def export(recipe: str, seed: int | None, out: Path | None) -> None:
    """Write the trained weights of RECIPE as one ONNX file that says all that is needed to use it.

    It takes pictures as they are and gives the probabilities of that one view. It is written only
    if onnxruntime gives the same as torch for validation pictures of the lake.
    """
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import exports
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.training.recipe import Recipe
    from emotion_pipeline.training.recipe_files import load_all

    known = load_all()
    recipes = {name: one for name, one in known.items() if isinstance(one, Recipe)}
    if recipe not in recipes:
        if recipe in known:
            raise click.ClickException(f"{recipe}: only emotion models of one's own are exported")
        raise click.ClickException(f"recipe: {nearest(recipe, tuple(recipes))}")
    _check_seed(recipe, seed, recipes[recipe].seeds)
    number = recipes[recipe].seeds[0] if seed is None else seed
    path = out or Path(f"{recipe}-{number}.onnx")
    parity = exports.export(Workspace(Settings()), recipe, number, path)
    click.echo(
        f"{path}: {path.stat().st_size / 1e6:,.1f} MB; probabilities within"
        f" {parity.largest_difference:.1g} of torch's for {parity.n_inputs} inputs,"
        f" {parity.agreement:.1%} with the same most probable emotion"
    )


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--csv", "table", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
def predict(model: Path, pictures: tuple[Path, ...], table: Path | None) -> None:
    """Print what MODEL, a file that `export` wrote, says of PICTURES: files, or folders of them.

    The whole of every picture is taken as a tight crop of one face; no face is looked for. Files
    that cannot be read are named, and make the exit code 1.
    """
    from emotion_pipeline.apps.onnx_model import OnnxModel
    from emotion_pipeline.apps.picture_files import picture_files, predict_files
    from emotion_pipeline.apps.prediction_table import lines, printable, write_csv

    opened = OnnxModel.open(model)
    if opened.card.n_features or not opened.card.n_channels:
        taken = " and ".join(opened.card.inputs)
        raise click.ClickException(f"{model} takes {taken}, but this command has pictures only")
    paths = list(picture_files(pictures))
    if not paths:
        raise click.ClickException(f"no PNG or JPEG in {', '.join(map(str, pictures))}")
    found = list(predict_files(opened, paths))
    predicted = [one for one in found if not one.fault]
    if table:
        write_csv(table, opened.emotions, predicted)
        click.echo(f"{table}: {len(predicted):,} pictures")
    elif predicted:
        click.echo("\n".join(lines(opened.emotions, predicted)))
    faults = [one for one in found if one.fault]
    for one in faults:
        click.echo(f"{printable(one.path)}: skipped, {one.fault}", err=True)
    sys.exit(1 if faults else 0)


def _check_seed(recipe: str, seed: int | None, seeds: Sequence[int]) -> None:
    if seed is not None and seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise click.ClickException(f"{recipe} has no seed {seed}; its seeds are {known}")
