"""The lake is read by others without this package."""

import io

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from emotion_pipeline import schema
from emotion_pipeline.lake import Lake
from emotion_pipeline_tests.lake.tables_made_up import (
    FACES,
    N_BUCKETS,
    pictures,
    pixels,
    samples,
    write,
)

DOMAINS = ("original", "old_photo-3")
COLUMNS = set(schema.SAMPLES.names)


@pytest.fixture
def folder(tmp_path):
    """A table of samples, beside what a killed writer left."""
    lake = Lake(tmp_path / "lake")
    table = write(lake.table("samples/toy", schema.SAMPLES, N_BUCKETS), samples(FACES))
    (table.folder / ".bucket-000-of-004.parquet.7.unfinished").write_bytes(b"PAR1")
    return table.folder


@pytest.fixture
def partitioned(tmp_path):
    """A table of pictures of which every domain is a partition."""
    lake = Lake(tmp_path / "lake")
    for domain in DOMAINS:
        table = lake.table("degraded/toy", schema.PICTURES, N_BUCKETS, domain=domain)
        write(table, pictures(FACES))
    return lake.folder("degraded/toy")


def assert_pictures(names: list[str], images: list[dict]) -> None:
    """Every image is the struct of bytes and path, and the bytes are the PNG of that name."""
    assert sorted(names) == sorted(FACES)
    for name, image in zip(names, images, strict=True):
        assert image["path"] == f"{name}.png"
        with Image.open(io.BytesIO(image["bytes"])) as picture:
            np.testing.assert_array_equal(np.asarray(picture), pixels(FACES[name]))


def test_pandas_reads_a_table(folder):
    frame = pd.read_parquet(folder)
    assert set(frame.columns) == COLUMNS
    assert set(frame["emotion"]) == {"happiness"}
    assert frame["synthetic"].all()
    assert_pictures(list(frame["sample_id"]), list(frame["image"]))


def test_polars_reads_a_table(folder):
    frame = pl.read_parquet(folder / "*.parquet")
    assert set(frame.columns) == COLUMNS
    assert frame.schema["width_px"] == pl.Int32
    assert_pictures(frame["sample_id"].to_list(), frame["image"].to_list())


def test_polars_scans_a_table_lazily(folder):
    query = pl.scan_parquet(folder / "*.parquet").filter(pl.col("sample_id") == "face-07")
    frame = query.select("sample_id", pl.col("image").struct.field("path")).collect()
    assert frame.rows() == [("face-07", "face-07.png")]


def test_duckdb_queries_a_table(folder):
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select sample_id, image from read_parquet(?)", [str(folder / "*.parquet")]
        ).fetchall()
        counted = connection.execute(
            "select split, emotion, count(*) from read_parquet(?) where width_px = 4 group by all",
            [str(folder / "*.parquet")],
        ).fetchall()
    assert counted == [("train", "happiness", len(FACES))]
    assert_pictures([name for name, _ in rows], [image for _, image in rows])


def test_hugging_face_datasets_decodes_the_pictures(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    files = sorted(map(str, folder.glob("*.parquet")))
    found = datasets.load_dataset(
        "parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache")
    )
    assert set(found.column_names) == COLUMNS
    assert isinstance(found.features["image"], datasets.Image)
    assert found.num_rows == len(FACES)
    for row in found:
        assert isinstance(row["image"], Image.Image)
        np.testing.assert_array_equal(np.asarray(row["image"]), pixels(FACES[row["sample_id"]]))


def test_pandas_reads_all_partitions_with_their_domain(partitioned):
    frame = pd.read_parquet(partitioned)
    assert frame.groupby("domain", observed=True).size().to_dict() == dict.fromkeys(
        DOMAINS, len(FACES)
    )
    photos = frame[frame["domain"] == "old_photo-3"]
    assert_pictures(list(photos["sample_id"]), list(photos["image"]))


def test_duckdb_reads_all_partitions_with_their_domain(partitioned):
    with duckdb.connect() as connection:
        counted = connection.execute(
            "select domain, count(*) from read_parquet(?, hive_partitioning = true)"
            " group by domain",
            [str(partitioned / "*" / "*.parquet")],
        ).fetchall()
    assert dict(counted) == dict.fromkeys(DOMAINS, len(FACES))
