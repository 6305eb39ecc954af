"""`models/<recipe>`: where the weights of a seed lie, and how a training's get there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.stages.base import Lacking, Produced, Workspace, present

if TYPE_CHECKING:
    import pandas as pd

    from emotion_pipeline.training.outcome import FitResult

CURVES = "curves.csv"


def artifact(workspace: Workspace, name: str, seed: str | int) -> Artifact:
    """Where the weights of one seed of a recipe lie."""
    return workspace.lake.artifact(f"models/{name}", seed=seed)


def trained(workspace: Workspace, name: str, seed: int) -> str:
    """The version of the weights of one seed of a recipe; Lacking where there are none."""
    version = artifact(workspace, name, seed).version()
    if version is None:
        advice = f"emotion-pipeline refresh models/{name}"
        raise Lacking(f"seed {seed} of {name} has not been trained: {advice}")
    return version


def kept(target: Artifact, inputs: str, code: str) -> Produced | None:
    """What is said of weights that were trained from these inputs by this code already."""
    known = target.provenance()
    if known is None or not known.made_from(inputs, code):
        return None
    return Produced(known.content, "weights of these rows and this recipe are there already")


def describe(name: str, result: "FitResult") -> dict[str, Any]:
    """What `meta.json` says of how any training went."""
    return {
        "recipe_name": name,
        "epoch": int(result.epoch),
        "training_s": round(result.seconds, 1),
        "precision": result.precision,
    }


def publish(
    target: Artifact,
    inputs: str,
    code: str,
    meta: dict[str, Any],
    result: "FitResult",
    curves: "pd.DataFrame",
    score: str,
    folds: "Mapping[str, tuple[dict[str, Any], FitResult]] | None" = None,
) -> Produced:
    """Put weights, description and curves in the place of those of the target.

    `folds` are further weights by their folder in it, with what their descriptions say besides.
    """
    from emotion_pipeline.training.weights import WEIGHTS, save

    folds = folds or {}
    weights = [WEIGHTS, *(f"{place}/{WEIGHTS}" for place in folds)]
    with target.replace(inputs, code, content_of=weights) as folder:
        for place, (more, fold) in folds.items():
            save(folder / place, fold.state_dict, {**meta, **more})
        save(folder, result.state_dict, meta)
        curves.to_csv(folder / CURVES, index=False)
    figures = {key: value for key, value in meta.items() if isinstance(value, int | float)}
    summary = f"{score} in epoch {result.epoch}, {result.seconds:.0f} s of training"
    made = present(target.version())
    return Produced(made, summary, figures, {"curves": pa.Table.from_pandas(curves)})
