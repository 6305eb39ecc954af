import pytest
import torch

from emotion_pipeline.training import models
from emotion_pipeline_tests.training import tiny


@pytest.mark.parametrize("name", models.NAMES)
@pytest.mark.parametrize("input_px", [32, 48])
def test_every_model_maps_pictures_to_logits_and_learns_with_every_weight(name, input_px):
    values = tiny.recipe().model.model_copy(update={"name": name, "input_px": input_px})
    network = models.build(name, values, n_classes=7)
    logits = network(torch.randn(3, 1, input_px, input_px))
    assert logits.shape == (3, 7)
    logits.square().sum().backward()
    parameters = dict(network.named_parameters())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in parameters.values())
    assert 0 < sum(p.numel() for p in parameters.values()) < 100_000


def test_an_unknown_model_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match="cnn5"):
        models.build("cnn6", tiny.recipe().model, 8)


def test_cnn5_refuses_another_number_of_widths():
    values = tiny.recipe().model.model_copy(update={"widths": (4, 4)})
    with pytest.raises(ValueError, match="5 blocks"):
        models.build("cnn5", values, 8)
