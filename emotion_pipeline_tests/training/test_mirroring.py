import numpy as np
import pytest
import torch

from emotion_pipeline.blendshapes import BLENDSHAPES
from emotion_pipeline.imaging.align import crop
from emotion_pipeline.landmarks.geometry import LEFT_EYE, RIGHT_EYE, box_square, canonical_vector
from emotion_pipeline.training.mirroring import mirror_some, mirrored
from emotion_pipeline.training.randomness import stream
from emotion_pipeline.training.values import Data
from emotion_pipeline_tests.landmarks.shared_detectors import photographs, shared_detectors

INPUTS = [
    ["pictures"],
    ["landmarks"],
    ["blendshapes"],
    ["pictures", "blendshapes"],
    ["pictures", "landmarks", "blendshapes"],
]


def _data(inputs: list[str]) -> Data:
    return Data(labels="x", pictures="x", inputs=inputs)


def _inputs(data: Data, n: int = 40) -> tuple[torch.Tensor, ...]:
    draws = stream("test")
    pictures = torch.randn(n, data.n_channels, 8, 8, generator=draws)
    features = torch.randn(n, data.n_features, generator=draws)
    return tuple(one for one in (pictures, features) if one.shape[1])


@pytest.mark.parametrize("inputs", INPUTS)
def test_twice_mirrored_is_the_face_itself_and_once_is_not(inputs):
    data = _data(inputs)
    for face, once, twice in zip(
        _inputs(data),
        mirrored(_inputs(data), data),
        mirrored(mirrored(_inputs(data), data), data),
        strict=True,
    ):
        assert torch.equal(face, twice)
        assert not torch.equal(face, once)
        assert torch.equal(face.abs().flatten(1).sort().values, once.abs().flatten(1).sort().values)


def test_the_left_brow_becomes_the_right_one_and_the_jaw_stays_open():
    data = _data(["pictures", "landmarks", "blendshapes"])
    pictures, features = _inputs(data)
    before, after = features[:, -52:], mirrored((pictures, features), data)[1][:, -52:]
    left, right, jaw = map(BLENDSHAPES.index, ("browDownLeft", "browDownRight", "jawOpen"))
    assert torch.equal(after[:, left], before[:, right])
    assert torch.equal(after[:, right], before[:, left])
    assert torch.equal(after[:, jaw], before[:, jaw])


@pytest.mark.parametrize(
    ("right", "left"),
    [(RIGHT_EYE, LEFT_EYE), (61, 291), (133, 362), (159, 386), (246, 466), (1, 1)],
)
def test_points_of_eyes_and_mouth_come_to_the_other_side_and_the_nose_stays(right, left):
    data = _data(["landmarks"])
    (features,) = _inputs(data)
    points = features.view(-1, 468, 3)
    after = mirrored((features,), data)[0].view(-1, 468, 3)
    assert torch.equal(after[:, left], points[:, right] * torch.tensor([-1.0, 1, 1]))


def test_what_was_not_measured_stays_so():
    data = _data(["blendshapes"])
    (features,) = mirrored((torch.full((2, 52), torch.nan),), data)
    assert features.isnan().all()


@pytest.mark.parametrize("inputs", INPUTS)
def test_all_inputs_of_a_row_are_mirrored_or_none(inputs):
    data = _data(inputs)
    given, turned = _inputs(data), mirrored(_inputs(data), data)
    found = mirror_some(given, data, 0.5, stream("x"))
    are_turned, are_kept = (
        torch.stack(
            [(one == other).flatten(1).all(1) for one, other in zip(found, expected, strict=True)]
        )
        for expected in (turned, given)
    )
    assert torch.equal(are_turned.all(0), ~are_kept.any(0))
    assert torch.equal(are_kept.all(0), ~are_turned.any(0))
    assert 5 < are_turned[0].sum() < 35


def test_a_probability_of_nothing_draws_nothing():
    data, draws = _data(["pictures"]), stream("x")
    given = _inputs(data)
    assert mirror_some(given, data, 0.0, draws) is given
    assert torch.equal(draws.get_state(), stream("x").get_state())


@pytest.mark.model_files
def test_mirrored_features_are_those_of_the_mirrored_photograph():
    detectors = shared_detectors()
    data = _data(["landmarks", "blendshapes"])

    def measured(picture: np.ndarray) -> np.ndarray:
        mesh = detectors.mesh.find(picture)
        points = canonical_vector(mesh.points[None], mesh.pose[None])
        return np.concatenate([points, mesh.blendshapes[None]], axis=1)

    faces, images = [], []
    for picture in photographs().values():
        found = detectors.yunet.find(picture)[0]
        square = box_square(found.box_px, found.five_points_px).with_margin(0.3)
        face = crop(picture, square, 256)
        faces.append(measured(face))
        images.append(measured(np.ascontiguousarray(face[:, ::-1])))
    given, expected = (torch.from_numpy(np.concatenate(one)) for one in (faces, images))
    turned = mirrored((given,), data)[0]
    for part in (slice(0, -52), slice(-52, None)):
        off = (turned - expected)[:, part].abs().mean()
        unturned = (given - expected)[:, part].abs().mean()
        assert off < 0.8 * unturned
    # Where a point comes to lie, the mirrored photograph has the same point and not another one.
    points, images = (one[:, :-52].reshape(-1, 468, 3) for one in (turned, expected))
    nearest = torch.cdist(points, images).argmin(2)
    assert (nearest == torch.arange(468)).float().mean() > 0.95
