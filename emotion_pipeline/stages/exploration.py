"""`exploration/<dataset>`: a page on what a dataset holds, for those who meet it the first time."""

from typing import TYPE_CHECKING

import numpy as np

from emotion_pipeline import reports
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import combined
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.schema import DUPLICATES
from emotion_pipeline.stages import samples, validation
from emotion_pipeline.stages.base import Produced, Workspace
from emotion_pipeline.stages.pictures import decoded
from emotion_pipeline.stages.reports import publish

if TYPE_CHECKING:
    from emotion_pipeline.reports.exploration import Explored

TOTAL = "total"
PREVIEWS = ("classes", "pictures")


def artifact(workspace: Workspace, dataset: Dataset) -> Artifact:
    """Where the page, its tables and figures lie."""
    return workspace.lake.artifact(f"exploration/{dataset.name}")


def code(dataset: Dataset) -> str:
    """Fingerprint of all that makes the page, and of what it says of the dataset."""
    told = (dataset.title, dataset.homepage, dataset.licence, dataset.published_total)
    rules = (
        *(dataset.size_px, dataset.blank_sd, dataset.apart, dataset.own_splits),
        *(dataset.published_counts, sorted(dataset.expected_rejects)),
    )
    page = reports.page_code("emotion_pipeline.reports.exploration")
    return f"{page} {fingerprint(__name__)} {validation.CODE} {told} {rules}"


def make(workspace: Workspace, dataset: Dataset) -> Produced:
    """Render the page of the samples as they are now, checked or not."""
    from emotion_pipeline.reports.exploration import render

    copies = workspace.duplicates(dataset).version() if _has_pictures(dataset) else None
    verdict = validation.verdict(workspace, dataset)
    # Whether a part is meant is a setting, which makes no page stale; the page counts by itself.
    failed = verdict.failed_sentences(without=TOTAL) if verdict is not None else []
    inputs = combined([samples.version(workspace, dataset) or "", copies or "", *failed])
    with workspace.lake.lock(f"exploration/{dataset.name}"):
        return publish(
            artifact(workspace, dataset),
            lambda: render(_explored(workspace, dataset, failed)),
            inputs,
            code(dataset),
            PREVIEWS,
        )


def _explored(workspace: Workspace, dataset: Dataset, failed: list[str]) -> "Explored":
    from emotion_pipeline.reports.exploration import Explored

    table, left_out = workspace.samples(dataset), ("image", "input_digest", "image_digest")
    rows = table.read_all([name for name in dataset.schema.names if name not in left_out])
    copies = DUPLICATES.empty_table()
    if _has_pictures(dataset):
        copies = workspace.duplicates(dataset).read(0)
    return Explored(
        name=dataset.name,
        title=dataset.title,
        homepage=dataset.homepage,
        licence=dataset.licence,
        emotions=dataset.emotions,
        published_total=dataset.published_total,
        samples=rows.to_pandas(),
        rejects=workspace.rejects(dataset).read(0).to_pandas(),
        duplicates=copies.to_pandas(),
        pictures=lambda names: _pictures(workspace, dataset, names),
        failed_checks=failed,
    )


def _has_pictures(dataset: Dataset) -> bool:
    return dataset.pictures_from is None


def _pictures(workspace: Workspace, dataset: Dataset, names: list[str]) -> dict[str, np.ndarray]:
    """Decoded pictures by sample_id; none for a table of votes."""
    if not _has_pictures(dataset):
        return {}
    return decoded(workspace.samples(dataset), names)
