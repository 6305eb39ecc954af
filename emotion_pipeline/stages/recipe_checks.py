"""Whether a recipe is about what there is: all that can be told before anything is made."""

from collections.abc import Mapping

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.fetching.model_files import IMAGENET
from emotion_pipeline.labels import nearest
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe, RecipeError
from emotion_pipeline.votes import VOTE_CLASSES


def check(recipe: AnyRecipe, datasets: Mapping[str, Dataset]) -> None:
    """RecipeError unless its labels are a dataset's, on its pictures and with what it asks of them,
    and its first weights have been published."""
    data = recipe.data
    if data.labels not in datasets:
        raise RecipeError(f"data.labels: {nearest(data.labels, tuple(datasets))}")
    labels = datasets[data.labels]
    if data.pictures != labels.pictures:
        raise RecipeError(f"data.pictures: the labels of {data.labels} are about {labels.pictures}")
    if isinstance(recipe, Recipe):
        _check_columns(recipe, labels)
    if not isinstance(recipe, ForeignRecipe) and recipe.initial is not None:
        family = (recipe.model.name, recipe.model.variant)
        if recipe.initial.imagenet and family not in IMAGENET:
            known = ", ".join(" ".join(filter(None, one)) for one in IMAGENET)
            found = " ".join(filter(None, family))
            raise RecipeError(f"initial.imagenet: none for {found}; there are some for {known}")


def _check_columns(recipe: Recipe, labels: Dataset) -> None:
    data = recipe.data
    if data.vote_rule and f"votes_{VOTE_CLASSES[0]}" not in labels.schema.names:
        raise RecipeError(f"data.vote_rule: nobody voted on {labels.name}; leave the rule out")
    if data.leave_out not in (None, *labels.schema.names):
        raise RecipeError(f"data.leave_out: {labels.name} has no column {data.leave_out}")
