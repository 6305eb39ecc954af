"""Checks on `samples/<dataset>`: run the suites, keep the verdict and Data Docs in the lake.

The verdict stands in `quality/<dataset>` beside the pages, so that a stage below can refuse to
work on samples that failed, in whatever run it is started.
"""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.stages import samples
from emotion_pipeline.stages.base import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from emotion_pipeline.quality.validation import Verdict

CODE = fingerprint(
    __name__, "emotion_pipeline.quality.checks", "emotion_pipeline.quality.data_docs"
)
_VERDICT = "verdict.json"


class ChecksFailed(Exception):
    """Samples did not pass their checks, so nothing is made from them."""


@dataclass(frozen=True)
class Checked:
    """The verdict on one version of the samples, as kept in the lake."""

    passed: bool
    expectations: "pd.DataFrame"
    failed_rows: "pd.DataFrame"

    def failed_sentences(self, without: str = "") -> list[str]:
        """What failed, in words; all suites but one."""
        rules = self.expectations
        failed = rules[~rules["success"] & (rules["suite"] != without)]
        return [f"{row.expectation}: {row.explanation}" for row in failed.itertuples()]

    @property
    def failures(self) -> str:
        """The same in one line."""
        return "; ".join(self.failed_sentences())


def artifact(workspace: Workspace, dataset: Dataset) -> Artifact:
    """Where the verdict and the Data Docs lie."""
    return workspace.lake.artifact(f"quality/{dataset.name}")


def check(workspace: Workspace, dataset: Dataset) -> Checked:
    """Validate the samples as they are now, or repeat the verdict if nothing has changed."""
    known = verdict(workspace, dataset)
    if known is not None:
        return known
    from emotion_pipeline.quality.data_docs import write_data_docs

    with workspace.lake.lock(f"quality/{dataset.name}"):
        version = samples.version(workspace, dataset) or ""  # before what it is the version of
        found = _validate(workspace, dataset)
        with artifact(workspace, dataset).replace(
            version, code(workspace, dataset), content_of=[_VERDICT]
        ) as folder:
            write_data_docs(found, folder / "data_docs")
            notes = {
                "passed": found.passed,
                "expectations": found.expectations.to_dict("records"),
                "failed_rows": found.failed_rows.to_dict("records"),
            }
            (folder / _VERDICT).write_text(json.dumps(notes, indent=1, default=str))
    return Checked(found.passed, found.expectations, found.failed_rows)


def verdict(workspace: Workspace, dataset: Dataset) -> Checked | None:
    """The verdict on the present samples by the present rules; None where there is none."""
    kept = artifact(workspace, dataset)
    known, version = kept.provenance(), samples.version(workspace, dataset)
    if known is None or version is None or not known.made_from(version, code(workspace, dataset)):
        return None
    import pandas as pd

    notes = json.loads((kept.folder / _VERDICT).read_text())
    return Checked(
        notes["passed"], pd.DataFrame(notes["expectations"]), pd.DataFrame(notes["failed_rows"])
    )


def require_passed(workspace: Workspace, dataset: Dataset) -> None:
    """Raise ChecksFailed where the present samples are known to have failed."""
    known = verdict(workspace, dataset)
    if known is not None and not known.passed:
        raise ChecksFailed(
            f"samples/{dataset.name} failed its checks: {known.failures}. Mend the raw files and"
            f" refresh; the failed rows are in {artifact(workspace, dataset).folder}."
        )


def code(workspace: Workspace, dataset: Dataset) -> str:
    """What the verdict depends on besides the samples."""
    return f"{CODE} {_expected(workspace, dataset)}"


def _expected(workspace: Workspace, dataset: Dataset) -> Expected:
    partial = workspace.settings.partial_datasets
    return Expected(
        columns=dataset.schema,
        emotions=dataset.emotions,
        published=dataset.published_counts,
        whole=not ({"*", dataset.name} & partial),
        size_px=dataset.size_px,
        blank_sd=dataset.blank_sd,
        apart=dataset.apart,
        pictures_apart=dataset.own_splits,
        rejects=tuple(sorted(dataset.expected_rejects)),
    )


def _validate(workspace: Workspace, dataset: Dataset) -> "Verdict":
    from emotion_pipeline.quality.checks import check_pictures, check_votes

    samples_table = workspace.samples(dataset)
    rows = samples_table.read_all([name for name in dataset.schema.names if name != "image"])
    stored = samples_table.stored_schema()
    reasons = workspace.rejects(dataset).read(0)["reason"].to_pylist()
    if dataset.pictures_from is None:
        expected = _expected(workspace, dataset)
        if pc.any(rows["synthetic"]).as_py():  # a drawn sample is never as large as the dataset
            expected = replace(expected, whole=False)
        return check_pictures(rows, stored, expected, reasons)
    labels = workspace.samples(get_dataset(dataset.pictures)).read_all(["sample_id", "emotion"])
    label = dict(zip(*labels.to_pydict().values(), strict=True))
    given = pa.array([label.get(name) for name in rows["sample_id"].to_pylist()], pa.string())
    return check_votes(rows.append_column("label", given), stored, dataset.schema, reasons)
