"""Asset checks: the expectation suites and regressions, which block, and leaks, which warn."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg
import pyarrow as pa

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.orchestration.metadata import table
from emotion_pipeline.quality.duplicates import leak
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import champions, validation
from emotion_pipeline.stages.base import Workspace

if TYPE_CHECKING:
    import pandas as pd

EXPECTATIONS = "meets_expectations"
LEAKS = "no_copies_across_splits"
REGRESSIONS = "no_regression"


def quality_check(dataset: Dataset, settings: Settings) -> dg.AssetChecksDefinition:
    """The blocking check of a dataset's samples."""

    @dg.asset_check(
        asset=["samples", dataset.name],
        name=EXPECTATIONS,
        blocking=True,
        description="Great Expectations suites; the pages are in the lake under quality/.",
    )
    def check() -> dg.AssetCheckResult:
        workspace = Workspace(settings)
        found = validation.check(workspace, dataset)
        pages = validation.artifact(workspace, dataset).folder / "data_docs" / "index.html"
        return dg.AssetCheckResult(
            passed=found.passed,
            description=found.failures or f"{len(found.expectations)} expectations are met",
            metadata={
                "expectations": table(
                    _arrow(found.expectations.sort_values("success", kind="stable"))
                ),
                "failed_rows": table(_arrow(found.failed_rows)),
                "n_failed_rows": len(found.failed_rows),
                "data_docs": dg.MetadataValue.path(str(pages)),
            },
        )

    return check


def leak_check(dataset: Dataset, settings: Settings) -> dg.AssetChecksDefinition:
    """The warning about pictures of validation or test that also stand in train."""

    @dg.asset_check(
        asset=["duplicates", dataset.name],
        name=LEAKS,
        description="No picture outside train has exactly the pixels of one in train.",
    )
    def check() -> dg.AssetCheckResult:
        found = leak(Workspace(settings).duplicates(dataset).read(0))
        n_seen = sum(found.n_seen_in_train.values())
        return dg.AssetCheckResult(
            passed=n_seen == 0,
            severity=dg.AssetCheckSeverity.WARN,
            description=(
                f"{n_seen} validation and test rows also stand in train;"
                f" {found.n_groups_conflicting} groups of copies carry conflicting emotions."
                " Reports show leak-free twins."
            ),
            metadata={
                "rows_also_in_train": n_seen,
                **{f"{split}_rows_also_in_train": n for split, n in found.n_seen_in_train.items()},
                "groups": found.n_groups,
                "groups_across_splits": found.n_groups_across_splits,
                "groups_with_conflicting_emotions": found.n_groups_conflicting,
            },
        )

    return check


def regression_check(group: str, settings: Settings) -> dg.AssetChecksDefinition:
    """The blocking check that no candidate for champion was refused."""

    @dg.asset_check(
        asset=["champions", group],
        name=REGRESSIONS,
        blocking=True,
        description=(
            "The best model is not worse than the accepted champion on the test pictures that both"
            " know. `emotion-pipeline champion` tells more and can accept it all the same."
        ),
    )
    def check() -> dg.AssetCheckResult:
        refused = champions.refusal(Workspace(settings), group)
        if refused is None:
            return dg.AssetCheckResult(passed=True, description="no candidate was refused")
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.ERROR,
            description=str(refused),
            metadata={**asdict(refused.comparison), "lost_pictures": table(refused.lost)},
        )

    return check


def _arrow(frame: "pd.DataFrame") -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)
