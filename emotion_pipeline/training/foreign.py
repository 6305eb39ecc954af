"""A recipe of the task `foreign`: a model that others have trained, tested like one's own.

Values only, as in `recipe`: which rows it is tested on, and who predicts them.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.labels import LABEL_SPACES
from emotion_pipeline.training.values import Data, Domains, Section, one_of

EMOTIONS_OF = {"deepface": "seven_emotions"}
"""The predictors, and the label space that each of them speaks."""
_WHICH_ROWS = {"labels", "pictures", "label_space"}


class ForeignRecipe(Section):
    """What somebody else's model says of the pictures of a dataset; see `recipes/` for examples.

    Of `data`, labels, pictures and the label space say which rows are predicted. There are no
    weights to draw, so the only seed is 0.
    """

    task: Literal["foreign"]
    description: Annotated[str, Field(min_length=1, max_length=500)]
    predictor: Annotated[str, one_of(*EMOTIONS_OF)]
    data: Data
    evaluate_on: Domains = DOMAINS

    @model_validator(mode="after")
    def _leaves_the_rest_to_the_predictor(self) -> Self:
        if surplus := sorted(self.data.model_fields_set - _WHICH_ROWS):
            raise ValueError(
                f"data.{surplus[0]} is up to {self.predictor}; only {sorted(_WHICH_ROWS)} are not"
            )
        spoken = EMOTIONS_OF[self.predictor]
        if self.data.label_space != spoken:
            raise ValueError(f"{self.predictor} needs `label_space: {spoken}`")
        return self

    @property
    def stem(self) -> str:
        """How the file's name begins."""
        return f"{self.data.labels}_{self.predictor}"

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
