"""Recipes as files: reading them, and which of them follow from which.

Without torch or Lightning, because every recipe is read when Dagster starts.
"""

import re
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from emotion_pipeline.labels import nearest
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import Section

FOLDER = Path(__file__).resolve().parent.parent / "recipes"
LARGEST_FILE_BYTES = 64 * 1024

AnyRecipe = Recipe | FaceRecipe | ForeignRecipe
# By the value of `task`; a recipe that names none is one of an emotion model.
KINDS: dict[str, type[AnyRecipe]] = {
    "emotions": Recipe,
    "faces": FaceRecipe,
    "foreign": ForeignRecipe,
}


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says which file, which field and why."""


def load(path: Path) -> AnyRecipe:
    """Read one recipe. RecipeError names the file, each wrong field and what is possible there."""
    content = _read(path)
    task = content.get("task", "emotions") if isinstance(content, dict) else "emotions"
    if not isinstance(task, str) or task not in KINDS:
        raise RecipeError(f"{path}: task: {nearest(str(task), tuple(KINDS))}")
    try:
        recipe = KINDS[task].model_validate(content)
    except ValidationError as error:
        faults = (_sentence(KINDS[task], fault) for fault in error.errors(include_url=False))
        raise RecipeError(f"{path}: " + "; ".join(faults)) from None
    if not re.fullmatch(rf"{recipe.stem}(_[a-z0-9]+)*", path.stem):
        raise RecipeError(
            f"{path}: the file must be called {recipe.stem}.yaml or {recipe.stem}_<twist>.yaml,"
            " after data.labels and the model"
        )
    return recipe


def load_all(folder: Path = FOLDER) -> dict[str, AnyRecipe]:
    """The recipes of a folder by name, which is the file name without its ending.

    Each comes after those that it follows from.
    """
    recipes = {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}
    for name, recipe in recipes.items():
        if isinstance(recipe, Recipe):
            _check_references(folder / f"{name}.yaml", recipe, recipes)
    try:
        order = TopologicalSorter({name: recipes[name].follows for name in recipes}).static_order()
        return {name: recipes[name] for name in order}
    except CycleError as error:
        circle = " > ".join(reversed(error.args[1]))
        raise RecipeError(f"{folder}: recipes that follow from themselves: {circle}") from None


def load_imported(
    folder: Path, taken: Collection[str] = ()
) -> tuple[dict[str, ForeignRecipe], list[str]]:
    """The recipes of a folder of the user by name, and of each that cannot be used why not.

    They are of models whose predictions or network lie beside them; none may be called as one of
    those that are `taken`.
    """
    recipes: dict[str, ForeignRecipe] = {}
    faults = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            recipes[path.stem] = load_one_imported(path, taken)
        except RecipeError as error:
            faults.append(str(error))
    return recipes, faults


def load_one_imported(path: Path, taken: Collection[str] = ()) -> ForeignRecipe:
    """One of them; RecipeError says what is wrong with it."""
    if path.is_symlink() or not path.is_file():
        raise RecipeError(f"{path}: not a plain file; links are not followed")
    recipe = load(path)
    if not isinstance(recipe, ForeignRecipe) or not recipe.is_imported:
        raise RecipeError(f"{path}: only models with `predictor: table` or `onnx` belong here")
    if path.stem in taken:
        raise RecipeError(f"{path}: there is a recipe of that name already; rename the file")
    return recipe


def _check_references(path: Path, recipe: Recipe, recipes: dict[str, AnyRecipe]) -> None:
    """RecipeError unless the recipes that this one follows from exist and fit."""
    others: dict[str, Recipe] = {}
    for name in recipe.follows:
        other = recipes.get(name)
        if not isinstance(other, Recipe):
            known = tuple(n for n, one in recipes.items() if isinstance(one, Recipe))
            raise RecipeError(f"{path}: recipe: {nearest(name, known)}")
        others[name] = other
    for name, other in _ancestors(recipe, recipes):
        if other.data.pictures == recipe.data.pictures and (
            recipe.data.leave_out or other.data.leave_out
        ):
            if recipe.data.leave_out:
                raise RecipeError(f"{path}: {name} has seen the pictures that are to be left out")
            pictures = f"all {recipe.data.pictures}, also those that this recipe is tested on"
            raise RecipeError(f"{path}: {name} has learned from {pictures}")
    initial = recipe.initial
    if initial is not None and initial.recipe and initial.seed not in others[initial.recipe].seeds:
        raise RecipeError(f"{path}: initial.seed: {initial.recipe} has no seed {initial.seed}")
    for name in recipe.distil.teachers if recipe.distil else ():
        other = others[name]
        if (other.data.pictures, other.emotions) != (recipe.data.pictures, recipe.emotions):
            raise RecipeError(f"{path}: {name} knows other pictures or emotions, and cannot teach")


def _ancestors(recipe: Recipe, recipes: dict[str, AnyRecipe]) -> Iterator[tuple[str, Recipe]]:
    """Every emotion recipe that this one follows from, however indirectly, each once."""
    ahead, met = list(recipe.follows), set()
    while ahead:
        name = ahead.pop()
        other = recipes.get(name)
        if name not in met and isinstance(other, Recipe):
            met.add(name)
            ahead += other.follows
            yield name, other


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, a few hundred bytes of which unfold to more than any memory holds, and
    without keys that are there twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _refused("aliases are not taken; write the value again", self.peek_event())
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.MappingNode):
            met: set[str] = set()
            for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
                if key.value in met:
                    raise _refused(f"{key.value!r:.80} is there twice", key)
                met.add(key.value)
        return node


def _refused(problem: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise RecipeError(f"{path}: larger than {LARGEST_FILE_BYTES} bytes, so not a recipe")
        return yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)  # noqa: S506, it is safe
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"{path}: not readable as YAML: {error}") from error


def _sentence(kind: type[AnyRecipe], fault: Any) -> str:
    """One fault of pydantic as `model.name: unknown name 'cnn4'; did you mean 'cnn5'?`."""
    field = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] == "extra_forbidden":
        *place, name = fault["loc"]
        for other in kind.model_fields:
            if place != [other] and name in _fields(kind, [other]):
                return f"{field}: belongs into `{other}`"
        return f"{field}: {nearest(str(name), _fields(kind, place))}"
    return f"{field}: {fault['msg'].removeprefix('Value error, ')} (got {fault['input']!r:.80})"


def _fields(kind: type[Section], place: list[Any]) -> tuple[str, ...]:
    """The names in the section of a recipe at a place such as ["model"]; none elsewhere."""
    for step in place:
        annotation = kind.model_fields[step].annotation
        sections = (one for one in (annotation, *get_args(annotation)) if isinstance(one, type))
        found = next((one for one in sections if issubclass(one, Section)), None)
        if found is None:
            return ()
        kind = found
    return tuple(kind.model_fields)
