"""Seconds and peak memory of every report, and of all in one process, on a lake of made-up results.

15 recipes say what 3,589 test pictures show in 16 domains, and as many validation pictures in the
original one; people voted on all of them. The rows are drawn, and stand in a temporary lake as
stages write them, so that reading them is measured too. Each report is built in a process of its
own, its start included.

    python benchmarks/reports.py [--models 15] [--domains 16] [--rows 3589]
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from ingest import PREFIX, arguments_parser, bytecode_cache, fresh, machine, run

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.domains import DOMAINS, ORIGINAL
from emotion_pipeline.imaging.codec import encode_png
from emotion_pipeline.imaging.pictures import picture_columns
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.lake.tables import Table, bucket_of
from emotion_pipeline.schema import PICTURES, VOTES, predictions_schema
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import model_folders, predictions, report_inputs
from emotion_pipeline.stages import reports as report_stage
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.recipe import Recipe

SEED = 1
LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "matplotlib")
SKILLS = np.linspace(2.5, 4.0, 7)
BUILD = """
import sys
sys.path.insert(0, {folder!r})
from reports import build
build({names!r}, {n_models}, {n_domains})
"""


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--models", type=int, default=15)
    parser.add_argument("--domains", type=int, default=16)
    parser.add_argument("--rows", type=int, default=3589)
    arguments = parser.parse_args()
    print(f"{machine(*LIBRARIES)}\n")
    print("| report | wall s | processor s | peak MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-reports-") as name, bytecode_cache():
        variables = fresh(Path(name, "raw"), Path(name))
        workspace = Workspace(Settings(lake=Path(variables[f"{PREFIX}LAKE"])))
        write_lake(workspace, recipes(arguments.models, arguments.domains), arguments.rows)
        names = report_stage.names_in_order()
        for title, built in {**{one: [one] for one in names}, "all in one process": names}.items():
            values = {"n_models": arguments.models, "n_domains": arguments.domains}
            work = BUILD.format(folder=str(Path(__file__).parent), names=built, **values)
            forget(workspace, built)
            taken = run([sys.executable, "-c", work], variables)
            print(f"| {title} | {taken.seconds:.1f} | {taken.cpu_seconds:.1f} | ", end="")
            print(f"{taken.peak_mb:.0f} |", flush=True)


def build(names: list[str], n_models: int, n_domains: int) -> None:
    """What a refresh does with these reports."""
    doors = report_inputs.Doors(all_datasets(), recipes(n_models, n_domains))
    for name in names:
        report_stage.make(Workspace(Settings()), name, doors)


def forget(workspace: Workspace, names: list[str]) -> None:
    """Have the reports built anew."""
    for name in names:
        page = report_stage.artifact(workspace, name).folder / report_stage.PAGE
        page.unlink(missing_ok=True)


def recipes(n_models: int, n_domains: int) -> dict[str, Recipe]:
    """Recipes of one group, of different sizes."""
    values = {
        "description": "Made up for a benchmark.",
        "data": {"labels": "ferplus", "pictures": "fer2013", "vote_rule": "distribution"},
        "model": {"name": "cnn5", "input_px": 48},
        "optimiser": {"name": "sgd", "learning_rate": 0.01},
        "epochs": 40,
        "batch_size": 64,
        "seeds": [SEED],
        "evaluate_on": DOMAINS[:n_domains],
    }
    return {f"ferplus_cnn5_{number}": Recipe.model_validate(values) for number in range(n_models)}


def write_lake(workspace: Workspace, made: dict[str, Recipe], n_rows: int) -> None:
    """Votes, pictures, models and predictions, as the stages leave them."""
    rng = np.random.default_rng(0)
    truth = {split: rng.integers(0, len(EMOTIONS), n_rows) for split in ("validation", "test")}
    recipe = next(iter(made.values()))
    write_votes(workspace, truth)
    write_pictures(workspace, recipe, n_rows)
    for number, (name, recipe) in enumerate(made.items()):
        write_model(workspace, name, recipe, 100_000 * (number + 1))
        for domain in recipe.evaluate_on:
            splits = ("validation", "test") if domain == ORIGINAL else ("test",)
            rows = [
                predicted(split, truth[split], SKILLS[number % len(SKILLS)], rng)
                for split in splits
            ]
            table = predictions.table(workspace, name, recipe, domain, SEED)
            table.write(0, rows, "inputs", "code")


def ids(split: str, n_rows: int) -> list[str]:
    return [f"{split}-{row:05d}" for row in range(n_rows)]


def predicted(split: str, truth: np.ndarray, skill: float, rng: np.random.Generator) -> pa.Table:
    """Rows of the predictions' schema."""
    n = len(truth)
    logits = rng.normal(size=(n, len(EMOTIONS))) + skill * np.eye(len(EMOTIONS))[truth]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    shares = 0.75 * np.eye(len(EMOTIONS))[truth] + 0.25 / len(EMOTIONS)
    columns = {
        "sample_id": ids(split, n),
        "input_digest": [bytes(16)] * n,
        "seed": [SEED] * n,
        "split": [split] * n,
        "emotion": np.array(EMOTIONS)[truth],
        **{f"share_{name}": shares[:, place] for place, name in enumerate(EMOTIONS)},
        **{f"p_{name}": p[:, place] for place, name in enumerate(EMOTIONS)},
        "seen_in_training": np.arange(n) < n // 12,
        "synthetic": np.zeros(n, bool),
    }
    return as_table(columns, predictions_schema(EMOTIONS))


def as_table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.table(arrays, schema=schema)


def write_votes(workspace: Workspace, truth: dict[str, np.ndarray]) -> None:
    """Eight of ten taggers agree."""
    truths = {**truth, "train": np.tile(truth["test"], 8)}
    names = [name for split, some in truths.items() for name in ids(split, len(some))]
    classes = np.concatenate(list(truths.values()))
    columns: dict[str, object] = {
        "sample_id": names,
        "input_digest": [bytes(16)] * len(names),
        "split": [split for split, some in truths.items() for _ in some],
        "emotion": np.array(EMOTIONS)[classes],
        "undecided": [None] * len(names),
        "synthetic": np.zeros(len(names), bool),
    }
    for name in (one for one in VOTES.names if one.startswith("votes_")):
        place = EMOTIONS.index(name.removeprefix("votes_")) if name[6:] in EMOTIONS else -1
        columns[name] = np.where(classes == place, 8, 2 * (place == (classes + 1) % len(EMOTIONS)))
    write_buckets(workspace.samples(all_datasets()["ferplus"]), as_table(columns, VOTES))


def write_pictures(workspace: Workspace, recipe: Recipe, n_rows: int) -> None:
    """The same noise in every domain."""
    names = ids("test", n_rows)
    noise = np.random.default_rng(1).integers(0, 256, (n_rows, 48, 48), dtype=np.uint8)
    encoded = [encode_png(one) for one in noise]
    columns = {
        "sample_id": pa.array(names),
        "input_digest": pa.array([bytes(16)] * n_rows, PICTURES.field("input_digest").type),
        **picture_columns(names, encoded, [(48, 48)] * n_rows),
    }
    rows = pa.table([columns[name] for name in PICTURES.names], schema=PICTURES)
    for domain in recipe.evaluate_on:
        write_buckets(table_of(workspace, all_datasets()["fer2013"], domain), rows)


def write_buckets(table: Table, rows: pa.Table) -> None:
    buckets = np.array([bucket_of(one, table.n_buckets) for one in rows["sample_id"].to_pylist()])
    for bucket in range(table.n_buckets):
        part = rows.filter(buckets == bucket).sort_by("sample_id")
        table.write(bucket, [part], "inputs", "code")


def write_model(workspace: Workspace, name: str, recipe: Recipe, n_parameters: int) -> None:
    """A description and curves; there are no weights, for no report reads them."""
    epochs = np.arange(recipe.epochs)
    losses = np.exp(-epochs / 8)
    with model_folders.artifact(workspace, name, SEED).replace("inputs", "code") as folder:
        meta = {
            "recipe": recipe.model_dump(mode="json"),
            "recipe_name": name,
            "seed": SEED,
            "emotions": list(recipe.emotions),
            "n_parameters": n_parameters,
            "epoch": recipe.epochs - 1,
            "temperature": 1.0,
            "training_s": 600.0,
            "n_training_rows": 28_000,
            "n_validation_rows": 3589,
            "n_rows_without_landmarks": 0,
            "validation_loss": float(losses[-1]),
            "validation_accuracy_score": 0.8,
            "synthetic": False,
            "digests": {"inputs": "inputs", "code": "code"},
            "libraries": {"torch": "2.9"},
        }
        (folder / "meta.json").write_text(json.dumps(meta))
        lines = [
            f"{SEED},{epoch},{loss},{loss + 0.3},{0.8 - loss / 2},0.01"
            for epoch, loss in zip(epochs, losses, strict=True)
        ]
        header = "seed,epoch,train_loss,validation_loss,validation_accuracy_score,learning_rate"
        (folder / model_folders.CURVES).write_text("\n".join([header, *lines, ""]))


if __name__ == "__main__":
    main()
