"""Made-up descriptions of models, as `meta.json` holds them."""

from typing import Any

from emotion_pipeline.training import recipe_files


def meta(
    seeds: tuple[int, ...] = (0,), *, run: dict[str, Any] | None = None, **recipe: Any
) -> dict[str, Any]:
    """By seed; `recipe` overrides sections of the recipe, `run` adds what the training says."""
    values = {
        "description": "A small network.",
        "data": {"labels": "ferplus", "pictures": "fer2013", "domains": ["original"]},
        "augment": {"policy": "none", "crop_px": None, "mixup_alpha": 0.0},
        "freeze": None,
        "epochs": 20,
        "seeds": list(seeds),
    }
    one = {"recipe": values | recipe, **(run or {})}
    return {f"seed {seed}": {"seed": seed, **one} for seed in seeds}


def packaged(name: str) -> dict[str, Any]:
    """What a model of one of the package's recipes would say of itself, trained with seed 0."""
    recipe = recipe_files.load_all()[name]
    return {"seed 0": {"seed": 0, "recipe": recipe.model_dump(mode="json")}}
