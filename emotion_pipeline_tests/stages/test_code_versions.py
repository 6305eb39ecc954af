"""Which modules of `stages` make assets stale."""

from pathlib import Path

from emotion_pipeline import stages
from emotion_pipeline_tests.orchestration.edited_package import edited

FOLDER = Path(stages.__file__).parent
COUNT_FOR_NO_ASSET = {
    "base": "types",
    "detection_rates": "previews of stages that show them",
    "exports": "files on request, no assets",
    "graph": "edges, which are seen as changed inputs",
    "housekeeping": "removes what is left over",
    "imports": "finds files of the user, whose digests count",
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
        named.update(f"emotion_pipeline.{name}" for name in foreign._MODULES[foreign.TABLE])
    modules = {_name(file) for file in FOLDER.rglob("*.py")} - {""}
    prefix = "emotion_pipeline.stages."
    counting = {name.removeprefix(prefix) for name in named if name.startswith(prefix)}
    assert not counting & COUNT_FOR_NO_ASSET.keys()
    assert modules == counting | COUNT_FOR_NO_ASSET.keys()


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
