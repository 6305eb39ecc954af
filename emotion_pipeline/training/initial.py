"""First weights that were learned elsewhere: reading them, and putting them into a network."""

import zipfile
from collections.abc import Collection
from pathlib import Path

import torch
from torch import nn

LARGEST_FILE_BYTES = 512 * 2**20


class InitialWeightsError(ValueError):
    """First weights that cannot be used; the message says what is wrong, where, and what next."""


def read_imagenet(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file of torchvision by name, on the CPU; nothing in it is executed.

    Raises InitialWeightsError unless it holds plain, finite float32 and int64 tensors.
    """
    try:
        _refuse_large(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InitialWeightsError(f"{path}: cannot be read ({error.strerror})") from error
    except InitialWeightsError:
        raise
    except Exception as error:  # damage shows in any way: torch says of no error that it is meant
        raise _unusable(path, "not readable as tensors") from error
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(n, str) for n in tensors):
        raise _unusable(path, "not a table of tensors by name")
    for name, tensor in tensors.items():
        if not _is_plain(tensor):
            raise _unusable(path, f"{name!r:.80} is no plain float32 or int64 tensor")
        if not tensor.isfinite().all():
            raise _unusable(path, f"{name!r:.80} has values that are no numbers")
    return dict(tensors)


def put_into(
    network: nn.Module, tensors: dict[str, torch.Tensor], frozen: Collection[str] = ()
) -> int:
    """Copy the tensors whose name and shape the network has too; how many of its own that were.

    Raises InitialWeightsError, with the network unchanged, when that is fewer than half of the
    network's tensors, buffers included, or not all of those in the `frozen` modules, which would
    stay as they were drawn.
    """
    ours = network.state_dict()
    odd = [name for name, tensor in ours.items() if not _fits(tensors.get(name), tensor)]
    stuck = [name for name in odd if any(name.startswith(f"{part}.") for part in frozen)]
    if stuck or 2 * len(odd) > len(ours):
        first = (stuck or odd)[0]
        theirs = tuple(tensors[first].shape) if first in tensors else "missing"
        raise InitialWeightsError(
            f"first weights fit {len(ours) - len(odd)} of the network's {len(ours)} tensors,"
            f" {'not all that are to be frozen' if stuck else 'fewer than half'}: {first} is"
            f" {tuple(ours[first].shape)} in the network, {theirs} there. Take the weights of the"
            " same family, variant, widths and inputs"
        )
    for name in ours.keys() - set(odd):
        ours[name].copy_(tensors[name])
    return len(ours) - len(odd)


def _fits(theirs: torch.Tensor | None, ours: torch.Tensor) -> bool:
    return theirs is not None and theirs.shape == ours.shape


def _refuse_large(path: Path) -> None:
    """Archives may be packed: what counts is the size of what is in them."""
    n_bytes = path.stat().st_size
    if n_bytes <= LARGEST_FILE_BYTES and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(entry.file_size for entry in archive.infolist())
    if n_bytes > LARGEST_FILE_BYTES:
        raise _unusable(path, f"holds {n_bytes:,} bytes, more than {LARGEST_FILE_BYTES:,}")


def _is_plain(tensor: object) -> bool:
    """Whether it is a tensor whose values are all there: views may claim more than their memory."""
    return (
        isinstance(tensor, torch.Tensor)
        and tensor.dtype in (torch.float32, torch.int64)
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and tensor.nbytes <= tensor.untyped_storage().nbytes()
    )


def _unusable(path: Path, what: str) -> InitialWeightsError:
    return InitialWeightsError(
        f"{path}: {what}; expected weights as torchvision publishes them. Remove the file to have"
        " it downloaded anew"
    )
