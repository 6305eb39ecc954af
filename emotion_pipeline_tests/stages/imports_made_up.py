"""A lake with drawn faces and votes, and predictions that somebody else could have made."""

import numpy as np
import pandas as pd
import yaml

from emotion_pipeline.datasets import all_datasets, get_dataset
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import faces, imports, samples
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline_tests.stages.test_foreign import copy_a_training_picture

DATASETS = all_datasets()
NAME = "ferplus_friend"
P = [f"p_{name}" for name in EMOTIONS]


def lake_in(folder):
    """A lake with faces and votes; a test and a validation row show a training picture."""
    paths = {name: folder / name for name in ("lake", "raw")}
    workspace = Workspace(Settings(**paths, engine="sequential", workers=1))
    for name in ("fer2013", "ferplus"):
        get_dataset(name).draw(workspace.settings.raw_root, 120, 1)
    for part in ("PrivateTest", "PublicTest"):
        copy_a_training_picture(workspace.settings.raw_root / "fer2013" / "fer2013.csv", part)
    for name in ("fer2013", "ferplus"):
        samples.ingest(workspace, get_dataset(name))
    faces.make(workspace, get_dataset("fer2013"))
    return workspace


def truth(workspace):
    rows = workspace.samples(get_dataset("ferplus")).read_all(["sample_id", "split", "emotion"])
    return rows.to_pandas().dropna().reset_index(drop=True)


def said(workspace):
    """Probabilities of every picture, the training part included."""
    rows = truth(workspace)
    values = np.random.default_rng(0).dirichlet(np.ones(len(P)), size=len(rows)).round(6)
    return pd.concat([rows[["sample_id"]], pd.DataFrame(values, columns=P)], axis=1)


def put(workspace, table, name=NAME, **changes):
    """A table and its recipe in the user's folder; the recipe as it is read."""
    folder = imports.folder(workspace.settings)
    folder.mkdir(parents=True, exist_ok=True)
    if table is not None:
        table.to_csv(folder / f"{name}.csv", index=False)
    values = {
        "task": "foreign",
        "description": "a friend's",
        "predictor": "table",
        "file": f"{name}.csv",
        "data": {"labels": "ferplus", "pictures": "fer2013"},
        **changes,
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(values))
    return imports.recipes(workspace.settings, DATASETS, {})[0].get(name)
