"""Parts of a network that keep their weights, for some epochs or to the end."""

from torch import nn

from emotion_pipeline.labels import nearest
from emotion_pipeline.training.values import Freeze


def freeze(network: nn.Module, values: Freeze | None, epoch: int) -> None:
    """Freeze the parts that are to be frozen in this epoch (counted from 0), release the others.

    A frozen part has no gradients, and is in evaluation mode, so that its normalisation keeps its
    statistics and nothing is dropped; everything else is in training mode.
    """
    network.train()
    if values is None:
        return
    is_frozen = values.epochs is None or epoch < values.epochs
    for part in values.parts:
        module = network.get_submodule(part)
        module.requires_grad_(not is_frozen)
        if is_frozen:
            module.eval()


def check_parts(network: nn.Module, values: Freeze | None) -> None:
    """ValueError for parts that the network does not have, or that leave nothing to train."""
    if values is None:
        return
    modules = dict(network.named_modules())
    del modules[""]
    for part in values.parts:
        if part not in modules:
            as_deep = [name for name in modules if name.count(".") <= part.count(".")]
            raise ValueError(f"freeze.parts: {nearest(part, as_deep)}")
    frozen = {weight for part in values.parts for weight in modules[part].parameters()}
    if frozen.issuperset(network.parameters()):
        raise ValueError("freeze.parts: nothing is left to train")
