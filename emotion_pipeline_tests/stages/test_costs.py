"""What models cost: measured once for the weights, and honest about where."""

import json
from dataclasses import asdict

import pytest

from emotion_pipeline.fetching import FetchFailed, model_files, web
from emotion_pipeline.reports.base import Cost
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import costs, model_folders, models
from emotion_pipeline.stages.base import Lacking, Needs, Workspace
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline_tests.foreign import emotion_network
from emotion_pipeline_tests.stages import made_up_recordings

FOREIGN = ForeignRecipe.model_validate(
    {
        "task": "foreign",
        "description": "drawn",
        "predictor": "deepface",
        "data": {"labels": "fer2013", "pictures": "fer2013", "label_space": "seven_emotions"},
    }
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = made_up_recordings.workspace_in(tmp_path_factory.mktemp("recordings"), n=40)
    models.train(made, "mlp", made_up_recordings.recipe(epochs=1), 1, {})
    return made


def test_a_trained_model_is_measured_with_the_size_of_its_weights(workspace):
    recipe = made_up_recordings.recipe(epochs=1)
    produced = costs.make(workspace, "mlp", recipe)
    cost = costs.read(workspace, "mlp")
    weights = model_folders.artifact(workspace, "mlp", 1).folder / "weights.safetensors"
    assert cost.n_bytes == weights.stat().st_size
    assert 0 < cost.latency_ms_low <= cost.latency_ms <= cost.latency_ms_high
    assert cost.n_timed > 0
    assert cost.runtime.startswith("PyTorch ")
    assert cost.processor
    assert produced.figures == asdict(cost)
    assert produced.version == costs.artifact(workspace, "mlp").version()


def test_weights_are_measured_once_and_other_weights_again(workspace):
    recipe = made_up_recordings.recipe(epochs=1)
    costs.make(workspace, "mlp", recipe)
    path = costs.artifact(workspace, "mlp").folder / costs.FILE
    made = path.stat().st_mtime_ns
    assert costs.make(workspace, "mlp", recipe).figures == {}
    assert path.stat().st_mtime_ns == made
    other = made_up_recordings.recipe(epochs=1, optimiser={"name": "adam", "learning_rate": 0.1})
    models.train(workspace, "mlp", other, 1, {})
    assert costs.make(workspace, "mlp", recipe).figures != {}
    assert path.stat().st_mtime_ns != made


def test_what_was_not_measured_is_unknown(workspace):
    assert costs.read(workspace, "another") is None


def test_a_model_from_elsewhere_is_measured_as_its_file_is(workspace, tmp_path):
    settings = Settings(lake=tmp_path / "lake", model_files=tmp_path)
    path = tmp_path / model_files.DEEPFACE_EMOTIONS.source.file
    emotion_network.write(path)
    elsewhere = Workspace(settings)
    costs.make(elsewhere, "deepface", FOREIGN)
    text = (costs.artifact(elsewhere, "deepface").folder / costs.FILE).read_text()
    cost = Cost(**json.loads(text))
    assert cost == costs.read(elsewhere, "deepface")
    assert cost.n_bytes == path.stat().st_size
    assert cost.runtime.startswith("ONNX Runtime ")


def test_a_model_from_elsewhere_that_is_not_there_is_lacking(tmp_path, monkeypatch):
    def no_connection(*_):
        raise FetchFailed("no connection")

    monkeypatch.setattr(web, "download", no_connection)
    workspace = Workspace(Settings(lake=tmp_path / "lake", model_files=tmp_path / "models"))
    with pytest.raises(Lacking):
        costs.make(workspace, "deepface", FOREIGN)
    assert costs.read(workspace, "deepface") is None


def test_costs_follow_from_the_first_seed_or_from_the_first_domain_that_was_predicted():
    recipe = made_up_recordings.recipe(seeds=[4, 2])
    assert costs.needs("mlp", recipe) == Needs("models/mlp", (str(recipe.seeds[0]),))
    assert costs.needs("deepface", FOREIGN) == Needs("predictions/deepface", ("original",))
