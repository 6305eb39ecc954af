import pytest

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.stages import recipe_checks, recipe_stages
from emotion_pipeline.training.recipe_files import RecipeError, load_all
from emotion_pipeline_tests.training import tiny

MOBILENET = {"name": "mobilenet_v3", "variant": "small"}
IMAGENET = {"initial": {"imagenet": True}}


@pytest.mark.parametrize("recipe", load_all().values(), ids=load_all())
def test_every_recipe_of_the_package_is_about_what_there_is(recipe):
    recipe_checks.check(recipe, all_datasets())


@pytest.mark.parametrize(
    ("data", "changes", "message"),
    [
        ({"labels": "ferplu"}, {}, r"data\.labels: .*did you mean 'ferplus'"),
        ({"pictures": "kdef"}, {}, r"data\.pictures: the labels of ferplus are about fer2013"),
        (
            {"labels": "fer2013", "vote_rule": "majority"},
            {},
            r"data\.vote_rule: nobody voted on fer2013",
        ),
        (
            {"leave_out": "take_id"},
            {"keep": "last"},
            r"data\.leave_out: ferplus has no column take_id",
        ),
        ({}, IMAGENET, r"initial\.imagenet: none for cnn5; .*mobilenet_v3 small"),
    ],
)
def test_a_recipe_about_something_else_is_refused_with_its_field(data, changes, message):
    values = {"labels": "ferplus", "pictures": "fer2013", **data}
    with pytest.raises(RecipeError, match=message):
        recipe_checks.check(tiny.recipe(data=values, **changes), all_datasets())


def test_what_goes_together_is_taken():
    votes = {"labels": "ferplus", "pictures": "fer2013", "vote_rule": "majority"}
    recipe_checks.check(tiny.recipe(data=votes, model=MOBILENET, **IMAGENET), all_datasets())
    takes = {"labels": "personal", "pictures": "personal", "leave_out": "take_id"}
    recipe_checks.check(tiny.recipe(data=takes, keep="last"), all_datasets())


def test_the_graph_names_the_recipe(tmp_path):
    from emotion_pipeline.settings import Settings

    recipes = {"ferplu_cnn5": tiny.recipe(data={"labels": "ferplu", "pictures": "fer2013"})}
    with pytest.raises(RecipeError, match=r"^ferplu_cnn5\.yaml: data\.labels"):
        recipe_stages.build(
            *("ferplu_cnn5", recipes, all_datasets()),
            by_default=True,
            settings=Settings(lake=tmp_path),
        )
