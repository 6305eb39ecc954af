"""What the UI of Dagster is told of every asset: its columns, and what making it cost."""

import dagster as dg
import pytest

from emotion_pipeline.orchestration.column_words import COLUMN_WORDS, words_of
from emotion_pipeline.orchestration.metadata import columns_of, costs_of, metadata_of
from emotion_pipeline.orchestration.pipeline import build_pipeline
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Produced

COLUMNS = "dagster/column_schema"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return build_pipeline(Settings(lake=tmp_path_factory.mktemp("lake")))


def test_every_table_shows_its_columns_and_nothing_else_has_any(pipeline):
    for asset in pipeline.assets:
        (key,) = asset.keys
        stage = pipeline.graph[key.to_user_string()]
        shown = asset.metadata_by_key[key].get(COLUMNS)
        assert (shown is None) == (stage.schema is None)
        if stage.kinds != ("parquet",):
            assert stage.schema is None, stage.key
        if shown is not None:
            assert [column.name for column in shown.schema.columns] == stage.schema.names


@pytest.mark.parametrize(
    "key",
    ["samples/kdef", "faces/kdef", "degraded/kdef", "landmarks/kdef", "predictions/kdef_cnn5"],
)
def test_columns_have_types(pipeline, key):
    schema = pipeline.graph[key].schema
    shown = columns_of(pipeline.graph[key])[COLUMNS].schema.columns
    assert {column.name: column.type for column in shown} == {
        field.name: str(field.type) for field in schema
    }


def test_every_column_of_every_table_is_explained_and_no_other(pipeline):
    columns = {name for stage in pipeline.graph.values() for name in stage.schema or ()}
    names = {field.name for field in columns}
    assert {name for name in names if not words_of(name)} == set()
    patterns = {name for name in COLUMN_WORDS if name.endswith("_*")}
    assert COLUMN_WORDS.keys() - patterns <= names
    assert all(any(name.startswith(one[:-1]) for name in names) for one in patterns)
    shown = columns_of(pipeline.graph["samples/ferplus"])[COLUMNS].schema.columns
    assert all(column.description for column in shown)


def test_a_run_costs_seconds_bytes_and_computed_rows_per_second(tmp_path):
    assert costs_of({"rows": 500, "rows_computed": 100}, tmp_path, 1234, 2.0) == {
        "seconds": 2.0,
        "bytes": 1234,
        "rows_per_s": 50.0,
    }


def test_what_was_there_already_is_no_speed(tmp_path):
    assert "rows_per_s" not in costs_of({"rows": 500, "rows_computed": 0}, tmp_path, 9, 2.0)
    assert "rows_per_s" not in costs_of({}, tmp_path, 9, 2.0)


def test_numbers_are_numbers_and_a_page_is_a_path(tmp_path):
    (tmp_path / "index.html").write_text("page")
    produced = Produced("1", "all well", {"rows": 7} | costs_of({}, tmp_path, 4, 1.5))
    found = metadata_of(produced)
    assert found["dagster/row_count"] == dg.MetadataValue.int(7)
    assert found["seconds"] == dg.MetadataValue.float(1.5)
    assert found["bytes"] == dg.MetadataValue.int(4)
    assert found["page"] == dg.MetadataValue.path(str(tmp_path / "index.html"))


def test_every_materialisation_tells_its_cost(small):
    small.refresh("grayscale/fer2013")
    key = dg.AssetKey(["grayscale", "fer2013"])
    (record,) = small.instance.fetch_materializations(key, limit=9).records
    found = {name: value.value for name, value in record.asset_materialization.metadata.items()}
    folder = small.settings.lake / "grayscale" / "fer2013"
    assert found["bytes"] == sum(file.stat().st_size for file in folder.iterdir())
    assert found["seconds"] > 0
    assert found["rows_per_s"] == pytest.approx(found["rows_computed"] / found["seconds"], rel=0.1)
    assert found["dagster/row_count"] == found["rows_computed"]
