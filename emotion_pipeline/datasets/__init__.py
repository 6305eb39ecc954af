"""Door 1: every file here that defines `DATASET` is a dataset of the pipeline.

To add one, add a file; nothing else needs to be edited.
"""

import importlib
import pkgutil
from functools import cache

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.labels import nearest


@cache
def all_datasets() -> dict[str, Dataset]:
    """Every dataset by name."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    ]
    found = [module.DATASET for module in modules if hasattr(module, "DATASET")]
    return {dataset.name: dataset for dataset in found}


def get_dataset(name: str) -> Dataset:
    """The dataset of that name; KeyError answers a wrong name with the nearest ones."""
    known = all_datasets()
    if name not in known:
        raise KeyError(f"dataset: {nearest(name, tuple(known))}")
    return known[name]
