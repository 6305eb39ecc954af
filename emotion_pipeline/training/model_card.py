"""What an ONNX file says about itself: all that is needed to use it, without this package too.

The file's metadata are texts by name; lists and numbers are written as JSON.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

FORMAT = "emotion_pipeline/1"


class ModelCard(BaseModel):
    """`emotions` are the outputs, in order; `input_px`, `color` and `normalisation` say what
    becomes of a picture, the last of them within the graph; `recipe` holds all values of the
    recipe, `weights_digest` is the `digest` of the network's tensors."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal["emotion_pipeline/1"]
    emotions: Json[Annotated[tuple[str, ...], Field(min_length=2, max_length=100)]]
    inputs: Json[Annotated[tuple[str, ...], Field(min_length=1, max_length=10)]]
    n_features: Annotated[int, Field(ge=0, le=100_000)]
    color: Literal["gray", "rgb"]
    input_px: Annotated[int, Field(ge=1, le=4096)]
    normalisation: str
    seed: int
    recipe: Json[dict[str, Any]]
    weights_digest: str

    @property
    def n_channels(self) -> int:
        """Channels of the pictures; 0 where the model takes none."""
        return (1 if self.color == "gray" else 3) if "pictures" in self.inputs else 0

    def as_metadata(self) -> dict[str, str]:
        """The texts that `ModelCard.model_validate` takes back."""
        return {name: str(value) for name, value in self.model_dump(round_trip=True).items()}
