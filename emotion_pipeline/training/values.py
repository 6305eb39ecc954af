"""The sections of a recipe, field by field: which values are possible at all.

Every number has bounds, and a name that is not known is answered with the nearest known ones.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from emotion_pipeline.domains import DOMAINS, ORIGINAL
from emotion_pipeline.labels import LABEL_SPACES, nearest
from emotion_pipeline.training.models import NAMES as MODELS
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.votes import VOTE_RULES


def one_of(*names: str) -> AfterValidator:
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
DatasetName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
Domains = Annotated[tuple[Annotated[str, one_of(*DOMAINS)], ...], Field(min_length=1), Distinct]
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
    label_space: Annotated[str, one_of(*LABEL_SPACES)] = "eight_emotions"
    vote_rule: Annotated[str, one_of(*VOTE_RULES)] | None = None


class Model(Section):
    """Architecture family (a file in `training/models`) and its values."""

    name: Annotated[str, one_of(*MODELS)]
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]
    dropout: Dropout = 0.0
    head_dropout: Dropout = 0.0
    input_px: Annotated[int, Field(ge=32, le=512)] = 48


class Augment(Section):
    """Name of an augmentation policy of `training/policies`."""

    policy: Annotated[str, one_of(*POLICIES)] = "none"


class Optimiser(Section):
    """`momentum` is used by sgd (in Nesterov's form) and ignored by adamw."""

    name: Annotated[str, one_of("sgd", "adamw")]
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0


class Schedule(Section):
    """Learning rate over the steps; it rises linearly over the first `warmup_fraction`."""

    name: Annotated[str, one_of("cosine", "constant")] = "cosine"
    warmup_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.05


class Loss(Section):
    """Loss against a distribution over the emotions."""

    name: Annotated[str, one_of("soft_cross_entropy")] = "soft_cross_entropy"
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class EarlyStopping(Section):
    """Stop after this many epochs without a lower validation loss."""

    patience_epochs: Annotated[int, Field(ge=1, le=1000)]
