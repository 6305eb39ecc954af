"""A recipe of the task `foreign`: a model that others have trained, tested like one's own.

Values only, as in `recipe`: which rows it is tested on, and who predicts them. What DeepFace says
is known to this package; a `table` of predictions and an `onnx` file are the user's own.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from emotion_pipeline.domains import DOMAINS, ORIGINAL
from emotion_pipeline.labels import LABEL_SPACES
from emotion_pipeline.training.values import Data, Distinct, Domains, Section, one_of

EMOTIONS_OF = {"deepface": "seven_emotions"}
"""The predictors of this package, and the label space that each of them speaks."""
ENDINGS = {"table": ".csv", "onnx": ".onnx"}
"""The predictors that are a file of the user, and how its name ends."""
_WHICH_ROWS = {"labels", "pictures", "label_space"}
_CHANNELS = {"gray": 1, "rgb": 3, "bgr": 3}

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Claim(Section):
    """What somebody says of the model: its accuracy on the test part, 0 to 1."""

    accuracy_score: Annotated[float, Field(ge=0, le=1)]


class Network(Section):
    """What an ONNX file is given of a face picture, and what it answers.

    `pixels` is the range of the values; `mean` is then taken off and the rest divided by `sd`, a
    value per channel. `emotions` are the outputs in their order.
    """

    input_px: Annotated[int, Field(ge=8, le=1024)]
    color: Annotated[str, one_of(*_CHANNELS)]
    pixels: Annotated[str, one_of("0-1", "0-255")]
    mean: tuple[float, ...] = ()
    sd: tuple[Annotated[float, Field(gt=0)], ...] = ()
    emotions: Annotated[tuple[str, ...], Distinct]
    outputs: Annotated[str, one_of("logits", "probabilities")]

    @property
    def n_channels(self) -> int:
        return _CHANNELS[self.color]

    @model_validator(mode="after")
    def _a_value_per_channel(self) -> Self:
        for name, values in (("mean", self.mean), ("sd", self.sd)):
            if values and len(values) != self.n_channels:
                raise ValueError(f"{name}: {self.color} needs {self.n_channels} values")
        return self


class ForeignRecipe(Section):
    """What somebody else's model says of the pictures of a dataset; see `recipes/` for examples.

    Of `data`, labels, pictures and the label space say which rows are predicted. There are no
    weights to draw, so the only seed is 0. `file` lies beside the recipe. `columns` of a table says
    what its columns mean where they are not called `sample_id`, `row`, `p_<emotion>`, `predicted`,
    `split` or `emotion`. `onnx` may be left out for files that `emotion-pipeline export` wrote.
    """

    task: Literal["foreign"]
    description: Annotated[str, Field(min_length=1, max_length=500)]
    predictor: Annotated[str, one_of(*EMOTIONS_OF, *ENDINGS)]
    data: Data
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}$")] | None = None
    columns: Annotated[dict[Text, Text], Field(max_length=100)] = Field(default_factory=dict)
    onnx: Network | None = None
    claim: Claim | None = None
    evaluate_on: Domains = DOMAINS

    @model_validator(mode="before")
    @classmethod
    def _files_are_tested_on_the_original_pictures(cls, values: Any) -> Any:
        """Unless they say otherwise: another domain of other people's models is made on demand."""
        if isinstance(values, dict) and values.get("predictor") in ENDINGS:
            return {"evaluate_on": [ORIGINAL], **values}
        return values

    @model_validator(mode="after")
    def _leaves_the_rest_to_the_predictor(self) -> Self:
        if surplus := sorted(self.data.model_fields_set - _WHICH_ROWS):
            raise ValueError(
                f"data.{surplus[0]} is up to {self.predictor}; only {sorted(_WHICH_ROWS)} are not"
            )
        spoken = EMOTIONS_OF.get(self.predictor, self.data.label_space)
        if self.data.label_space != spoken:
            raise ValueError(f"{self.predictor} needs `label_space: {spoken}`")
        return self

    @model_validator(mode="after")
    def _says_what_its_predictor_needs(self) -> Self:
        ending = ENDINGS.get(self.predictor)
        if ending is None and self.file is not None:
            raise ValueError(f"file: {self.predictor} needs none")
        if ending is not None and not (self.file or "").endswith(ending):
            raise ValueError(f"file: {self.predictor} needs the name of a file *{ending}")
        for name, predictor in (("columns", "table"), ("onnx", "onnx")):
            if getattr(self, name) and self.predictor != predictor:
                raise ValueError(f"{name}: only for `predictor: {predictor}`")
        if self.predictor == "table" and self.evaluate_on != (ORIGINAL,):
            raise ValueError(f"evaluate_on: a table is about the {ORIGINAL} pictures only")
        if ending is not None and self.evaluate_on[0] != ORIGINAL:
            raise ValueError(f"evaluate_on: {ORIGINAL} has to come first")
        if self.onnx and set(self.onnx.emotions) != set(self.emotions):
            expected = ", ".join(self.emotions)
            raise ValueError(f"onnx.emotions: expected are {expected}, in any order")
        return self

    @property
    def is_imported(self) -> bool:
        """Whether its predictions or its network are a file of the user."""
        return self.predictor in ENDINGS

    @property
    def stem(self) -> str:
        """How the file's name begins."""
        return self.data.labels if self.is_imported else f"{self.data.labels}_{self.predictor}"

    @property
    def follows(self) -> tuple[str, ...]:
        """The recipes whose models this one is made from."""
        return ()

    @property
    def emotions(self) -> tuple[str, ...]:
        """The classes, in the order of the probabilities."""
        return LABEL_SPACES[self.data.label_space].emotions

    @property
    def seeds(self) -> tuple[int, ...]:
        return (0,)
