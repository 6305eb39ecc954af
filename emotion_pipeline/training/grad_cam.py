"""Where a network looks: Grad-CAM maps, and the layer that they are taken of.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", in the form of Draelos and Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful
explanations of convolutional neural networks", by the package `grad-cam`. Every place of the
feature maps is weighed by its own gradient, not by the mean over all places. Both are the same
where nothing but averaging and a linear layer follows; elsewhere the mean may stand for no place.
"""

from dataclasses import dataclass

import numpy as np
import torch
from pytorch_grad_cam import HiResCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from emotion_pipeline.training.data import Inputs
from emotion_pipeline.training.randomness import stream

# A coarser map says left or right, and not eyes or mouth.
LEAST_GRID_PX = 4


@dataclass(frozen=True)
class Layer:
    """A module of a network by its name, and the height and width of its feature maps."""

    name: str
    grid_px: tuple[int, int]


def explained_layer(network: nn.Module, inputs: Inputs) -> Layer:
    """The last layer with feature maps of at least `LEAST_GRID_PX` that all of the picture passes.

    `inputs` are one normalised batch; only its shapes count. A convolution beside a shortcut would
    tell of its own branch only. So a layer counts where the network, with this layer silenced, says
    the same of all pictures. Raises ValueError where there is none.
    """
    images, *others = inputs
    noise = torch.randn((2, *images.shape[1:]), generator=stream("layer")).to(images.device)
    probe = (noise, *(torch.zeros_like(one[:1]).expand(2, -1) for one in others))
    for layer in reversed(_layers(network, probe)):
        if min(layer.grid_px) >= LEAST_GRID_PX and _all_passes(network, layer, probe):
            return layer
    raise ValueError(
        f"no layer with feature maps of {LEAST_GRID_PX} x {LEAST_GRID_PX} that the whole picture"
        f" of {tuple(images.shape[2:])} px passes: give the recipe a larger model.input_px"
    )


@torch.inference_mode()
def _layers(network: nn.Module, probe: Inputs) -> list[Layer]:
    """The modules that give feature maps, in the order in which they have done so."""
    found: list[Layer] = []

    def note(name: str, output: torch.Tensor) -> None:
        if output.ndim == 4:
            found.append(Layer(name, (output.shape[2], output.shape[3])))

    handles = [
        module.register_forward_hook(lambda _, __, output, name=name: note(name, output))
        for name, module in network.named_modules()
    ]
    try:
        network(*probe)
    finally:
        for handle in handles:
            handle.remove()
    return found


@torch.inference_mode()
def _all_passes(network: nn.Module, layer: Layer, probe: Inputs) -> bool:
    """Whether two pictures look the same to the network when the layer is silenced."""
    module = network.get_submodule(layer.name)
    handle = module.register_forward_hook(lambda _, __, output: torch.zeros_like(output))
    try:
        one, other = network(*probe)
    finally:
        handle.remove()
    return bool(torch.allclose(one, other, rtol=1e-5, atol=1e-6))


def maps(network: nn.Module, layer: Layer, inputs: Inputs, classes: np.ndarray) -> np.ndarray:
    """Grad-CAM maps (n, h, w) float32, 0 to 1, of one normalised batch.

    `classes` (n,) int says for which class each picture's map is. Where nothing speaks for the
    class, the map is 0 everywhere. The network has to be in evaluation mode; its weights need no
    gradients, and without them it takes a third of the time less.
    """
    images, *others = inputs
    cam = HiResCAM(
        Seeing(network, others),
        [network.get_submodule(layer.name)],
        reshape_transform=torch.clone,  # what follows may overwrite it in place
    )
    try:
        seen = images.detach().clone().requires_grad_()
        found: np.ndarray = cam(seen, [ClassifierOutputTarget(int(one)) for one in classes])
    finally:
        cam.activations_and_grads.release()
    return found


class Seeing(nn.Module):
    """A network as a function of the pictures alone; the other inputs stay what they are."""

    def __init__(self, network: nn.Module, others: list[torch.Tensor]) -> None:
        super().__init__()
        self.network, self.others = network, others

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        logits: torch.Tensor = self.network(images, *self.others)
        return logits
