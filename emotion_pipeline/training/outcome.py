"""What a finished training hands over, read from its checkpoints."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.curves import best_epoch
from emotion_pipeline.training.values import Trained


@dataclass(frozen=True)
class FitResult:
    """The weights of one epoch (averaged ones if the recipe averages), and how they came.

    `state_dict` holds contiguous tensors on the CPU under the network's own names. `epoch`, counted
    from 1, is the one that the recipe keeps. `seconds` is the time spent in epochs, earlier parts
    of a resumed run included, `precision` that of the last epoch. `temperature` is what the logits
    were divided by, in the weights.
    """

    state_dict: dict[str, torch.Tensor]
    curves: pd.DataFrame
    epoch: int
    n_parameters: int
    seconds: float
    precision: str
    temperature: float = 1.0


def outcome(recipe: Trained, network: nn.Module, folder: Path) -> FitResult:
    """The result of a training in a folder."""
    best = checkpoints.read(folder / checkpoints.BEST)
    last = checkpoints.read(folder / checkpoints.LAST) or best  # best is last if last got damaged
    if best is None or last is None:
        raise RuntimeError(f"the checkpoints in {folder} vanished while training; run it again")
    kept = best if recipe.keep == "best" else last
    weights = {
        name.removeprefix("network."): value.contiguous()
        for name, value in kept["state_dict"].items()
    }
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    rows = last["rows"]
    epoch = best_epoch(rows) if recipe.keep == "best" else len(rows)
    return FitResult(
        weights, pd.DataFrame(rows), epoch, n_parameters, last["seconds"], last["precision"]
    )
