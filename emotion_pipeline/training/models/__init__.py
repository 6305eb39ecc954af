"""Architecture families, one file each: `build(values, sizes) -> nn.Module`.

A new file here is a new name for recipes. The names are read from the folder, and a family is
imported when it is built, so that knowing the names does not cost the import of torch.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_pipeline.labels import nearest

if TYPE_CHECKING:
    from torch import nn

NAMES: tuple[str, ...] = tuple(
    sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")
)


@dataclass(frozen=True)
class Sizes:
    """What a network is given and asked for: channels (0 without pictures), length of the vector
    beside them (0 without one), classes."""

    n_channels: int
    n_features: int
    n_classes: int

    def require(self, family: str, *, pictures: bool, features: bool) -> None:
        """ValueError unless exactly these inputs are given."""
        if (self.n_channels > 0, self.n_features > 0) != (pictures, features):
            takes = [n for n, wanted in (("pictures", pictures), ("features", features)) if wanted]
            raise ValueError(f"{family} takes {' and '.join(takes)}, nothing else: see data.inputs")


def build(name: str, values: Any, sizes: Sizes) -> "nn.Module":
    """A fresh network of a family, weights drawn from torch's global generator.

    It maps normalised pictures, float32 (n, n_channels, input_px, input_px), or features, float32
    (n, n_features) with NaN where nothing was measured, or both in this order, to logits
    (n, n_classes). `values` is the `model` section of a recipe. Raises KeyError for an unknown
    family, ValueError for unusable values or inputs.
    """
    if name not in NAMES:
        raise KeyError(f"model: {nearest(name, NAMES)}")
    network: nn.Module = import_module(f"{__name__}.{name}").build(values, sizes)
    return network
