"""A recipe: every value that changes a number in a report, read from one small YAML file.

Values only: a new behaviour is a named function in code, and a recipe names it. Loading needs
neither torch nor Lightning, because every recipe is read when Dagster starts.
"""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.labels import LABEL_SPACES, nearest
from emotion_pipeline.training.values import (
    Augment,
    Data,
    Distinct,
    Domains,
    EarlyStopping,
    Loss,
    Model,
    Optimiser,
    Schedule,
    Section,
    Seed,
    one_of,
)

FOLDER = Path(__file__).resolve().parent.parent / "recipes"
LARGEST_FILE_BYTES = 64 * 1024
NOT_IN_THE_WEIGHTS = {"description", "seeds", "evaluate_on", "flip_at_test"}


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says which file, which field and why."""


class Recipe(Section):
    """One model from data to test; see `recipes/` for examples."""

    description: Annotated[str, Field(min_length=1, max_length=500)]
    data: Data
    model: Model
    augment: Augment = Augment()
    optimiser: Optimiser
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=2, le=8192)]
    early_stopping: EarlyStopping | None = None
    ema_decay: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    precision: Annotated[str, one_of("32-true", "bf16-mixed")] = "32-true"
    flip_at_test: bool = True
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=99), Distinct] = (1,)
    evaluate_on: Domains = DOMAINS

    @property
    def emotions(self) -> tuple[str, ...]:
        """The classes, in the order of the model's outputs."""
        return LABEL_SPACES[self.data.label_space].emotions


def training_values(recipe: Recipe) -> dict[str, Any]:
    """The values that change the weights, for fingerprints: JSON types only."""
    return recipe.model_dump(mode="json", exclude=NOT_IN_THE_WEIGHTS)


def load(path: Path) -> Recipe:
    """Read one recipe. RecipeError names the file, each wrong field and what is possible there."""
    try:
        recipe = Recipe.model_validate(_read(path))
    except ValidationError as error:
        faults = (_sentence(fault) for fault in error.errors(include_url=False))
        raise RecipeError(f"{path}: " + "; ".join(faults)) from None
    stem = f"{recipe.data.labels}_{recipe.model.name}"
    if not re.fullmatch(rf"{stem}(_[a-z0-9]+)*", path.stem):
        raise RecipeError(f"{path}: the file must be called {stem}.yaml or {stem}_<twist>.yaml")
    return recipe


def load_all(folder: Path = FOLDER, pattern: str = "*") -> dict[str, Recipe]:
    """The recipes of a folder by name, which is the file name without its ending."""
    paths = sorted(folder.glob("*.yaml"))
    return {path.stem: load(path) for path in paths if fnmatch(path.stem, pattern)}


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise RecipeError(f"{path}: larger than {LARGEST_FILE_BYTES} bytes, so not a recipe")
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"{path}: not readable as YAML: {error}") from error


def _sentence(fault: Any) -> str:
    """One fault of pydantic as `model.name: unknown name 'cnn4'; did you mean 'cnn5'?`."""
    field = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] == "extra_forbidden":
        known = sorted({name for part in Section.__subclasses__() for name in part.model_fields})
        return f"{field}: {nearest(str(fault['loc'][-1]), known)}"
    return f"{field}: {fault['msg'].removeprefix('Value error, ')} (got {fault['input']!r:.80})"
