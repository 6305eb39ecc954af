"""`explanations/<recipe>`: what a model's answers about some test pictures rest on.

Of the lowest seed, on the original pictures and on one degraded domain.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from emotion_pipeline.digests import combined, combined_if_all
from emotion_pipeline.domains import DEGRADED, ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import EXPLANATIONS, MEAN_MAPS, table
from emotion_pipeline.stages import labelled_rows, model_folders, training_rows
from emotion_pipeline.stages.base import Lacking, Produced, Workspace, present
from emotion_pipeline.stages.training_rows import Seen
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import PICTURES

if TYPE_CHECKING:
    from emotion_pipeline.training.explain import Explainer

N_OF_A_KIND = 8
N_AVERAGED = 200
PREFERRED_DOMAIN = "old_photo-3"


def explainable(recipe: Recipe) -> bool:
    """Whether it sees pictures, and all test pictures with the same weights."""
    return PICTURES in recipe.data.inputs and recipe.data.leave_out is None


def domains_of(recipe: Recipe) -> tuple[str, ...]:
    """The original domain, and an old photo or the last degraded domain that is evaluated on."""
    degraded = [domain for domain in recipe.evaluate_on if domain in DEGRADED]
    if not degraded:
        return (ORIGINAL,)
    return (ORIGINAL, PREFERRED_DOMAIN if PREFERRED_DOMAIN in degraded else degraded[-1])


def prepare(_workspace: Workspace) -> None:
    """Lacking where the package that makes the maps is not installed."""
    if find_spec("pytorch_grad_cam") is None:
        raise Lacking(
            "explanations take the package grad-cam: install the extra `explain`, as in"
            " uv pip install -e '.[explain]'"
        )


def code(recipe: Recipe) -> str:
    """Fingerprint of what decides an explanation, besides the weights and the pictures."""
    modules = (
        "training.explain",
        "training.sampling",
        "training.weights",
        f"training.models.{recipe.model.name}",
        "schema",
        "stages.explanations",
        *training_rows.modules(recipe),
    )
    values = (recipe.seeds[:1], domains_of(recipe), N_OF_A_KIND, N_AVERAGED)
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def explained_table(workspace: Workspace, name: str) -> Table:
    """The explained pictures of a recipe."""
    return workspace.lake.table(f"explanations/{name}", EXPLANATIONS, 1, kind="pictures")


def mean_table(workspace: Workspace, name: str) -> Table:
    """The mean maps of a recipe."""
    return workspace.lake.table(f"explanations/{name}", MEAN_MAPS, 1, kind="means")


def version(workspace: Workspace, name: str) -> str | None:
    """Digest of both tables; None where one is missing."""
    parts = [one(workspace, name).version() for one in (explained_table, mean_table)]
    return combined_if_all(parts)


def make(workspace: Workspace, name: str, recipe: Recipe) -> Produced:
    """Explain some test pictures of a recipe, unless that has been done."""
    prepare(workspace)
    with workspace.lake.lock(f"explanations/{name}"):
        tables = [explained_table(workspace, name), mean_table(workspace, name)]
        parts = {domain: _test_rows(workspace, recipe, domain) for domain in domains_of(recipe)}
        model = model_folders.artifact(workspace, name, recipe.seeds[0])
        rows = (f"{one} {training_rows.digest(recipe, part)}" for one, part in parts.items())
        inputs, made_by = combined((present(model.version()), *rows)), code(recipe)
        known = [one.provenance(0) for one in tables]
        if all(one is not None and one.made_from(inputs, made_by) for one in known):
            return Produced(present(version(workspace, name)), "is up to date")
        made = _explained(workspace, name, recipe, parts)
        for one, content in zip(tables, made, strict=True):
            one.write(0, [content], inputs, made_by)
        explained = made[0]
        return Produced(
            present(version(workspace, name)),
            f"{explained.num_rows} pictures explained, {', '.join(parts)}",
            {"rows": explained.num_rows},
        )


def _test_rows(workspace: Workspace, recipe: Recipe, domain: str) -> Seen:
    found = labelled_rows.labelled(workspace, recipe, "test")
    return training_rows.seen(workspace, recipe, found, domain)


@dataclass(frozen=True)
class _Job:
    """A loaded model and the rows that it is asked about."""

    workspace: Workspace
    recipe: Recipe
    explainer: "Explainer"

    def inputs(self, part: Seen) -> tuple[np.ndarray, ...]:
        return training_rows.given(training_rows.arrays(self.workspace, self.recipe, [part]))


def _explained(
    workspace: Workspace, name: str, recipe: Recipe, parts: dict[str, Seen]
) -> tuple[pa.Table, pa.Table]:
    """The contents of both tables."""
    from emotion_pipeline.training.explain import Explainer
    from emotion_pipeline.training.sampling import at_most_per_class
    from emotion_pipeline.training.weights import load

    network, _ = load(model_folders.artifact(workspace, name, recipe.seeds[0]).folder)
    explainer = Explainer(network, recipe, recipe.seeds[0], workspace.settings.device)
    job = _Job(workspace, recipe, explainer)
    every = parts[ORIGINAL]
    inputs = job.inputs(every)
    truths = _truths(recipe, every)
    right = explainer.predicted(inputs) == truths
    kinds = 2 * truths + right
    chosen = set(_ids(every)[at_most_per_class(every.sample_ids, kinds, N_OF_A_KIND)])
    some = [part.take(np.isin(_ids(part), list(chosen))) for part in parts.values()]
    rows = [_rows(job, part) for part in some if len(part)]
    typical = right & at_most_per_class(every.sample_ids, kinds, N_AVERAGED)
    means = _means(job, truths[typical], tuple(one[typical] for one in inputs))
    return pa.concat_tables([EXPLANATIONS.empty_table(), *rows]), means


def _rows(job: _Job, part: Seen) -> pa.Table:
    """Explanations of the rows of one domain."""
    inputs = job.inputs(part)
    found = job.explainer.explain(inputs)
    emotions, n = np.array(job.recipe.emotions, dtype=object), len(part)
    truths, layer = _truths(job.recipe, part), job.explainer.layer
    columns = {
        "sample_id": part.sample_ids,
        "seed": [job.explainer.seed] * n,
        "domain": [part.domain] * n,
        "emotion": emotions[truths],
        "predicted": emotions[found.predicted],
        "layer": [layer.name] * n,
        "p_predicted": found.p[np.arange(n), found.predicted],
        "p_true": found.p[np.arange(n), truths],
        "grid_px": [min(layer.grid_px)] * n,
        "map": [one.tobytes() for one in found.maps],
        "redrawn_map": [one.tobytes() for one in found.redrawn_maps],
        "redrawn_similarity": found.redrawn_similarity,
        "salient_drop": found.salient_drop,
        "random_drop": found.random_drop,
        "synthetic": part.found.rows["synthetic"],
    }
    return table(EXPLANATIONS, columns)


def _means(job: _Job, classes: np.ndarray, inputs: tuple[np.ndarray, ...]) -> pa.Table:
    """Mean maps and faces by emotion, of rows that are predicted rightly; classes (n,) int."""
    from emotion_pipeline.training.explain import as_bytes

    if not len(classes):
        return MEAN_MAPS.empty_table()
    shown = np.unique(classes)
    maps, faces = job.explainer.maps(inputs, classes), inputs[0].mean(axis=3) / 255
    columns: dict[str, object] = {
        "emotion": [job.recipe.emotions[one] for one in shown],
        "n_pictures": [int((classes == one).sum()) for one in shown],
        **{
            name: [as_bytes(many[classes == one].mean(axis=0)).tobytes() for one in shown]
            for name, many in (("map", maps), ("face", faces))
        },
    }
    return table(MEAN_MAPS, columns)


def _truths(recipe: Recipe, part: Seen) -> np.ndarray:
    """True classes (n,) int64, as they were decided: targets may be spread over several."""
    return np.array([recipe.emotions.index(one) for one in part.found.column("emotion")], np.int64)


def _ids(part: Seen) -> np.ndarray:
    return np.array(part.sample_ids, dtype=object)
