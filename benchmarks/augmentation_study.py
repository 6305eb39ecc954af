"""The augmentation study on FER2013 without neutral, small enough for a CPU.

The five recipes `fer2013_se_resnet_*`, which are as alike as their policies let them be, with
narrower stages, smaller pictures and fewer epochs than they ask for, on one seed. The learning rate
falls by a cosine, because in so few epochs a plateau would be found too late to fall by much. So
the order of the policies can be told, within the intervals; the accuracies are not those of the
recipes.

    python benchmarks/augmentation_study.py [--policies none flip ...] [--widths 16 32 64 128]
        [--input-px 48] [--epochs 20] [--rows 6000] [--jobs 2]

Works on the lake of the settings, which needs `faces/fer2013`. Each policy's epoch is selected on
PublicTest, and PrivateTest is looked at once. Each job is a process with one thread of torch: with
networks this narrow, two of them train more pictures a second than one process with two threads.
Every two policies are compared on the same test pictures, by McNemar's exact test with Holm's
correction.
"""

import logging
import multiprocessing
import warnings
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import combinations

import numpy as np
import torch
from ingest import arguments_parser, machine
from short_trainings import changed, rows_by_split, trained

from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
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
    parser.add_argument("--jobs", type=int, default=2, help="policies trained at a time")
    arguments = parser.parse_args()
    print(f"{machine('torch')}; {arguments}")
    print("| policy | test accuracy, 6 classes | 95 % | validation | epoch | published, about |")
    print("|---|---|---|---|---|---|", flush=True)
    context = multiprocessing.get_context("spawn")
    right = {}
    with ProcessPoolExecutor(arguments.jobs, context) as pool:
        tasks = [pool.submit(_result, name, arguments) for name in arguments.policies]
        for task in as_completed(tasks):
            name, line, right[name] = task.result()
            print(line, flush=True)
    _print_comparisons(right)


def _result(name: str, arguments: Namespace) -> tuple[str, str, np.ndarray]:
    """The policy, its line of the table, and (n,) bool which test pictures it names right."""
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    workspace, recipe = Workspace(Settings()), _smaller(name, arguments)
    device = workspace.settings.device
    rows = rows_by_split(workspace, recipe, train=arguments.rows)
    result, network = trained(recipe, rows, device)
    found = predict(network, recipe, rows["test"].inputs, device).argmax(axis=1)
    right = found == rows["test"].targets.argmax(axis=1)
    low, high = wilson_interval(int(right.sum()), len(right))
    row = result.curves.set_index("epoch").loc[result.epoch]
    line = (
        f"| {name} | {right.mean():.1%} | {low:.1%}–{high:.1%} |"
        f" {row['validation_accuracy_score']:.1%} | {result.epoch} of {len(result.curves)} |"
        f" {PUBLISHED[name]} |"
    )
    return name, line, right


def _smaller(name: str, arguments: Namespace) -> Recipe:
    recipe = load_all()[f"fer2013_se_resnet_{name}"]
    assert isinstance(recipe, Recipe)  # noqa: S101
    size = {"widths": tuple(arguments.widths), "input_px": arguments.input_px}
    return changed(recipe, size, epochs=arguments.epochs, schedule={"name": "cosine"})


def _print_comparisons(right: dict[str, np.ndarray]) -> None:
    """Every two policies, from the best to the worst."""
    best_first = sorted(right, key=lambda name: -right[name].sum())
    pairs = list(combinations(best_first, 2))
    if not pairs:
        return
    found = [exact_mcnemar(right[one], right[other]) for one, other in pairs]
    p_values = holm_adjusted(np.array([test.p_value for test in found]))
    print("\n| better | worse | only the better right | only the worse right | p, adjusted |")
    print("|---|---|---|---|---|")
    for (one, other), test, p_value in zip(pairs, found, p_values, strict=True):
        print(f"| {one} | {other} | {test.n_only_first} | {test.n_only_second} | {p_value:.2g} |")


if __name__ == "__main__":
    main()
