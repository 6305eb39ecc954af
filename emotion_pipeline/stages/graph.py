"""The graph: which stages there are and what each follows from, from the three doors.

A data set, a recipe or a report that is added as a file shows up here by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from emotion_pipeline import reports
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import combined
from emotion_pipeline.domains import DEGRADED, DOMAINS, GRAYSCALE, ORIGINAL
from emotion_pipeline.schema import DETECTIONS, DUPLICATES, LANDMARKS, PICTURES
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import (
    champion_files,
    champions,
    detections,
    duplicates,
    exploration,
    faces,
    landmarks,
    pictures,
    recipe_stages,
    report_inputs,
    samples,
)
from emotion_pipeline.stages import reports as report_stage
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace, code_version
from emotion_pipeline.training.recipe_files import AnyRecipe

Make = Callable[[Workspace, str | None], Produced]


def build_graph(
    datasets: dict[str, Dataset],
    recipes: dict[str, AnyRecipe],
    settings: Settings,
    trained: Callable[[str], bool] = lambda _: True,
) -> list[Stage]:
    """Every stage, in an order in which each comes after what it needs.

    `trained` says which recipes a refresh of everything trains, all of them by default.
    """
    stages: list[Stage] = []
    for dataset in sorted(datasets.values(), key=lambda one: one.pictures_from is not None):
        stages.append(_samples(dataset))
        if dataset.pictures_from is None:
            stages += _picture_stages(dataset)
        stages.append(_exploration(dataset))
    for name in recipes:
        stages += recipe_stages.build(
            name,
            recipes,
            datasets,
            by_default=trained(name),
            settings=settings,
        )
    stages += [_champion(name, group) for name, group in champions.groups(recipes).items()]
    doors = report_inputs.Doors(datasets, recipes)
    stages += [_report(name, doors) for name in report_stage.names_in_order()]
    partitions = {stage.key: stage.partitions for stage in stages}
    return [replace(stage, code=f"{stage.code} {_edges(stage, partitions)}") for stage in stages]


def _edges(stage: Stage, partitions: Mapping[str, tuple[str, ...]]) -> str:
    """Digest of what every partition of a stage follows from: no event tells of edges that go."""
    return combined(
        f"{needs.key} {needs.partitions_for(None, partitions.get(needs.key, ()))}"
        for needs in stage.needs
        if not needs.same_partition
    )


def _samples(dataset: Dataset) -> Stage:
    joined = (Needs(f"samples/{dataset.pictures_from}"),) if dataset.pictures_from else ()
    return Stage(
        key=f"samples/{dataset.name}",
        description=f"{dataset.title}: a row per usable picture; the rest is in rejects.",
        code=code_version(samples.code(dataset), samples),
        needs=(Needs(f"raw/{dataset.name}"), *joined),
        make=lambda workspace, _: samples.ingest(workspace, dataset),
        version=lambda workspace, _: samples.version(workspace, dataset),
        schema=dataset.schema,
    )


def _picture_stages(dataset: Dataset) -> Iterator[Stage]:
    yield _duplicates(dataset)
    if not dataset.tight_crop:
        yield _detections(dataset)
    yield _faces(dataset)
    yield _grayscale(dataset)
    yield _degraded(dataset)
    yield _landmarks(dataset)


def _duplicates(dataset: Dataset) -> Stage:
    return Stage(
        key=f"duplicates/{dataset.name}",
        description="Groups of pictures with exactly the same pixels, for leak-free metrics.",
        code=code_version(duplicates.CODE, duplicates),
        needs=(Needs(f"samples/{dataset.name}"),),
        make=lambda workspace, _: duplicates.make(workspace, dataset),
        version=lambda workspace, _: workspace.duplicates(dataset).version(),
        schema=DUPLICATES,
        judges=True,
    )


def _detections(dataset: Dataset) -> Stage:
    return Stage(
        key=f"detections/{dataset.name}",
        description="Where the faces are in each picture.",
        code=code_version(detections.code(dataset), detections),
        needs=(Needs(f"samples/{dataset.name}"),),
        make=recipe_stages.gated(dataset, lambda workspace, _: detections.make(workspace, dataset)),
        version=lambda workspace, _: workspace.detections(dataset).version(),
        schema=DETECTIONS,
        prepare=detections.prepare,
    )


def _faces(dataset: Dataset) -> Stage:
    found = () if dataset.tight_crop else (Needs(f"detections/{dataset.name}"),)
    return Stage(
        key=f"faces/{dataset.name}",
        description="Upright square face pictures; tight crops pass unchanged.",
        code=code_version(faces.code(dataset), faces),
        needs=(Needs(f"samples/{dataset.name}"), *found),
        make=recipe_stages.gated(dataset, lambda workspace, _: faces.make(workspace, dataset)),
        version=lambda workspace, _: pictures.table_of(workspace, dataset, ORIGINAL).version(),
        schema=PICTURES,
    )


def _grayscale(dataset: Dataset) -> Stage:
    return Stage(
        key=f"grayscale/{dataset.name}",
        description="The gray domain.",
        code=code_version(pictures.GRAYSCALE_CODE, pictures),
        needs=(Needs(f"faces/{dataset.name}"),),
        make=lambda workspace, _: pictures.make_grayscale(workspace, dataset),
        version=lambda workspace, _: pictures.table_of(workspace, dataset, GRAYSCALE).version(),
        schema=PICTURES,
    )


def _degraded(dataset: Dataset) -> Stage:
    return Stage(
        key=f"degraded/{dataset.name}",
        description="Deterministic degradations by corruption and severity, old photos among them.",
        code=code_version(pictures.DEGRADED_CODE, pictures),
        needs=(Needs(f"faces/{dataset.name}"),),
        make=lambda workspace, domain: pictures.make_degraded(workspace, dataset, domain or ""),
        version=lambda workspace, domain: pictures.table_of(
            workspace, dataset, domain or ""
        ).version(),
        dimension="domain",
        partitions=DEGRADED,
        schema=PICTURES,
        by_default=(),
    )


def _landmarks(dataset: Dataset) -> Stage:
    return Stage(
        key=f"landmarks/{dataset.name}",
        description="478 points, 52 blendshapes and the pose of each face, or why there are none.",
        code=code_version(landmarks.CODE, landmarks),
        needs=(
            Needs(f"samples/{dataset.name}"),
            Needs(f"faces/{dataset.name}"),
            Needs(f"grayscale/{dataset.name}"),
            Needs(f"degraded/{dataset.name}", DEGRADED, same_partition=True),
        ),
        make=lambda workspace, domain: landmarks.make(workspace, dataset, domain or ""),
        version=lambda workspace, domain: workspace.landmarks(dataset, domain or "").version(),
        dimension="domain",
        partitions=DOMAINS,
        schema=LANDMARKS,
        prepare=detections.prepare,
        by_default=landmarks.BY_DEFAULT,
    )


def _exploration(dataset: Dataset) -> Stage:
    kinds = ("samples", "duplicates") if dataset.pictures_from is None else ("samples",)
    return Stage(
        key=f"exploration/{dataset.name}",
        description="What the dataset holds: counts, coverage, sizes, copies, rejects, pictures.",
        code=code_version(exploration.code(dataset), exploration),
        needs=tuple(Needs(f"{kind}/{dataset.name}") for kind in kinds),
        make=lambda workspace, _: exploration.make(workspace, dataset),
        version=lambda workspace, _: exploration.artifact(workspace, dataset).version(),
        kinds=("html",),
        judges=True,
    )


def _champion(name: str, group: champions.Group) -> Stage:
    return Stage(
        key=f"champions/{name}",
        description="The best model of those that may be compared, unless it is a regression.",
        code=code_version(champions.CODE, champions),
        needs=champions.needs(group),
        make=lambda workspace, _: champions.make(workspace, name, group),
        version=lambda workspace, _: champion_files.artifact(workspace, name).version(),
        kinds=("json",),
        needs_any=True,
    )


def _report(name: str, doors: report_inputs.Doors) -> Stage:
    about = reports.about(name)
    return Stage(
        key=f"reports/{name}",
        description=about.subject,
        code=code_version(report_stage.code(name, doors), report_stage),
        needs=report_inputs.needs(about.reads, doors),
        make=lambda workspace, _: report_stage.make(workspace, name, doors),
        version=lambda workspace, _: report_stage.artifact(workspace, name).version(),
        kinds=("html",),
        needs_any=True,
    )
