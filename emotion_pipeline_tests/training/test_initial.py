import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from emotion_pipeline.fetching.model_files import IMAGENET
from emotion_pipeline.training import initial, models
from emotion_pipeline.training.initial import InitialWeightsError, put_into, read_imagenet
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.scaling import Standardise
from emotion_pipeline.training.values import Model

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)}


class Executes:
    """An object whose unpickling runs a program."""

    def __reduce__(self):
        return exec, ("raise SystemExit('executed')",)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


@pytest.mark.parametrize("packed", [True, False], ids=["archive", "old format"])
def test_tensors_are_read_by_name(path, packed):
    torch.save(OrderedDict(TENSORS), path, _use_new_zipfile_serialization=packed)
    found = read_imagenet(path)
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in TENSORS.items())


@pytest.mark.parametrize(
    "content",
    [
        TENSORS["weight"],
        [TENSORS["weight"]],
        {},
        {1: TENSORS["weight"]},
        {"weight": "text"},
        {"weight": torch.zeros(2, dtype=torch.complex64)},
        {"weight": torch.eye(2).to_sparse()},
        {"weight": torch.zeros(1, device="meta")},
        {"weight": torch.zeros(1).expand(10**12)},
        {"weight": torch.tensor([1.0, float("nan")])},
        {"weight": torch.tensor([1.0, float("inf")])},
        {"weight": Executes()},
        Executes(),
    ],
    ids=lambda content: f"{content!r:.40}",
)
@pytest.mark.parametrize("packed", [True, False], ids=["archive", "old format"])
def test_anything_but_plain_finite_tensors_is_refused_and_nothing_is_executed(
    path, content, packed
):
    torch.save(content, path, _use_new_zipfile_serialization=packed)
    with pytest.raises(InitialWeightsError, match=r"weights.pth: .*Remove the file"):
        read_imagenet(path)


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs", b"PK\x03\x04", b"\x80\x02."])
def test_other_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(InitialWeightsError, match=r"weights.pth: .*Remove the file"):
        read_imagenet(path)


def test_a_plain_pickle_that_executes_is_refused(path):
    path.write_bytes(pickle.dumps(Executes()))
    with pytest.raises(InitialWeightsError, match="not readable"):
        read_imagenet(path)


def test_a_missing_file_is_named(path):
    with pytest.raises(InitialWeightsError, match=r"weights.pth: cannot be read \(No such file"):
        read_imagenet(path)


def test_files_that_are_large_or_become_large_are_refused_unread(path, monkeypatch):
    monkeypatch.setattr(initial, "LARGEST_FILE_BYTES", 10_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_001))
    assert path.stat().st_size < 1000
    with pytest.raises(InitialWeightsError, match="holds 10,001 bytes, more than 10,000"):
        read_imagenet(path)
    path.write_bytes(bytes(10_001))
    with pytest.raises(InitialWeightsError, match="more than 10,000"):
        read_imagenet(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packed=st.booleans(), place=st.integers(0, 2000), patch=st.binary(min_size=1, max_size=4))
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path, packed, place, patch):
    path = tmp_path / "damaged.pth"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=packed)
    content = bytearray(path.read_bytes())
    content[place : place + len(patch)] = patch
    path.write_bytes(content)
    with suppress(InitialWeightsError):
        assert all(isinstance(tensor, torch.Tensor) for tensor in read_imagenet(path).values())


def network():
    return nn.Sequential(Standardise(3), nn.Linear(3, 4), nn.Linear(4, 2))


def test_everything_that_fits_is_copied_and_the_rest_stays():
    ours, theirs = network(), network()
    theirs[0].fit(torch.randn(9, 3))
    tensors = {**theirs.state_dict(), "2.weight": torch.zeros(5, 4), "9.weight": torch.zeros(1)}
    before = ours[2].weight.clone()
    assert put_into(ours, tensors) == 5
    assert torch.equal(ours[1].weight, theirs[1].weight)
    assert torch.equal(ours[0].mean, theirs[0].mean)
    assert torch.equal(ours[2].weight, before)
    assert ours[2].weight.requires_grad


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, r"0 of the network's 6 tensors.*0.mean is \(3,\) in the network, missing there"),
        (
            {"0.mean": torch.zeros(3), "0.deviation": torch.ones(3), "1.weight": torch.ones(2, 2)},
            r"2 of .* 6 tensors.*1.weight is \(4, 3\) in the network, \(2, 2\) there",
        ),
    ],
)
def test_weights_of_another_architecture_are_refused_and_change_nothing(tensors, message):
    ours = network()
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    with pytest.raises(InitialWeightsError, match=message):
        put_into(ours, tensors)
    assert all(torch.equal(before[name], value) for name, value in ours.state_dict().items())


def test_a_part_that_is_to_be_frozen_has_to_fit_whole():
    ours, theirs = network(), {**network().state_dict(), "1.weight": torch.ones(4, 2)}
    message = r"not all that are to be frozen: 1.weight is \(4, 3\) in the network, \(4, 2\) there"
    with pytest.raises(InitialWeightsError, match=message):
        put_into(ours, theirs, frozen=["0", "1"])
    assert not torch.equal(ours[2].weight, theirs["2.weight"])
    assert put_into(ours, theirs, frozen=["0", "2"]) == 5


@pytest.mark.parametrize(("family", "variant"), [one for one in IMAGENET if one[0] in models.NAMES])
def test_weights_of_torchvision_fit_the_features_of_their_family(family, variant):
    import torchvision

    theirs = getattr(torchvision.models, f"{family}_{variant}" if variant else family)()
    widths = (4, 4, 4, 4) if family == "mobilenet_v2" else ()
    values = Model(name=family, variant=variant, widths=widths)
    ours = models.build(family, values, Sizes(1, 0, 7)).eval()
    n_features = len(theirs.features.state_dict())
    assert put_into(ours, theirs.state_dict()) == n_features
    gray = torch.randn(2, 1, 64, 64)
    expected = theirs.eval().features(gray.repeat(1, 3, 1, 1))
    seen = ours.features(gray.expand(-1, 3, -1, -1))
    assert torch.allclose(seen, expected, atol=1e-4)
