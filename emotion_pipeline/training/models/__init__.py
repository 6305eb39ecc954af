"""Architecture families, one file each: `build(values, n_classes) -> nn.Module`.

A new file here is a new name for recipes. The names are read from the folder, and a family is
imported when it is built, so that knowing the names does not cost the import of torch.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_pipeline.labels import nearest

if TYPE_CHECKING:
    from torch import nn

NAMES: tuple[str, ...] = tuple(
    sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")
)


def build(name: str, values: Any, n_classes: int) -> "nn.Module":
    """A fresh network of a family, weights drawn from torch's global generator.

    It maps float32 (n, 1, input_px, input_px) to logits (n, n_classes). `values` is the `model`
    section of a recipe. Raises KeyError for an unknown family, ValueError for unusable values.
    """
    if name not in NAMES:
        raise KeyError(f"model: {nearest(name, NAMES)}")
    network: nn.Module = import_module(f"{__name__}.{name}").build(values, n_classes)
    return network
