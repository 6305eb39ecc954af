"""Models of others whose predictions or network are files of the user, in `<raw root>/predictions`.

A recipe of the task `foreign` lies beside each file. What is wrong with one never keeps the others
from being used.
"""

import logging
import re
import shutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pydantic import ValidationError

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import digest_file
from emotion_pipeline.foreign import onnx_classifier
from emotion_pipeline.foreign.onnx_classifier import NetworkRefused, Takes
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import recipe_checks
from emotion_pipeline.stages.base import Lacking
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.model_card import ModelCard
from emotion_pipeline.training.recipe_files import (
    AnyRecipe,
    RecipeError,
    load_all,
    load_imported,
    load_one_imported,
)

FOLDER = "predictions"
_LOG = logging.getLogger(__name__)


def folder(settings: Settings) -> Path:
    """Where they lie."""
    return settings.raw_root / FOLDER


def recipes(
    settings: Settings, datasets: Mapping[str, Dataset], taken: Mapping[str, AnyRecipe]
) -> tuple[dict[str, ForeignRecipe], list[str]]:
    """Those that can be used by name, and of each other why not; none of the names `taken`."""
    found, faults = load_imported(folder(settings), taken)
    usable = {}
    for name, recipe in found.items():
        try:
            recipe_checks.check(recipe, datasets)
            usable[name] = recipe
        except RecipeError as error:
            faults.append(f"{folder(settings) / name}.yaml: {error}")
    return usable, faults


def all_recipes(settings: Settings, datasets: Mapping[str, Dataset]) -> dict[str, AnyRecipe]:
    """Those of the package and those of the user; logs which of the latter cannot be used."""
    own = load_all()
    imported, faults = recipes(settings, datasets, own)
    for fault in faults:
        _LOG.warning("left out: %s", fault)
    return {**own, **imported}


def file_of(settings: Settings, recipe: ForeignRecipe) -> Path:
    """The file beside a recipe; Lacking where there is none."""
    path = folder(settings) / (recipe.file or "")
    if path.is_symlink() or not path.is_file():
        raise Lacking(f"{path} is no plain file; links are not followed. Put it there again")
    return path


def digest(settings: Settings, recipe: ForeignRecipe) -> str | None:
    """Digest of that file, None where there is none."""
    try:
        path = file_of(settings, recipe)
        stat = path.stat()
        return _digest(path, stat.st_size, stat.st_ctime_ns)
    except (Lacking, OSError):
        return None


@lru_cache(maxsize=64)
def _digest(path: Path, _n_bytes: int, _changed_ns: int) -> str:
    return digest_file(path)


def takes(path: Path, recipe: ForeignRecipe) -> Takes:
    """What the network of a recipe takes: by the recipe, or by the card of an exported model.

    Raises NetworkRefused.
    """
    known = recipe.onnx
    if known is not None:
        order = tuple(known.emotions.index(name) for name in recipe.emotions)
        zero_to_one, logits = known.pixels == "0-1", known.outputs == "logits"
        size = (known.input_px, known.color, zero_to_one)
        return Takes(*size, known.mean, known.sd, order, logits)
    try:
        card = ModelCard.model_validate(onnx_classifier.metadata(path))
    except ValidationError as error:
        raise NetworkRefused(
            f"{path.name}: does not say what it takes, as files of `emotion-pipeline export` do;"
            " say it in the recipe, under `onnx`"
        ) from error
    if card.inputs != ("pictures",) or set(card.emotions) != set(recipe.emotions):
        raise NetworkRefused(
            f"{path.name}: takes {', '.join(card.inputs)} and knows {', '.join(card.emotions)};"
            f" expected are pictures, and {', '.join(recipe.emotions)}"
        )
    order = tuple(card.emotions.index(name) for name in recipe.emotions)
    return Takes(card.input_px, card.color, False, (), (), order, False)


def add(
    settings: Settings,
    file: Path,
    name: str,
    values: Mapping[str, object],
    check: Callable[[ForeignRecipe], str],
    *,
    force: bool,
) -> str:
    """Copy a file beside the others and write its recipe, the recipe last; what `check` says of it.

    `values` are those of the recipe without `task` and `file`. Raises RecipeError where the recipe
    is wrong or its name taken, also by an imported model unless `force`d, and what `check` raises:
    nothing is then there that was not.
    """
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name):
        raise RecipeError(f"name: {name!r:.80}; expected is <labels>_<anything>, as ferplus_friend")
    target = folder(settings)
    target.mkdir(parents=True, exist_ok=True)
    copy, written = target / f"{name}{file.suffix.lower()}", target / f"{name}.yaml"
    for path in (copy, written):
        if path.exists() and not force:
            raise RecipeError(f"{path} is there already; use --force to write over it")
    with TemporaryDirectory(prefix=f".{written.stem}-", dir=target) as work:
        draft = Path(work) / written.name
        text = yaml.safe_dump({"task": "foreign", "file": copy.name, **values}, sort_keys=False)
        draft.write_text(text, encoding="utf-8")
        recipe = load_one_imported(draft, load_all())
        recipe_checks.check(recipe, all_datasets())
        said = check(recipe)
        shutil.copyfile(file, Path(work) / copy.name)
        (Path(work) / copy.name).replace(copy)
        draft.replace(written)
    return said
