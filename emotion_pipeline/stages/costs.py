"""`costs/<recipe>`: how large a model is, and how long it takes for one face.

Measured once for the weights of the first seed, on the machine that happened to do it: the artifact
follows from the weights and from nothing of the machine, so that nothing is measured again because
the machine is another one, or slow today. It therefore says which processor it was.

Weights that were trained here run in torch, as they do for the predictions: writing them as ONNX
takes longer than all that is measured. A model from elsewhere runs as its publisher runs it.
"""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_pipeline.digests import digest_file
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.reports.base import Cost
from emotion_pipeline.stages import foreign, model_folders
from emotion_pipeline.stages.base import Needs, Produced, Workspace, present
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe

if TYPE_CHECKING:
    from emotion_pipeline.training.timing import Times

FILE = "cost.json"


def code(recipe: Recipe | ForeignRecipe) -> str:
    """Fingerprint of the code that is timed, and of the recipe's value that only it uses."""
    if isinstance(recipe, ForeignRecipe):
        return fingerprint("emotion_pipeline.training.timing")
    timed = ("training.timing", "training.weights", f"training.models.{recipe.model.name}")
    return fingerprint(*(f"emotion_pipeline.{name}" for name in timed), values=recipe.test_views)


def artifact(workspace: Workspace, name: str) -> Artifact:
    """Where the cost of a recipe's model lies."""
    return workspace.lake.artifact(f"costs/{name}")


def read(workspace: Workspace, name: str) -> Cost | None:
    """What was measured; None where nothing was."""
    found = artifact(workspace, name)
    return Cost(**json.loads((found.folder / FILE).read_text())) if found.version() else None


def needs(name: str, recipe: Recipe | ForeignRecipe) -> Needs:
    """The edge to the weights of the first seed.

    A file from elsewhere is got only where there was something to predict: the first domain.
    """
    if isinstance(recipe, ForeignRecipe):
        return Needs(f"predictions/{name}", recipe.evaluate_on[:1])
    return Needs(f"models/{name}", (str(recipe.seeds[0]),))


def make(workspace: Workspace, name: str, recipe: Recipe | ForeignRecipe) -> Produced:
    """Measure a recipe's model, unless these weights have been measured.

    Lacking where a model from elsewhere is not there, or is not usable.
    """
    if isinstance(recipe, ForeignRecipe):
        foreign.prepare(workspace, recipe)
        path = foreign.model_path(workspace, recipe)
        weights, measure = digest_file(path), partial(_from_elsewhere, path)
    else:
        model = model_folders.artifact(workspace, name, recipe.seeds[0])
        weights, measure = present(model.version()), partial(_trained, model.folder, recipe)
    with workspace.lake.lock(f"costs/{name}"):
        target = artifact(workspace, name)
        known = target.provenance()
        if known is not None and known.made_from(weights, code(recipe)):
            return Produced(known.content, "these weights have been measured already")
        cost = measure()
        with target.replace(weights, code(recipe)) as folder:
            (folder / FILE).write_text(json.dumps(asdict(cost), indent=1))
        summary = f"{cost.latency_ms:.1f} ms for a face in {cost.runtime} on {cost.processor}"
        return Produced(present(target.version()), summary, asdict(cost))


def _trained(folder: Path, recipe: Recipe) -> Cost:
    import torch

    from emotion_pipeline.training.timing import time_one_face
    from emotion_pipeline.training.weights import WEIGHTS, load

    network, _ = load(folder)
    times = time_one_face(network, recipe)
    return _cost(folder / WEIGHTS, times, f"PyTorch {torch.__version__.partition('+')[0]}")


def _from_elsewhere(path: Path) -> Cost:
    import onnxruntime

    from emotion_pipeline.training.timing import time_onnx

    return _cost(path, time_onnx(path), f"ONNX Runtime {onnxruntime.__version__}")


def _cost(file: Path, times: "Times", runtime: str) -> Cost:
    from emotion_pipeline.training.timing import processor

    return Cost(
        n_bytes=file.stat().st_size,
        latency_ms=times.median_ms,
        latency_ms_low=times.low_ms,
        latency_ms_high=times.high_ms,
        n_timed=times.n,
        runtime=runtime,
        processor=processor(),
    )
