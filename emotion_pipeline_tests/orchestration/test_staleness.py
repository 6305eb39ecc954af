"""Touch one thing, and exactly what follows from it is made again.

In every case three have to agree: what `status` names, what `refresh` runs first, and, where
Dagster can know of it, what its UI shows.
"""

import os

import dagster as dg
import pytest

from emotion_pipeline.domains import DEGRADED
from emotion_pipeline.orchestration.look import Look, record_observations
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline_tests.orchestration.small import (
    ALL_REPORTS,
    PICTURE_STAGES,
    RECIPE,
    REPORTS_ON_MODELS,
    made,
    summaries,
)

BELOW_PIXELS = {
    "samples/fer2013": 1,
    "duplicates/fer2013": 1,
    "exploration/fer2013": 1,
    "faces/fer2013": 1,
    "grayscale/fer2013": 1,
    "degraded/fer2013": sum(domain.startswith("jpeg-") for domain in DEGRADED),
    "samples/ferplus": 1,
}
ALL = BELOW_PIXELS | {"exploration/ferplus": 1}


@pytest.fixture
def done(pictures_made, tmp_path):
    """Every picture stage is made."""
    return pictures_made.copy(tmp_path / "copy")


def ui(small):
    """What Dagster calls stale of the picture stages once it knows the raw files."""
    pipeline = small.pipeline()
    record_observations(Look(pipeline, small.instance, select(pipeline, PICTURE_STAGES)))
    return small.dagster_says(*PICTURE_STAGES)


def invert_pixels(fields):
    fields[1] = " ".join(str(255 - int(value)) for value in fields[1].split())


def test_nothing_is_due_after_a_refresh(done):
    assert done.due(*PICTURE_STAGES) == set()
    assert ui(done) == set()
    assert done.refresh(*PICTURE_STAGES).done == []


def test_a_touched_file_with_the_same_content_makes_nothing_stale(done):
    path = done.settings.raw_root / "fer2013" / "fer2013.csv"
    os.utime(path, ns=(1, 1))
    assert done.due(*PICTURE_STAGES) == ui(done) == set()


def test_one_changed_picture_rewrites_one_bucket_of_every_derived_table(done):
    done.edit_row(7, invert_pixels)
    assert done.due(*PICTURE_STAGES) == ui(done) == {"samples/fer2013"}
    outcome = done.refresh(*PICTURE_STAGES)
    assert made(outcome) == BELOW_PIXELS
    for prefix in ("samples/fer2013", "faces", "grayscale", "degraded"):
        for summary in summaries(outcome, prefix):
            assert summary.startswith("1 of 16 buckets rewritten, 1 of 60 rows computed")
    assert summaries(outcome, "samples/ferplus") == [
        "0 of 16 buckets rewritten, 0 of 60 rows computed; 0 rejects"
    ]
    assert done.due(*PICTURE_STAGES) == ui(done) == set()


def test_a_changed_label_stops_at_the_faces(done):
    done.edit_row(7, lambda fields: fields.__setitem__(0, "3" if fields[0] != "3" else "4"))
    outcome = done.refresh(*PICTURE_STAGES)
    assert set(made(outcome)) == {
        "samples/fer2013",
        "duplicates/fer2013",
        "exploration/fer2013",
        "faces/fer2013",
        "samples/ferplus",
    }
    assert ui(done) == set()


def test_changed_votes_touch_only_the_votes(done):
    done.edit_row(
        7, lambda fields: fields.__setitem__(slice(2, None), ["10", *["0"] * 9]), "ferplus"
    )
    assert done.due(*PICTURE_STAGES) == ui(done) == {"samples/ferplus"}
    assert made(done.refresh(*PICTURE_STAGES)) == {"samples/ferplus": 1, "exploration/ferplus": 1}


def test_rows_that_are_added_and_removed_are_the_only_ones_computed(done):
    path = done.settings.raw_root / "fer2013" / "fer2013.csv"
    before = path.read_text()
    path.write_text(before + f"3,{' '.join(['7'] * 2303)} 9,PrivateTest\n")
    outcome = done.refresh("faces/*")
    assert summaries(outcome, "faces") == ["1 of 16 buckets rewritten, 1 of 61 rows computed"]
    path.write_text(before)
    outcome = done.refresh("faces/*")
    assert summaries(outcome, "faces") == ["1 of 16 buckets rewritten, 0 of 60 rows computed"]


@pytest.mark.parametrize("key", ["faces/fer2013", "grayscale/fer2013", "duplicates/fer2013"])
def test_a_deleted_lake_file_is_made_again_and_nothing_below(done, key):
    next((done.settings.lake / key).glob("*.parquet")).unlink()
    assert done.due(*PICTURE_STAGES) == {key}
    assert made(done.refresh(*PICTURE_STAGES)) == {key: 1}
    assert done.due(*PICTURE_STAGES) == set()


def test_one_deleted_partition_is_made_again_alone(done):
    folder = done.settings.lake / "degraded" / "fer2013" / "domain=jpeg-3"
    for file in folder.iterdir():
        file.unlink()
    outcome = done.refresh(*PICTURE_STAGES)
    assert [done.standing.partition for done in outcome.done] == ["jpeg-3"]


def test_a_truncated_lake_file_is_made_again(done):
    file = next((done.settings.lake / "grayscale" / "fer2013").glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-20])
    assert made(done.refresh(*PICTURE_STAGES)) == {"grayscale/fer2013": 1}


@pytest.mark.parametrize("key", ["grayscale/fer2013", "samples/fer2013", "degraded/fer2013"])
def test_changed_code_that_gives_the_same_content_stops_there(done, key):
    done.changed_code = (key,)
    assert done.due(*PICTURE_STAGES) == {key}
    assert set(made(done.refresh(*PICTURE_STAGES))) == {key}
    assert done.due(*PICTURE_STAGES) == set()


def test_a_lost_dagster_instance_costs_no_computing(done):
    done.instance = type(done)(done.root).instance
    outcome = done.refresh(*PICTURE_STAGES)
    assert made(outcome) == ALL
    assert all(text.startswith("0 of 16 buckets") for text in summaries(outcome, "degraded"))


def test_an_edited_recipe_makes_its_model_and_what_follows_again(everything_made, tmp_path):
    small = everything_made.copy(tmp_path / "copy")
    small.reports = ALL_REPORTS
    assert small.refresh().succeeded
    assert small.due() == set()
    changed = RECIPE.model_copy(update={"batch_size": 8})
    small.recipes = {"ferplus_cnn5_tiny": changed}
    assert small.due() == {"models/ferplus_cnn5_tiny"}
    assert small.dagster_says() == {"models/ferplus_cnn5_tiny"}
    assert made(small.refresh()) == {
        "models/ferplus_cnn5_tiny": 1,
        "costs/ferplus_cnn5_tiny": 1,
        "predictions/ferplus_cnn5_tiny": 3,
        "explanations/ferplus_cnn5_tiny": 1,
        "champions/ferplus_fer2013_eight_emotions": 1,
        **dict.fromkeys(REPORTS_ON_MODELS, 1),
    }


def test_other_words_about_a_recipe_are_printed_where_they_stand(everything_made, tmp_path):
    small = everything_made.copy(tmp_path / "copy")
    (recipe,) = small.recipes.values()
    small.recipes = {"ferplus_cnn5_tiny": recipe.model_copy(update={"description": "other words"})}
    assert small.due() == small.dagster_says() == {"reports/leaderboard"}
    assert made(small.refresh()) == {"reports/leaderboard": 1}
    tables = (small.settings.lake / "reports" / "leaderboard").glob("*.csv")
    assert any("other words" in table.read_text() for table in tables)


def test_a_domain_less_is_seen_where_it_was_reported(everything_made, tmp_path):
    small = everything_made.copy(tmp_path / "copy")
    (recipe,) = small.recipes.values()
    fewer = recipe.model_copy(update={"evaluate_on": ("original", "grayscale")})
    small.recipes = {"ferplus_cnn5_tiny": fewer}
    explained = "explanations/ferplus_cnn5_tiny"  # of which it was the degraded domain
    assert small.due() == small.dagster_says() == {"reports/leaderboard", explained}
    assert made(small.refresh()) == {explained: 1, "reports/leaderboard": 1}


def test_samples_that_are_made_before_anybody_has_looked_are_synced(pictures_made, tmp_path):
    """As by the button of the UI, at once after a raw file was changed."""
    small = pictures_made.copy(tmp_path / "copy")
    small.darken(5)
    pipeline, key = small.pipeline(), "samples/fer2013"
    around = list(pipeline.near(pipeline.graph[key]))
    chosen = dg.AssetSelection.assets(key)
    assert dg.materialize(around, instance=small.instance, selection=chosen).success
    assert "samples/fer2013" not in small.due(*PICTURE_STAGES)
    assert small.dagster_says(*PICTURE_STAGES) == small.due(*PICTURE_STAGES)


def test_a_changed_test_picture_does_not_train_again(everything_made, tmp_path):
    small = everything_made.copy(tmp_path / "copy")
    small.edit_row(59, invert_pixels)
    outcome = small.refresh()
    assert summaries(outcome, "models") == [
        "weights of these rows and this recipe are there already"
    ]
    assert all("1 rows computed" in text for text in summaries(outcome, "predictions"))
