"""The sections of a recipe, field by field: which values are possible at all.

Every number has bounds, and a name that is not known is answered with the nearest known ones.
"""

from collections.abc import Collection
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from emotion_pipeline.blendshapes import BLENDSHAPES
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
PICTURES = "pictures"
# Lengths: 468 points of x, y and z without the irises, and MediaPipe's expression coefficients.
N_FEATURES = {"landmarks": 468 * 3, "blendshapes": len(BLENDSHAPES)}
Input = Annotated[str, one_of(PICTURES, *N_FEATURES)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Section(BaseModel):
    """Base of all parts: nothing unknown, nothing changed afterwards, no infinite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Section):
    """What is learned: whose labels, from what, in which domains, and how often each class.

    `inputs` are given to the network side by side: pictures, and a vector of what was measured on
    the face mesh. `at_most_per_class` draws that many training rows of each emotion, once for all
    seeds; `sampler` decides how often a row comes up. `leave_out` names the column of the samples
    by which every group is predicted by a model that has not seen it.
    """

    labels: DatasetName
    pictures: DatasetName
    domains: Domains = (ORIGINAL,)
    label_space: Annotated[str, one_of(*LABEL_SPACES)] = "eight_emotions"
    vote_rule: Annotated[str, one_of(*VOTE_RULES)] | None = None
    inputs: Annotated[tuple[Input, ...], Field(min_length=1), Distinct] = (PICTURES,)
    color: Annotated[str, one_of("gray", "rgb")] = "gray"
    normalisation: Annotated[str, one_of("per_image", "imagenet")] = "per_image"
    sampler: Annotated[str, one_of("shuffled", "balanced")] = "shuffled"
    at_most_per_class: Annotated[int, Field(ge=1)] | None = None
    leave_out: Annotated[str, one_of("take_id", "person_id")] | None = None

    @property
    def n_channels(self) -> int:
        """Channels of the pictures; 0 where the network sees none."""
        return (1 if self.color == "gray" else 3) if PICTURES in self.inputs else 0

    @property
    def n_features(self) -> int:
        """Length of the vector beside the pictures; 0 where there is none."""
        return sum(N_FEATURES[name] for name in self.features)

    @property
    def features(self) -> tuple[str, ...]:
        """The inputs that come from the face mesh, in the order in which they are joined."""
        return tuple(name for name in N_FEATURES if name in self.inputs)


class Model(Section):
    """Architecture family (a file in `training/models`) and its values.

    `widths` are channels of blocks, `dense` units of the fully connected layers before the last;
    a family says how many it takes, and which `variant`s it has.
    """

    name: Annotated[str, one_of(*MODELS)]
    variant: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,20}$")] | None = None
    widths: Annotated[tuple[Width, ...], Field(max_length=16)] = ()
    dense: Annotated[tuple[Width, ...], Field(max_length=8)] = ()
    dropout: Dropout = 0.0
    head_dropout: Dropout = 0.0
    input_px: Annotated[int, Field(ge=32, le=512)] = 48


class Initial(Section):
    """What the weights are before training: drawn, unless one of these is named.

    `imagenet` needs torchvision's weights of the family; `recipe` takes those of another recipe's
    model, trained with `seed`, wherever name and shape agree (the last layer's may not).
    """

    imagenet: bool = False
    recipe: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,80}$")] | None = None
    seed: Seed = 1

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.imagenet == (self.recipe is not None):
            raise ValueError("name either `imagenet: true` or a `recipe`")
        return self


class Freeze(Section):
    """Parts of the network that keep their first weights: for some epochs, or to the end.

    `parts` are names of modules as in `named_modules`, such as `features`.
    """

    parts: Annotated[tuple[str, ...], Field(min_length=1), Distinct]
    epochs: Annotated[int, Field(ge=1)] | None = None


class Distil(Section):
    """Learn what other recipes' models say of the training pictures, all their seeds averaged.

    The targets are `share` of that and the rest of the labels: Hinton et al. 2015, "Distilling the
    Knowledge in a Neural Network", at temperature 1.
    """

    teachers: Annotated[tuple[str, ...], Field(min_length=1), Distinct]
    share: Annotated[float, Field(gt=0, le=1)] = 0.5


class Augment(Section):
    """Name of an augmentation policy of `training/policies`, and what comes after it.

    `crop_px` cuts a square at a random place out of every training picture. `mixup_alpha` mixes
    pairs: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization".
    """

    policy: Annotated[str, one_of(*POLICIES)] = "none"
    crop_px: Annotated[int, Field(ge=32, le=512)] | None = None
    mixup_alpha: Annotated[float, Field(ge=0, le=4)] = 0.0


class Optimiser(Section):
    """`momentum` is used by sgd (in Nesterov's form) and ignored by the others.

    `sam_rho` above 0 looks that far for sharpness and costs a second pass: Foret et al. 2021,
    "Sharpness-Aware Minimization for Efficiently Improving Generalization".
    """

    name: Annotated[str, one_of("sgd", "adam", "adamw")]
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    sam_rho: Annotated[float, Field(ge=0, le=1)] = 0.0


class Schedule(Section):
    """Learning rate over the steps; it rises linearly over the first `warmup_fraction`.

    `plateau` multiplies it by `factor` after `patience_epochs` epochs without a lower validation
    loss; the others take no notice of these two.
    """

    name: Annotated[str, one_of("cosine", "constant", "plateau")] = "cosine"
    warmup_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    patience_epochs: Annotated[int, Field(ge=1)] = 3


class Loss(Section):
    """Loss against a distribution over the emotions, and how much each class counts in it.

    `inverse` weighs a class by one over its training rows, `effective_number` by Cui et al. 2019,
    "Class-Balanced Loss Based on Effective Number of Samples"; the weights' mean over the training
    rows is 1. `focal` is Lin et al. 2017, "Focal Loss for Dense Object Detection", gamma 2.
    `multi_target` and `drawn_labels`, which draws one emotion by its share whenever a row comes up,
    are Barsoum et al. 2016, as in `votes`.
    """

    name: Annotated[str, one_of("soft_cross_entropy", "focal", "multi_target")] = (
        "soft_cross_entropy"
    )
    drawn_labels: bool = False
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    class_weights: Annotated[str, one_of("none", "inverse", "effective_number")] = "none"

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        is_weighed = self.label_smoothing or self.class_weights != "none"
        if self.name == "multi_target" and (is_weighed or self.drawn_labels):
            raise ValueError(
                "multi_target asks which emotions are named: no smoothing, weights or drawn labels"
            )
        return self


class EarlyStopping(Section):
    """Stop after this many epochs without a lower validation loss."""

    patience_epochs: Annotated[int, Field(ge=1, le=1000)]


class Trained(Protocol):
    """What a training asks of its recipe, whatever kind of network it makes."""

    @property
    def epochs(self) -> int: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def early_stopping(self) -> EarlyStopping | None: ...

    @property
    def keep(self) -> str: ...

    @property
    def ema_decay(self) -> float | None: ...

    @property
    def swa_from(self) -> float | None: ...

    @property
    def precision(self) -> str: ...

    @property
    def optimiser(self) -> Optimiser: ...

    @property
    def schedule(self) -> Schedule: ...
