"""A recipe: every value that changes a number in a report, read from one small YAML file.

Values only: a new behaviour is a named function in code, and a recipe names it. Loading needs
neither torch nor Lightning, because every recipe is read when Dagster starts.
"""

import re
from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from emotion_pipeline.domains import DOMAINS, ORIGINAL
from emotion_pipeline.labels import LABEL_SPACES, nearest
from emotion_pipeline.training.models import NAMES as MODELS
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.votes import VOTE_RULES

FOLDER = Path(__file__).resolve().parent.parent / "recipes"
LARGEST_FILE_BYTES = 64 * 1024
NOT_IN_THE_WEIGHTS = {"description", "seeds", "evaluate_on", "flip_at_test"}


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says which file, which field and why."""


def _one_of(*names: str) -> AfterValidator:
    """Check that answers a wrong name with the nearest right ones."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(nearest(name, names))
        return name

    return AfterValidator(check)


def _all_different(values: Collection[object]) -> Collection[object]:
    if len(set(values)) < len(values):
        raise ValueError("every value may stand here only once")
    return values


Distinct = AfterValidator(_all_different)
DatasetName = Annotated[str, Field(pattern=r"^[a-z0-9]{1,40}$")]
Domains = Annotated[tuple[Annotated[str, _one_of(*DOMAINS)], ...], Field(min_length=1), Distinct]
Width = Annotated[int, Field(ge=1, le=4096)]
Dropout = Annotated[float, Field(ge=0, le=0.9)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Section(BaseModel):
    """Base of all parts: nothing unknown, nothing changed afterwards, no infinite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Section):
    """What is learned: whose labels, on whose pictures, in which domains."""

    labels: DatasetName
    pictures: DatasetName
    domains: Domains = (ORIGINAL,)
    label_space: Annotated[str, _one_of(*LABEL_SPACES)] = "eight_emotions"
    vote_rule: Annotated[str, _one_of(*VOTE_RULES)] | None = None


class Model(Section):
    """Architecture family (a file in `training/models`) and its values."""

    name: Annotated[str, _one_of(*MODELS)]
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]
    dropout: Dropout = 0.0
    head_dropout: Dropout = 0.0
    input_px: Annotated[int, Field(ge=32, le=512)] = 48


class Augment(Section):
    """Name of an augmentation policy of `training/policies`."""

    policy: Annotated[str, _one_of(*POLICIES)] = "none"


class Optimiser(Section):
    """`momentum` is used by sgd (in Nesterov's form) and ignored by adamw."""

    name: Annotated[str, _one_of("sgd", "adamw")]
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0


class Schedule(Section):
    """Learning rate over the steps; it rises linearly over the first `warmup_fraction`."""

    name: Annotated[str, _one_of("cosine", "constant")] = "cosine"
    warmup_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.05


class Loss(Section):
    """Loss against a distribution over the emotions."""

    name: Annotated[str, _one_of("soft_cross_entropy")] = "soft_cross_entropy"
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class EarlyStopping(Section):
    """Stop after this many epochs without a lower validation loss."""

    patience_epochs: Annotated[int, Field(ge=1, le=1000)]


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
    precision: Annotated[str, _one_of("32-true", "bf16-mixed")] = "32-true"
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
        known = sorted({name for part in _sections() for name in part.model_fields})
        return f"{field}: {nearest(str(fault['loc'][-1]), known)}"
    return f"{field}: {fault['msg'].removeprefix('Value error, ')} (got {fault['input']!r:.80})"


def _sections() -> list[type[Section]]:
    return Section.__subclasses__()
