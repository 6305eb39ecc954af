"""What a recipe adds to the graph: its model, its predictions, their explanations, and its costs.

Each kind of recipe has its own: an emotion model, a face detector, or a model that was trained
elsewhere and only predicts.
"""

from collections.abc import Callable, Iterator, Mapping

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import DEGRADED, GRAYSCALE, ORIGINAL
from emotion_pipeline.schema import BOX_PREDICTIONS, predictions_schema
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import (
    costs,
    explanations,
    face_detectors,
    face_predictions,
    first_weights,
    foreign,
    model_folders,
    models,
    predictions,
    recipe_checks,
    teaching,
    validation,
)
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace, code_version
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe, RecipeError

Make = Callable[[Workspace, str | None], Produced]


def build(
    name: str,
    recipes: Mapping[str, AnyRecipe],
    datasets: Mapping[str, Dataset],
    *,
    by_default: bool,
    settings: Settings,
) -> list[Stage]:
    """The stages of one of the recipes; with `by_default`, a refresh of everything makes them.

    `settings` say where the files of foreign models lie. RecipeError where a recipe is about data
    that there is not.
    """
    recipe = recipes[name]
    try:
        recipe_checks.check(recipe, datasets)
    except RecipeError as error:
        raise RecipeError(f"{name}.yaml: {error}") from error
    made = None if by_default else ()
    match recipe:
        case Recipe():
            others = {key: one for key, one in recipes.items() if isinstance(one, Recipe)}
            labels = datasets[recipe.data.labels]
            return [
                _model(name, recipe, labels, others, made),
                _predictions(name, recipe, labels, made),
                _costs(name, recipe, made),
                *_explanations(name, recipe, labels, made),
            ]
        case FaceRecipe():
            return list(_detector(name, recipe, datasets[recipe.data.labels], made))
        case ForeignRecipe():
            labels = datasets[recipe.data.labels]
            predicts = _foreign(name, recipe, labels, made, settings)
            # What a file of the user takes is its own affair, and a table takes nothing.
            return [predicts] if recipe.is_imported else [predicts, _costs(name, recipe, made)]


def _model(
    name: str,
    recipe: Recipe,
    labels: Dataset,
    recipes: dict[str, Recipe],
    by_default: tuple[str, ...] | None,
) -> Stage:
    return Stage(
        key=f"models/{name}",
        description=recipe.description,
        code=code_version(models.code(recipe), models, model_folders),
        needs=(
            *_pictures_needed(recipe, recipe.data.domains),
            Needs(f"faces/{recipe.data.pictures}"),  # which of them validate, whatever the domains
            Needs(f"samples/{labels.name}"),
            *first_weights.needs(recipe),
            *teaching.needs(recipe, recipes),
        ),
        make=gated(
            labels,
            lambda workspace, seed: models.train(workspace, name, recipe, int(seed or 0), recipes),
        ),
        version=lambda workspace, seed: model_folders.artifact(
            workspace, name, seed or ""
        ).version(),
        dimension="seed",
        partitions=tuple(str(seed) for seed in recipe.seeds),
        kinds=("pytorch",),
        pool="gpu",
        prepare=lambda workspace: first_weights.prepare(workspace, recipe),
        by_default=by_default,
    )


def _predictions(
    name: str, recipe: Recipe, labels: Dataset, by_default: tuple[str, ...] | None
) -> Stage:
    return Stage(
        key=f"predictions/{name}",
        description="Truth, votes and probabilities of every test picture, per domain.",
        code=code_version(predictions.code(recipe), predictions),
        needs=(
            Needs(f"models/{name}"),
            Needs(f"samples/{labels.name}"),
            *_pictures_needed(recipe, (ORIGINAL, *recipe.evaluate_on), same_partition=True),
        ),
        make=gated(
            labels,
            lambda workspace, domain: predictions.make(workspace, name, recipe, domain or ""),
        ),
        version=lambda workspace, domain: predictions.version(
            workspace, name, recipe, domain or ""
        ),
        dimension="domain",
        partitions=recipe.evaluate_on,
        schema=predictions_schema(recipe.emotions),
        by_default=by_default,
    )


def _explanations(
    name: str, recipe: Recipe, labels: Dataset, by_default: tuple[str, ...] | None
) -> Iterator[Stage]:
    if explanations.explainable(recipe):
        yield Stage(
            key=f"explanations/{name}",
            description="What the answers about some test pictures rest on, and checks of that.",
            code=code_version(explanations.code(recipe), explanations),
            needs=(
                Needs(f"models/{name}", (str(recipe.seeds[0]),)),
                Needs(f"samples/{labels.name}"),
                *_pictures_needed(recipe, explanations.domains_of(recipe)),
            ),
            make=gated(labels, lambda workspace, _: explanations.make(workspace, name, recipe)),
            version=lambda workspace, _: explanations.version(workspace, name),
            prepare=explanations.prepare,
            by_default=by_default,
        )


def _detector(
    name: str, recipe: FaceRecipe, labels: Dataset, by_default: tuple[str, ...] | None
) -> Iterator[Stage]:
    pictures = Needs(f"samples/{labels.name}")
    yield Stage(
        key=f"models/{name}",
        description=recipe.description,
        code=code_version(face_detectors.code(recipe), face_detectors, model_folders),
        needs=(pictures,),
        make=gated(
            labels,
            lambda workspace, seed: face_detectors.train(workspace, name, recipe, int(seed or 0)),
        ),
        version=lambda workspace, seed: model_folders.artifact(
            workspace, name, seed or ""
        ).version(),
        dimension="seed",
        partitions=tuple(str(seed) for seed in recipe.seeds),
        kinds=("pytorch",),
        pool="gpu",
        prepare=lambda workspace: face_detectors.prepare(workspace, recipe),
        by_default=by_default,
    )
    yield Stage(
        key=f"predictions/{name}",
        description="True boxes and found ones of every validation and test picture.",
        code=code_version(face_predictions.code(recipe), face_predictions),
        needs=(Needs(f"models/{name}"), pictures),
        make=gated(labels, lambda workspace, _: face_predictions.make(workspace, name, recipe)),
        version=lambda workspace, _: face_predictions.version(workspace, name, recipe),
        dimension="domain",
        partitions=recipe.evaluate_on,
        schema=BOX_PREDICTIONS,
        by_default=by_default,
    )


def _foreign(
    name: str,
    recipe: ForeignRecipe,
    labels: Dataset,
    by_default: tuple[str, ...] | None,
    settings: Settings,
) -> Stage:
    return Stage(
        key=f"predictions/{name}",
        description=recipe.description,
        code=code_version(foreign.code(recipe, settings), foreign),
        needs=(
            Needs(f"samples/{labels.name}"),
            *_pictures_needed(recipe, (ORIGINAL, *recipe.evaluate_on), same_partition=True),
        ),
        make=gated(
            labels, lambda workspace, domain: foreign.make(workspace, name, recipe, domain or "")
        ),
        version=lambda workspace, domain: foreign.version(workspace, name, recipe, domain or ""),
        dimension="domain",
        partitions=recipe.evaluate_on,
        schema=predictions_schema(recipe.emotions),
        prepare=lambda workspace: foreign.prepare(workspace, recipe),
        by_default=(ORIGINAL,) if recipe.is_imported else by_default,
    )


def _costs(name: str, recipe: Recipe | ForeignRecipe, by_default: tuple[str, ...] | None) -> Stage:
    return Stage(
        key=f"costs/{name}",
        description="The size of the model's file, and its time for one face.",
        code=code_version(costs.code(recipe), costs),
        needs=(costs.needs(name, recipe),),
        make=lambda workspace, _: costs.make(workspace, name, recipe),
        version=lambda workspace, _: costs.artifact(workspace, name).version(),
        kinds=("json",),
        pool="gpu",
        by_default=by_default,
    )


def _pictures_needed(
    recipe: Recipe | ForeignRecipe, domains: tuple[str, ...], *, same_partition: bool = False
) -> Iterator[Needs]:
    """Edges to the tables that hold these domains, and to the landmarks if they are an input."""
    name = recipe.data.pictures
    if isinstance(recipe, Recipe) and recipe.data.features:
        yield Needs(f"landmarks/{name}", domains, same_partition)
    if ORIGINAL in domains:
        yield Needs(f"faces/{name}")
    if GRAYSCALE in domains:
        yield Needs(f"grayscale/{name}")
    degraded = tuple(domain for domain in domains if domain in DEGRADED)
    if degraded:
        yield Needs(f"degraded/{name}", degraded, same_partition)


def gated(dataset: Dataset, make: Make) -> Make:
    """Refuse to work on samples whose checks have failed, in whatever run."""

    def checked(workspace: Workspace, partition: str | None) -> Produced:
        validation.require_passed(workspace, dataset)
        return make(workspace, partition)

    return checked
