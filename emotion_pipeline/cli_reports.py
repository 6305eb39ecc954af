"""Commands about reports: `emotion-pipeline report`.

As in `cli`, every command imports what it needs when it runs.
"""

import click


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
    from emotion_pipeline.training.recipe_files import load_all

    names = report_stage.names_in_order()
    if name is not None and name not in names:
        raise click.ClickException(f"report: {nearest(name, names)}")
    workspace = Workspace(Settings())
    doors = report_inputs.Doors(all_datasets(), load_all())
    for one in names if name is None else [name]:
        report_stage.make(workspace, one, doors)
        page = report_stage.artifact(workspace, one).folder / report_stage.PAGE
        click.echo(f"{reports.about(one).title}: {page}")
    if show:
        click.launch(page.resolve().as_uri())
