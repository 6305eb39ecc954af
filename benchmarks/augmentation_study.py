"""The augmentation study on FER2013 without neutral, small enough for a CPU.

The five recipes `fer2013_se_resnet_*`, which are as alike as their policies let them be, with
narrower stages, smaller pictures and fewer epochs than they ask for, on one seed. So the order of
the policies can be told, within the intervals; the accuracies are not those of the recipes.

    python benchmarks/augmentation_study.py [--policies none flip ...] [--widths 16 32 64 128]
        [--input-px 48] [--epochs 20] [--rows 6000]

Works on the lake of the settings, which needs `faces/fer2013`. Each policy's epoch is selected on
PublicTest, and PrivateTest is looked at once.
"""

import logging
import warnings
from argparse import Namespace

import numpy as np
from ingest import arguments_parser, machine
from short_trainings import changed, rows_by_split, trained

from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.data import TrainingData
from emotion_pipeline.training.fit import FitResult
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import load_all

PUBLISHED = {"none": "63", "flip": "66", "vertical": "62", "moderate": "71", "all": ""}


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--policies", nargs="+", choices=PUBLISHED, default=list(PUBLISHED))
    parser.add_argument("--widths", type=int, nargs=4, default=(16, 32, 64, 128))
    parser.add_argument("--input-px", type=int, default=48)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rows", type=int, help="training rows, drawn by lot; all by default")
    arguments = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    recipes = {name: _smaller(name, arguments) for name in arguments.policies}
    workspace = Workspace(Settings())
    rows = rows_by_split(workspace, next(iter(recipes.values())), train=arguments.rows)
    print(f"{machine('torch')}; {arguments}; {len(rows['train'].targets):,} training rows")
    print("| policy | test accuracy, 6 classes | 95 % | validation | epoch | published, about |")
    print("|---|---|---|---|---|---|", flush=True)
    for name, recipe in recipes.items():
        result, n_right, n = _result(recipe, rows, workspace.settings.device)
        low, high = wilson_interval(n_right, n)
        row = result.curves.set_index("epoch").loc[result.epoch]
        print(
            f"| {name} | {n_right / n:.1%} | {low:.1%}–{high:.1%} |"
            f" {row['validation_accuracy_score']:.1%} | {result.epoch} of {len(result.curves)} |"
            f" {PUBLISHED[name]} |",
            flush=True,
        )


def _smaller(name: str, arguments: Namespace) -> Recipe:
    recipe = load_all()[f"fer2013_se_resnet_{name}"]
    assert isinstance(recipe, Recipe)  # noqa: S101
    size = {"widths": tuple(arguments.widths), "input_px": arguments.input_px}
    return changed(recipe, size, epochs=arguments.epochs)


def _result(
    recipe: Recipe, rows: dict[str, TrainingData], device: str
) -> tuple[FitResult, int, int]:
    """How it went, and how many of how many test pictures are named right."""
    result, network = trained(recipe, rows, device)
    found = predict(network, recipe, rows["test"].inputs, device).argmax(axis=1)
    right = found == rows["test"].targets.argmax(axis=1)
    return result, int(np.sum(right)), len(right)


if __name__ == "__main__":
    main()
