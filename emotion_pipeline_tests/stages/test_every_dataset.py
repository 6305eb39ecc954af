"""One body of tests over every dataset behind the front door, on its own drawn sample."""

from pathlib import Path

import pytest

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import BOX, SPLITS
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import duplicates, exploration, survey, validation
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.samples import ingest
from emotion_pipeline.stages.sources import observe

DATASETS = all_datasets()
DRAWN = [name for name, dataset in DATASETS.items() if dataset.draw is not None]
N_DRAWN = 60
N_DRAWN_BY_DEFAULT = 800  # by `emotion-pipeline sample`


def drawn(root: Path, n: int) -> Path:
    for name in DRAWN:
        DATASETS[name].draw(root, n, 1)
    return root


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("raw"), N_DRAWN)


@pytest.fixture(scope="module")
def raw_of_usual_size(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("usual"), N_DRAWN_BY_DEFAULT)


@pytest.fixture
def workspace(tmp_path, raw):
    return Workspace(Settings(lake=tmp_path / "lake", raw=raw, workers=2))


def ingested(workspace: Workspace, name: str) -> Table:
    """The samples of a dataset, and of the one that holds its pictures."""
    for needed in dict.fromkeys((DATASETS[name].pictures, name)):
        ingest(workspace, DATASETS[needed])
    return workspace.samples(DATASETS[name])


def test_only_a_table_that_comes_with_another_draws_no_sample_of_its_own():
    assert set(DATASETS) - set(DRAWN) == {"ferplus_2016"}


@pytest.mark.parametrize("name", DRAWN)
def test_the_drawn_sample_comes_out_as_a_whole_table_of_all_splits(workspace, name):
    dataset = DATASETS[name]
    rows = ingested(workspace, name).read_all()
    assert rows.num_rows > 0
    assert rows.schema.equals(dataset.schema)
    assert len(set(rows["sample_id"].to_pylist())) == rows.num_rows
    assert set(rows["split"].to_pylist()) == set(SPLITS)
    assert set(rows["synthetic"].to_pylist()) == {True}
    shown = set(rows["emotion"].to_pylist()) - {None}
    assert shown <= set(dataset.emotions)
    assert bool(shown) == bool(dataset.emotions)
    assert workspace.rejects(dataset).read(0).num_rows == 0


@pytest.mark.parametrize("name", DRAWN)
def test_a_sample_of_the_usual_size_passes_its_checks(tmp_path, raw_of_usual_size, name):
    workspace = Workspace(Settings(lake=tmp_path / "lake", raw=raw_of_usual_size, workers=2))
    ingested(workspace, name)
    assert validation.check(workspace, DATASETS[name]).failures == ""


@pytest.mark.parametrize("name", DRAWN)
def test_a_second_ingestion_computes_nothing(workspace, name):
    ingested(workspace, name)
    again = ingest(workspace, DATASETS[name])
    assert again.figures["rows_computed"] == again.figures["buckets_rewritten"] == 0


@pytest.mark.parametrize("name", DRAWN)
def test_a_sample_is_decided_by_its_place_and_content(raw, name):
    dataset = DATASETS[name]
    if dataset.pictures_from is None and name != "fer2013":  # the others are rows of one file
        assert {"source", "file_digest"} <= set(dataset.keyed_by)
    assert {"split", "synthetic"} <= set(dataset.keyed_by)


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_seed_draws_the_same_files(raw, name, tmp_path):
    DATASETS[name].draw(tmp_path, N_DRAWN, 1)
    one, other = (Workspace(Settings(lake=tmp_path / "lake", raw=root)) for root in (raw, tmp_path))
    assert observe(one, DATASETS[name]).version == observe(other, DATASETS[name]).version


@pytest.mark.parametrize("name", DRAWN)
def test_a_page_can_be_made_of_it(workspace, name):
    dataset = DATASETS[name]
    ingested(workspace, name)
    if dataset.pictures_from is None:
        duplicates.make(workspace, dataset)
    made = exploration.make(workspace, dataset)
    page = (exploration.artifact(workspace, dataset).folder / "index.html").read_text()
    assert dataset.title in page
    assert made.figures["rows"] == sum(
        part.num_rows for part in workspace.samples(dataset).iterate(["sample_id"])
    )
    assert set(made.preview) <= set(exploration.PREVIEWS)


@pytest.mark.parametrize("name", DATASETS)
def test_it_says_how_faces_are_found_in_its_pictures(name):
    dataset = DATASETS[name]
    assert dataset.tight_crop or 32 <= dataset.face_px <= 1024
    if dataset.face_box is not None:
        assert not dataset.tight_crop
        assert dataset.schema.field(dataset.face_box).type == BOX


@pytest.mark.parametrize("name", DATASETS)
def test_an_absent_dataset_says_where_what_and_whence(tmp_path, name):
    dataset = DATASETS[name]
    with pytest.raises(SourceMissing) as caught:
        dataset.find(tmp_path)
    for told in (str(tmp_path), dataset.homepage):
        assert told in str(caught.value)
    found = survey.survey(Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path)), dataset)
    assert (found.state, found.n_files) == ("absent", 0)


@pytest.mark.parametrize("name", DRAWN)
def test_the_survey_counts_files_and_says_what_to_do_next(workspace, name):
    dataset = DATASETS[name]
    before = survey.survey(workspace, dataset)
    assert before.state == "drawn"
    assert before.n_files == len(dataset.find(workspace.settings.raw_root))
    assert f"refresh samples/{name}" in before.notes[0]
    ingested(workspace, name)
    assert survey.survey(workspace, dataset).notes == ()
