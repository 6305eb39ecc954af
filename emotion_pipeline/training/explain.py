"""What a network's answers about pictures rest on, and whether that may be believed.

Maps alone convince too easily. So each comes with two checks: the map that a network of the same
shape with re-drawn weights gives, and what hiding the salient part of the picture does.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn

from emotion_pipeline.metrics.saliency import most_salient, rank_similarity
from emotion_pipeline.training.data import Inputs, as_tensors, network_inputs
from emotion_pipeline.training.devices import choose_device, full_precision
from emotion_pipeline.training.grad_cam import Layer, Seeing, explained_layer, maps
from emotion_pipeline.training.randomness import seed_for
from emotion_pipeline.training.recipe import Recipe

BATCH = 64
HIDDEN_SHARE = 0.2
N_REDRAWN, N_RANDOM = 3, 5


@dataclass(frozen=True)
class Explained:
    """What was found out about n pictures of the size that the network sees.

    `p` (n, c) float32 are the probabilities of one view, and `predicted` (n,) int64 the most
    probable classes. `maps` (n, h, w) uint8 are the Grad-CAM maps for the predicted class,
    `redrawn_maps` those of a network with re-drawn weights for the same class, and
    `redrawn_similarity` (n,) the rank correlation of both, averaged over several such networks.
    `salient_drop` (n,) says by how much the class's probability falls when the most salient pixels
    are hidden, `random_drop` by how much when as many others are, averaged over several draws.
    """

    p: np.ndarray
    predicted: np.ndarray
    maps: np.ndarray
    redrawn_maps: np.ndarray
    redrawn_similarity: np.ndarray
    salient_drop: np.ndarray
    random_drop: np.ndarray


class Explainer:
    """A trained network of a recipe whose answers are to be explained; `seed` is that of its draws.

    `layer` is the one that maps are taken of. `inputs` are always those of
    `training.predict.predict`, n rows each. Pictures are seen once, as they are: `test_views` does
    not count. Raises ValueError where a network has no such layer.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, seed: int, device: str = "auto") -> None:
        self.network, self.recipe, self.seed = network, recipe, seed
        self.place = choose_device(device)
        self.network.to(self.place).eval().requires_grad_(False)
        self.layer = explained_layer(self.network, next(self._batches(_blank(recipe))))

    def predicted(self, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
        """The most probable classes (n,) int64."""
        found = [self._probabilities(batch).argmax(axis=1) for batch in self._batches(inputs)]
        return np.concatenate([np.zeros(0, np.int64), *found])

    def maps(self, inputs: tuple[np.ndarray, ...], classes: np.ndarray) -> np.ndarray:
        """Grad-CAM maps (n, h, w) float32, 0 to 1, for these classes (n,) int."""
        starts = range(0, len(classes), BATCH)
        with full_precision():
            found = [
                maps(self.network, self.layer, batch, classes[start : start + BATCH])
                for start, batch in zip(starts, self._batches(inputs), strict=True)
            ]
        return np.concatenate(found)

    def explain(self, inputs: tuple[np.ndarray, ...]) -> Explained:
        """Explain what is predicted of every picture; n has to be at least 1."""
        first = next(self._batches(inputs))
        seeds = [seed_for("redrawn", self.seed, number) for number in range(N_REDRAWN)]
        others = [redrawn(self.network, first, seed) for seed in seeds]
        rng = np.random.default_rng(seed_for("hidden", self.seed))
        parts = [self._explain(batch, others, rng) for batch in self._batches(inputs)]
        names = [field.name for field in fields(Explained)]
        return Explained(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        )

    def _explain(
        self, batch: Inputs, others: list[nn.Module], rng: np.random.Generator
    ) -> Explained:
        p = self._probabilities(batch)
        predicted = p.argmax(axis=1)
        with full_precision():
            own = maps(self.network, self.layer, batch, predicted)
            theirs = [maps(one, self.layer, batch, predicted) for one in others]
        p_predicted = p[np.arange(len(p)), predicted]
        anywhere = [_random_maps(self.layer, own.shape, rng) for _ in range(N_RANDOM)]
        salient, *random = (
            p_predicted - self._without(batch, most_salient(one, HIDDEN_SHARE, ties), predicted)
            for one, ties in ((own, anywhere[0]), *zip(anywhere, anywhere, strict=True))
        )
        return Explained(
            p,
            predicted,
            as_bytes(own),
            as_bytes(theirs[0]),
            np.mean([rank_similarity(own, one) for one in theirs], axis=0),
            salient,
            np.mean(random, axis=0),
        )

    def _without(self, batch: Inputs, hidden: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Probabilities (n,) of the classes where hidden pixels have the picture's mean."""
        images, *others = batch
        masks = torch.from_numpy(hidden).to(images.device)[:, None]
        means = images.mean(dim=(2, 3), keepdim=True)
        p = self._probabilities((torch.where(masks, means, images), *others))
        return np.asarray(p[np.arange(len(p)), classes])

    @torch.inference_mode()
    def _probabilities(self, batch: Inputs) -> np.ndarray:
        with full_precision():
            found: np.ndarray = torch.softmax(self.network(*batch).float(), dim=1).cpu().numpy()
        return found

    def _batches(self, inputs: tuple[np.ndarray, ...]) -> Iterator[Inputs]:
        """Normalised inputs, `BATCH` rows at a time."""
        tensors = as_tensors(inputs, self.recipe.sizes, self.recipe.model.input_px)
        for start in range(0, len(tensors[0]), BATCH):
            batch = tuple(one[start : start + BATCH].to(self.place) for one in tensors)
            yield network_inputs(batch, self.recipe.data)


def redrawn(network: nn.Module, batch: Inputs, seed: int) -> nn.Module:
    """A copy with all weights drawn anew: Adebayo et al. 2018, "Sanity Checks for Saliency Maps".

    Its normalisation is measured anew on the normalised batch, or deep networks would fade out.
    """
    copied = deepcopy(network)
    images, *others = batch
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in copied.modules():
            redraw = getattr(module, "reset_parameters", None)
            if callable(redraw):
                redraw()
        mirrored = torch.cat([images, images.flip(3)])  # one picture alone has no deviation
        update_bn([mirrored], Seeing(copied, [torch.cat([one, one]) for one in others]))
    return copied.eval()


def _blank(recipe: Recipe) -> tuple[np.ndarray, ...]:
    """The inputs of one black picture without landmarks."""
    sizes, side_px = recipe.sizes, recipe.model.input_px
    features = (np.zeros((1, sizes.n_features), np.float32),) if sizes.n_features else ()
    return (np.zeros((1, side_px, side_px, sizes.n_channels), np.uint8), *features)


def as_bytes(saliency: np.ndarray) -> np.ndarray:
    """Maps of 0 to 1 as uint8 of 0 to 255."""
    return np.rint(255 * saliency).astype(np.uint8)


def _random_maps(layer: Layer, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Maps (n, h, w) as coarse as those of the layer that point anywhere.

    Single pixels drawn at random would be noise all over the picture, which harms more than a patch
    of the same area.
    """
    n, *size_px = shape
    grids = torch.from_numpy(rng.random((n, 1, *layer.grid_px)))
    return np.asarray(functional.interpolate(grids, size_px, mode="bilinear")[:, 0].numpy())
