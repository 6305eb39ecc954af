"""What is known of every dataset without making anything: for `emotion-pipeline sources`."""

from dataclasses import dataclass

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.datasets.raw_files import RawFile, SourceMissing, is_synthetic
from emotion_pipeline.stages import samples, validation
from emotion_pipeline.stages.base import Workspace


@dataclass(frozen=True)
class Survey:
    """One dataset: whether it is there, how much of it, and what is wrong with it."""

    dataset: Dataset
    state: str
    """`present`, `drawn` (a sample of drawn faces) or `absent`."""
    n_files: int = 0
    n_bytes: int = 0
    notes: tuple[str, ...] = ()


def survey(workspace: Workspace, dataset: Dataset) -> Survey:
    """List the raw files, which are not opened, and look up what the lake knows of them."""
    try:
        files = dataset.find(workspace.settings.raw_root)
    except SourceMissing as missing:
        return Survey(dataset, "absent", notes=(str(missing),))
    notes = [*_incomplete(workspace, dataset, files), *_found_by_reading(workspace, dataset)]
    return Survey(
        dataset,
        "drawn" if is_synthetic(files) else "present",
        len(files),
        sum(file.n_bytes for file in files),
        tuple(notes),
    )


def _incomplete(workspace: Workspace, dataset: Dataset, files: list[RawFile]) -> list[str]:
    """Too few pictures, where each is a file and their number was published."""
    n_pictures = sum(file.is_picture for file in files)
    wanted = dataset.published_total
    meant = {"*", dataset.name} & workspace.settings.partial_datasets
    if wanted is None or not 0 < n_pictures < wanted or is_synthetic(files) or meant:
        return []
    return [
        f"{n_pictures:,} of {wanted:,} pictures: complete the copy, or name {dataset.name} in"
        " EMOTION_PIPELINE_PARTIAL to work with a part"
    ]


def _found_by_reading(workspace: Workspace, dataset: Dataset) -> list[str]:
    """Rejects and failed checks of the samples that were made last."""
    if samples.version(workspace, dataset) is None:
        return [f"not read yet: emotion-pipeline refresh samples/{dataset.name}"]
    rejects = workspace.rejects(dataset).read(0)["reason"].to_pylist()
    unexpected = [reason for reason in rejects if reason not in dataset.expected_rejects]
    counts = {reason: unexpected.count(reason) for reason in dict.fromkeys(unexpected)}
    told = ", ".join(f"{n:,} {reason}" for reason, n in counts.items())
    verdict = validation.verdict(workspace, dataset)
    failed = verdict.failed_sentences() if verdict is not None else []
    return [*([f"rejects: {told}"] if told else []), *failed]
