"""`duplicates/<dataset>`: the groups of equal pictures, for leak warnings and leak-free metrics."""

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.quality.duplicates import duplicates, leak
from emotion_pipeline.stages.base import Produced, Workspace, present

PREVIEW_ROWS = 20
CODE = fingerprint(__name__, "emotion_pipeline.quality.duplicates")


def make(workspace: Workspace, dataset: Dataset) -> Produced:
    """Find every picture that occurs more than once."""
    samples = workspace.samples(dataset).read_all(["sample_id", "split", "emotion", "image_digest"])
    groups = duplicates(samples)
    target = workspace.duplicates(dataset)
    with workspace.lake.lock(f"duplicates/{dataset.name}"):
        if not target.holds(groups):
            target.write(0, [groups], inputs="", code=CODE)
        made = present(target.version())
    found = leak(groups)
    seen = found.n_seen_in_train
    figures = {
        "surplus_copies": found.n_surplus_copies,
        "groups": found.n_groups,
        "groups_across_splits": found.n_groups_across_splits,
        "groups_with_conflicting_emotions": found.n_groups_conflicting,
        **{f"{split}_rows_also_in_train": n for split, n in seen.items()},
    }
    n_seen = sum(seen.values())
    summary = f"{found.n_surplus_copies} surplus copies; {n_seen} rows outside train are also in it"
    return Produced(made, summary, figures, {"groups": groups.slice(0, PREVIEW_ROWS)})
