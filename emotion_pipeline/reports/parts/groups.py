"""Which models may be compared, and in which order they stand."""

from collections.abc import Iterable
from dataclasses import dataclass

from emotion_pipeline.reports.base import DetectorResult, ModelResult


@dataclass(frozen=True, eq=False)
class Group:
    """Models of one class set, the same labels and pictures, all of people or all of drawn faces.

    The best on validation stands first: nothing is ordered by its test result.
    """

    models: list[ModelResult]

    @property
    def first(self) -> ModelResult:
        return self.models[0]

    @property
    def title(self) -> str:
        """Such as `8-class (eight_emotions): labels from ferplus, pictures from fer2013`."""
        one = self.first
        drawn = ", drawn faces" if one.synthetic else ""
        return (
            f"{len(one.emotions)}-class ({one.label_space}): labels from {one.labels_from},"
            f" pictures from {one.pictures_from}{drawn}"
        )

    @property
    def slug(self) -> str:
        """The title as a part of file names; two groups have different ones."""
        one = self.first
        sources = dict.fromkeys((one.labels_from, one.pictures_from))
        return "_".join([*sources, one.label_space, *(["drawn"] if one.synthetic else [])])


def groups(models: Iterable[ModelResult]) -> list[Group]:
    """The models by what may be compared; larger class sets first."""
    found: dict[tuple[tuple[str, ...], str, str, str, bool], list[ModelResult]] = {}
    for model in models:
        space = (model.emotions, model.label_space)
        key = (*space, model.labels_from, model.pictures_from, model.synthetic)
        found.setdefault(key, []).append(model)
    ordered = sorted(found, key=lambda key: (-len(key[0]), *key))
    return [Group(best_on_validation(found[key])) for key in ordered]


def best_on_validation(models: Iterable[ModelResult]) -> list[ModelResult]:
    """The models, best validation accuracy first (then by name): test results choose nothing."""

    def rank(model: ModelResult) -> tuple[float, str]:
        right = model.right(model.rows("validation"))
        return (-float(right.mean()) if len(right) else 0.0, model.recipe)

    return sorted(models, key=rank)


def banner(models: Iterable[ModelResult | DetectorResult]) -> str | None:
    """Which of the models were tested on drawn faces, as `Document.banner` takes it."""
    everyone = list(models)
    drawn = [model.recipe for model in everyone if model.synthetic]
    if not drawn:
        return None
    return "" if len(drawn) == len(everyone) else ", ".join(drawn)
