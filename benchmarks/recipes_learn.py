"""Whether every recipe that this machine has data for learns from real rows, in minutes each.

Every recipe of emotions with its own network, optimiser, schedule and augmentation, on few training
rows and for few epochs, in the original domain, from drawn weights, without teachers and with
nothing frozen. What is shown is validation accuracy beside that of always naming the most frequent
emotion: a recipe that does not learn is found so, and how good one gets in the end is not.

    python benchmarks/recipes_learn.py ['fer2013_*' 'ferplus_*'] [--rows 6000] [--epochs 4]

Works on the lake of the settings. Recipes whose tables it lacks are named and left out.
"""

import logging
import time
import warnings
from fnmatch import fnmatch

import numpy as np
from ingest import arguments_parser, machine
from short_trainings import changed, rows_by_split, trained

from emotion_pipeline.lake.tables import DamagedTable
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import load_all

N_VALIDATED = 1000


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    workspace = Workspace(Settings())
    print(f"{machine('torch')}; {arguments.rows:,} rows, {arguments.epochs} epochs")
    print("| recipe | parameters | validation accuracy after each epoch | most frequent | rows/s |")
    print("|---|---|---|---|---|", flush=True)
    for name, recipe in load_all().items():
        if isinstance(recipe, Recipe) and any(fnmatch(name, one) for one in arguments.patterns):
            print(_line(workspace, name, recipe, arguments.rows, arguments.epochs), flush=True)


def _line(workspace: Workspace, name: str, recipe: Recipe, n_rows: int, n_epochs: int) -> str:
    plain = changed(recipe, epochs=n_epochs, distil=None, initial=None, freeze=None)
    try:
        rows = rows_by_split(workspace, plain, train=n_rows, validation=N_VALIDATED)
    except (FileNotFoundError, DamagedTable) as error:
        return f"| {name} | not tried: {str(error).splitlines()[0]} | | | |"
    begin = time.perf_counter()
    result, _ = trained(plain, rows, workspace.settings.device)
    rate = len(rows["train"].targets) * n_epochs / (time.perf_counter() - begin)
    scores = ", ".join(f"{score:.1%}" for score in result.curves["validation_accuracy_score"])
    counts = np.bincount(rows["validation"].targets.argmax(axis=1))
    most = counts.max() / counts.sum()
    return f"| {name} | {result.n_parameters:,} | {scores} | {most:.1%} | {rate:.0f} |"


if __name__ == "__main__":
    main()
