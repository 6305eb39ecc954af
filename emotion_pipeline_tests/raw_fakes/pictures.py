"""What the lake would hand to a reader of votes, straight from a raw folder."""

from pathlib import Path

from emotion_pipeline.datasets import fer2013
from emotion_pipeline.datasets.base import Dataset, Pictures


def pictures_of(raw_root: Path) -> Pictures:
    """The FER2013 samples of a raw folder, as votes are joined to them."""
    found = fer2013.DATASET.scan(fer2013.DATASET.find(raw_root), None)
    samples = found.good.select(["sample_id", "split", "emotion"])
    return Pictures(samples, samples.num_rows + len(found.rejects))


def paths_found(dataset: Dataset, raw_root: Path) -> list[Path]:
    """Where the raw files are that a dataset finds."""
    return [Path(file.path) for file in dataset.find(raw_root)]
