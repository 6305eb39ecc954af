"""The command about champions: `emotion-pipeline champion`.

As in `cli`, it imports what it needs when it runs.
"""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emotion_pipeline.stages.champion_files import Record


@click.command()
@click.argument("group", required=False)
@click.option("--accept", is_flag=True, help="Promote the refused candidate of GROUP all the same.")
@click.option("--reason", help="Why it is accepted; it stands in the history with your name.")
def champion(group: str | None, accept: bool, reason: str | None) -> None:
    """Print the best model of GROUP and how it came to that, or the best of every group.

    A group are recipes with the same labels, pictures and label space. The exit code is 1 where a
    candidate was refused, since it is worse than what was accepted before.
    """
    from emotion_pipeline.labels import nearest
    from emotion_pipeline.settings import Settings
    from emotion_pipeline.stages import champion_files, champions
    from emotion_pipeline.stages.base import Workspace
    from emotion_pipeline.training.recipe_files import load_all

    workspace, groups = Workspace(Settings()), champions.groups(load_all())
    if group is not None and group not in groups:
        raise click.ClickException(f"group: {nearest(group, tuple(groups))}")
    if accept or reason:
        if not (group and accept and reason):
            raise click.UsageError("to accept a candidate takes GROUP, --accept and --reason")
        try:
            accepted = champions.accept(workspace, group, groups[group], reason)
        except champions.AcceptError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{group}: {accepted} is accepted")
        click.echo(f"next: emotion-pipeline refresh champions/{group}, for Dagster's records")
        return
    found = {
        name: champion_files.read(champion_files.artifact(workspace, name))
        for name in (groups if group is None else [group])
    }
    for name, record in found.items():
        _print_champion(name, record)
    if group is not None:
        _print_history(found[group])
    sys.exit(1 if any(record.refusal for record in found.values()) else 0)


def _print_champion(group: str, record: "Record") -> None:
    one = record.champion
    if one is None:
        click.echo(f"{group}: none yet; emotion-pipeline refresh champions/{group}")
        return
    click.echo(f"{group}: {one}")
    click.echo(f"  validation {one.validation}; mean over seeds {one.validation_over_seeds:.1%}")
    click.echo(f"  test {one.test}; without leaks {one.test_without_leaks}")
    if record.refusal is not None:
        click.echo(click.style(f"  refused: {record.refusal}", fg="red"))
        click.echo(f"  to take it all the same: champion {group} --accept --reason '...'")


def _print_history(record: "Record") -> None:
    for line in record.history:
        model = line["model"]
        test = f"test {model['test']['accuracy_score']:.1%}"
        said = f"{model['recipe']} seed {model['seed']}, {test}; {line['why']}"
        click.echo(f"{line['at']}  {line['decision']:<8}  {said}")
