"""A recipe of an emotion model: every value that changes a number in a report.

Values only: a new behaviour is a named function in code, and a recipe names it. How recipes are
read stands in `recipe_files`. Neither needs torch or Lightning, because every recipe is read when
Dagster starts.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.labels import LABEL_SPACES
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import (
    PICTURES,
    Augment,
    Data,
    Distil,
    Distinct,
    Domains,
    EarlyStopping,
    Freeze,
    Initial,
    Loss,
    Model,
    Optimiser,
    Schedule,
    Section,
    Seed,
    one_of,
)

NOT_IN_THE_WEIGHTS = {"task", "description", "seeds", "evaluate_on"}


class Recipe(Section):
    """One model from data to test; see `recipes/` for examples."""

    task: Literal["emotions"] = "emotions"
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
    initial: Initial | None = None
    freeze: Freeze | None = None
    distil: Distil | None = None
    keep: Annotated[str, one_of("best", "last")] = "best"
    """Which epoch's weights: the one with the lowest validation loss, or the last."""
    ema_decay: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    """Moving average of the weights, which is then what is validated and kept."""
    mean_teacher: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the targets that the moving average gives: it grows with the steps from 0 to this.
    Tarvainen & Valpola 2017, "Mean teachers are better role models"; that the share grows is of Kim
    et al. 2021, "Self-Knowledge Distillation with Progressive Refinement of Targets"."""
    swa_from: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Plain average of the weights after each epoch from this share of the epochs on: Izmailov et
    al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization"."""
    calibrated: bool = False
    """Whether the probabilities are made as sure as they are right, by one temperature that is
    fitted on the validation part: see `calibration`."""
    precision: Annotated[str, one_of("32-true", "bf16-mixed", "16-mixed")] = "32-true"
    compile: bool = False
    """Whether torch compiles the network first; pays on GPUs only."""
    test_views: Annotated[str, one_of("one", "flip", "ten_crop")] = "flip"
    """Views of a test picture whose probabilities are averaged."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=99), Distinct] = (1,)
    evaluate_on: Domains = DOMAINS

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        crop_px = self.augment.crop_px
        if crop_px is not None and crop_px > self.model.input_px:
            raise ValueError(f"augment.crop_px {crop_px} is more than {self.model.input_px} px")
        if self.test_views == "ten_crop" and crop_px is None:
            raise ValueError("test_views ten_crop takes its size from augment.crop_px")
        if self.ema_decay is not None and self.swa_from is not None:
            raise ValueError("ema_decay or swa_from, not both")
        if self.mean_teacher is not None and self.ema_decay is None:
            raise ValueError("mean_teacher is the moving average of the weights: give an ema_decay")
        if self.optimiser.sam_rho and self.precision == "16-mixed":
            raise ValueError("sam_rho does not go with 16-mixed, whose scaling hides the gradients")
        moves_pictures = self.augment.policy not in ("none", "flip") or crop_px is not None
        if PICTURES not in self.data.inputs and moves_pictures:
            raise ValueError("augment moves pictures, which are no input: only flip is for all")
        if self.data.leave_out and self.data.at_most_per_class:
            raise ValueError("data.leave_out predicts every row, so at_most_per_class cannot be")
        is_selected = self.keep == "best" or self.early_stopping or self.calibrated
        if self.data.leave_out and (is_selected or self.schedule.name == "plateau"):
            raise ValueError(
                "data.leave_out needs `keep: last`, no early stopping, no plateau schedule and no"
                " calibration: there is no validation part that a model may be selected on"
            )
        return self

    @model_validator(mode="after")
    def _has_a_loss_for_its_targets(self) -> Self:
        if self.data.sampler == "balanced" and self.loss.class_weights != "none":
            raise ValueError("sampler balanced or class_weights: with both, rare ones count twice")
        is_mixed = self.distil or self.mean_teacher or self.augment.mixup_alpha
        if self.loss.name == "multi_target" and is_mixed:
            raise ValueError("multi_target goes with no teacher or mixup, which name every emotion")
        chooses = self.keep == "best" or self.early_stopping or self.schedule.name == "plateau"
        if self.loss.name == "multi_target" and chooses:
            raise ValueError(
                "multi_target needs `keep: last`, no early stopping and no plateau schedule: it"
                " grows sure of one emotion of several, away from the shares that validate it"
            )
        if self.loss.drawn_labels and not (self.data.vote_rule or self.distil):
            raise ValueError("loss.drawn_labels draws from votes or teachers, and there are none")
        return self

    @property
    def stem(self) -> str:
        """How the file's name begins."""
        return f"{self.data.labels}_{self.model.name}"

    @property
    def follows(self) -> tuple[str, ...]:
        """The recipes whose models this one is made from."""
        first = self.initial.recipe if self.initial is not None else None
        teachers = self.distil.teachers if self.distil is not None else ()
        return (*((first,) if first else ()), *teachers)

    @property
    def sizes(self) -> Sizes:
        """What the network is given and asked for."""
        return Sizes(self.data.n_channels, self.data.n_features, len(self.emotions))

    @property
    def emotions(self) -> tuple[str, ...]:
        """The classes, in the order of the model's outputs."""
        return LABEL_SPACES[self.data.label_space].emotions


def training_values(recipe: Section) -> dict[str, Any]:
    """The values that change the weights, for fingerprints: JSON types only.

    The views of a test picture do so where a temperature is fitted to their mean.
    """
    others = set() if getattr(recipe, "calibrated", False) else {"test_views"}
    return recipe.model_dump(mode="json", exclude=NOT_IN_THE_WEIGHTS | others)
