"""The whole graph, over all datasets, recipes and reports."""

import pytest

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.graph import build_graph
from emotion_pipeline.training.recipe_files import load_all

RECIPES = load_all()


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    settings = Settings(lake=tmp_path_factory.mktemp("lake"))
    stages = build_graph(all_datasets(), RECIPES, settings, settings.trains)
    return {stage.key: stage for stage in stages}


def test_every_stage_comes_after_what_it_needs(graph):
    before = {f"raw/{name}" for name in all_datasets()}
    for stage in graph.values():
        assert {edge.key for edge in stage.needs} <= before
        before.add(stage.key)


def test_edges_name_partitions_that_there_are(graph):
    for stage in graph.values():
        for edge in stage.needs:
            if edge.only and not edge.key.startswith("raw/"):
                assert set(edge.only) <= set(graph[edge.key].partitions), (stage.key, edge.key)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_predicted_with_and_those_with_weights_are_trained(graph, name):
    recipe = RECIPES[name]
    assert graph[f"predictions/{name}"].partitions == recipe.evaluate_on
    if hasattr(recipe, "epochs"):
        assert graph[f"models/{name}"].partitions == tuple(map(str, recipe.seeds))
        assert graph[f"models/{name}"].pool == "gpu"
    else:
        assert f"models/{name}" not in graph


def test_a_refresh_of_everything_trains_what_the_settings_name_and_nothing_else(graph):
    models = {key: stage for key, stage in graph.items() if stage.group == "models"}
    by_default = {key for key, stage in models.items() if stage.by_default is None}
    assert by_default == {"models/ferplus_cnn5", "models/ferplus_cnn5_small"}
    assert all(stage.by_default in (None, ()) for stage in models.values())


def test_a_model_follows_from_those_that_its_recipe_names(graph):
    followed = {edge.key for edge in graph["models/ferplus_cnn5_student"].needs}
    assert "models/ferplus_cnn5" in followed
    tuned = {edge.key: edge.only for edge in graph["models/personal_landmark_mlp"].needs}
    assert tuned["models/affectnet_landmark_mlp"] == ("1",)
    assert tuned["landmarks/personal"] == ("original",)


def test_models_that_see_pictures_are_explained_on_what_their_explanations_show(graph):
    explained = graph["explanations/ferplus_cnn5"]
    edges = {edge.key: edge.only for edge in explained.needs}
    assert edges["models/ferplus_cnn5"] == ("1",)
    assert edges["degraded/fer2013"] == ("old_photo-3",)
    assert "faces/fer2013" in edges
    assert explained.partitions == ()
    assert {edge.key for edge in graph["reports/explain"].needs} >= {"explanations/ferplus_cnn5"}
    for name in ("affectnet_landmark_mlp", "fer2013_deepface", "darkface_faster_rcnn"):
        assert f"explanations/{name}" not in graph
