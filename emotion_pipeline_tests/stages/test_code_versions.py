"""Which modules of `stages` make assets stale."""

from dataclasses import replace
from pathlib import Path

import pytest

from emotion_pipeline import stages
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.fingerprint import PACKAGE
from emotion_pipeline.stages import (
    detections,
    explanations,
    exploration,
    faces,
    first_weights,
    models,
    predictions,
)
from emotion_pipeline.training.recipe_files import load_all
from emotion_pipeline_tests.orchestration.edited_package import edited

FOLDER = Path(stages.__file__).parent
COUNT_FOR_NO_ASSET = {
    "base": "types",
    "detection_rates": "previews of stages that show them",
    "exports": "files on request, no assets",
    "graph": "edges, which are seen as changed inputs",
    "housekeeping": "removes what is left over",
    "recipe_checks": "refuses recipes before they are any asset's",
    "recipe_stages": "edges, which are seen as changed inputs",
    "sources": "versions of raw files, which are seen as changed inputs",
    "staleness": "tells what is stale",
    "state": "notes what was made",
    "survey": "words about raw files",
}


def test_every_stage_counts_for_an_asset_or_is_known_to_count_for_none(tmp_path):
    with edited(tmp_path) as imported:
        named = _noting_names(imported("emotion_pipeline.fingerprint"))
        pipeline = imported("emotion_pipeline.orchestration.pipeline")
        pipeline.build_pipeline(imported("emotion_pipeline.settings").Settings(lake=tmp_path))
        foreign = imported("emotion_pipeline.stages.foreign")
        of_others = [name for names in foreign._MODULES.values() for name in names]
        named.update(f"emotion_pipeline.{name}" for name in of_others)
    modules = {_name(file) for file in FOLDER.rglob("*.py")} - {""}
    prefix = "emotion_pipeline.stages."
    counting = {name.removeprefix(prefix) for name in named if name.startswith(prefix)}
    assert not counting & COUNT_FOR_NO_ASSET.keys()
    assert modules == counting | COUNT_FOR_NO_ASSET.keys()


@pytest.mark.parametrize("code", [models.code, predictions.code, explanations.code])
def test_how_weights_are_read_and_pictures_are_coloured_counts(code, monkeypatch):
    named: list[str] = []
    for module in (models, predictions, explanations):
        monkeypatch.setattr(module, "fingerprint", lambda *names, **_: named.extend(names) or "")
    code(load_all()["kdef_mobilenet_v3_tuned_original"])
    assert {f"{PACKAGE}.imaging.grayscale", f"{PACKAGE}.training.weights"} <= set(named)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (exploration.code, {"blank_sd": 99.0}),
        (exploration.code, {"expected_rejects": frozenset({"new_reason"})}),
        (detections.code, {"face_box": "another_box"}),
        (faces.code, {"emotions": ()}),
    ],
)
def test_values_of_a_dataset_count_where_they_are_used(code, change):
    kdef = get_dataset("kdef")
    assert code(replace(kdef, **change)) != code(kdef)


def test_another_file_of_imagenets_weights_counts(monkeypatch):
    recipe = load_all()["kdef_mobilenet_v3_tuned_original"]
    before, family = models.code(recipe), (recipe.model.name, recipe.model.variant)
    file = first_weights.IMAGENET[family]
    other = replace(file, source=replace(file.source, sha256="0" * 64))
    monkeypatch.setitem(first_weights.IMAGENET, family, other)
    assert models.code(recipe) != before


def _noting_names(module) -> set[str]:
    """The modules that fingerprints are asked for from now on."""
    named: set[str] = set()
    fingerprint = module.fingerprint

    def noting(*modules: str, **others: object) -> str:
        named.update(modules)
        return fingerprint(*modules, **others)

    module.fingerprint = noting
    return named


def _name(file: Path) -> str:
    """Of a module below `stages`; empty for the folder itself."""
    parts = file.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
