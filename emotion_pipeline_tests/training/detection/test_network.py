import numpy as np
import pytest
import torch

from emotion_pipeline.training.detection import network
from emotion_pipeline.training.detection.predict import network_input, predict
from emotion_pipeline.training.detection.recipe import Detector
from emotion_pipeline.training.initial import InitialWeightsError

VARIANTS = ("tiny", "mobilenet_v3_large", "resnet50")


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request):
    return request.param


def built(variant: str, *, pretrained: bool = False):
    torch.manual_seed(1)
    values = Detector(variant=variant, least_side_px=128, longest_side_px=160)
    return network.build(values, pretrained=pretrained)


def test_the_pyramid_has_a_level_of_each_stride_and_an_anchor_side_for_it(variant):
    detector = built(variant).eval()
    with torch.inference_mode():
        levels = detector.backbone(torch.zeros(1, 3, 128, 192))
    strides = [(128 // level.shape[2], 192 // level.shape[3]) for level in levels.values()]
    assert strides == [(stride, stride) for stride in (4, 8, 16, 32, 64)]
    anchors = detector.rpn.anchor_generator
    anchors.set_cell_anchors(torch.float32, torch.device("cpu"))
    for side_px, (box,) in zip((8, 16, 32, 64, 128), anchors.cell_anchors, strict=True):
        width, height = (box[2:] - box[:2]).tolist()
        assert (width * height) ** 0.5 == pytest.approx(side_px, rel=0.1)
        assert height > width or side_px == 8  # torchvision rounds anchors to whole pixels


def test_boxes_are_in_pixels_of_the_picture_as_it_came(variant):
    detector = built(variant).eval()
    detector.roi_heads.score_thresh = 0.0
    picture = torch.rand(3, 40, 50)
    with torch.inference_mode():
        boxes = detector([picture])[0]["boxes"]
    assert len(boxes) > 0
    assert (boxes >= 0).all()
    assert (boxes <= torch.tensor([50, 40, 50, 40])).all()


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (1, 1)])
def test_the_narrowest_pictures_have_a_prediction(shape):
    (found,) = predict(built("tiny"), [np.full(shape, 200, np.uint8)], torch.device("cpu"))
    assert len(found[0]) == len(found[1])
    assert np.isfinite(found[0]).all()


def test_only_a_very_narrow_picture_is_made_wider():
    assert network_input(torch.full((3, 4, 128), 255)).shape == (3, 4, 128)
    widened = network_input(torch.full((3, 4, 129), 255))
    assert widened.shape == (3, 5, 129)
    assert (widened[:, :4] == 1).all()
    assert (widened[:, 4] == 0).all()


def test_training_neither_scales_pictures_nor_touches_their_boxes():
    detector = built("tiny").train()
    target = {"boxes": torch.tensor([[3.0, 4, 13, 16]]), "labels": torch.ones(1, dtype=torch.int64)}
    pictures, targets = detector.transform([torch.zeros(3, 64, 96)], [target])
    assert pictures.image_sizes == [(64, 96)]
    assert torch.equal(targets[0]["boxes"], target["boxes"])


def test_half_precision_does_not_reach_anchors_and_boxes():
    """Anchors that are not to be moved are proposed as they are."""
    detector = built("tiny").eval()
    for weight in detector.rpn.head.bbox_pred.parameters():
        torch.nn.init.zeros_(weight)
    pictures, _ = detector.transform([torch.zeros(3, 128, 160)])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        levels = detector.backbone(pictures.tensors)
        proposals, _ = detector.rpn(pictures, levels)
        pooled = detector.roi_heads.box_roi_pool(levels, proposals, pictures.image_sizes)
        predicted = detector.roi_heads.box_predictor(detector.roi_heads.box_head(pooled))
    assert {one.dtype for one in (*levels.values(), *predicted)} == {torch.float32}
    anchors = torch.cat(detector.rpn.anchor_generator(pictures, list(levels.values())))
    inside = anchors.clamp(min=0).minimum(torch.tensor([160, 128, 160, 128]))
    distances = torch.cdist(proposals[0], inside, p=1)
    assert len(proposals[0]) > 0
    assert distances.min(dim=1).values.max() < 1e-3


def test_imagenet_weights_arrive_below_the_pyramid_and_those_of_others_are_refused():
    from torchvision.models import mobilenet_v3_large

    torch.manual_seed(2)
    classifier = mobilenet_v3_large(weights=None).state_dict()
    detector = built("mobilenet_v3_large", pretrained=True)
    pyramid = detector.backbone.fpn.state_dict()
    network.start_from(classifier, detector, "mobilenet_v3_large")
    body = detector.backbone.body.state_dict()
    assert all(torch.equal(value, classifier[f"features.{name}"]) for name, value in body.items())
    after = detector.backbone.fpn.state_dict()
    assert all(torch.equal(pyramid[name], after[name]) for name in pyramid)
    with pytest.raises(InitialWeightsError):
        network.start_from(classifier, built("tiny"), "tiny")


def test_the_seed_decides_the_weights_and_pretrained_ones_keep_their_statistics():
    one, same = (built("tiny").state_dict() for _ in range(2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    names = {name for name, _ in built("mobilenet_v3_large", pretrained=True).named_parameters()}
    assert not any(
        "backbone.body" in name and ".1." in name for name in names if name.endswith("bias")
    )
