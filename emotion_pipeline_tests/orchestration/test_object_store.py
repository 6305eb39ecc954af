"""The whole small pipeline with its lake in an object store."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from emotion_pipeline.orchestration.gc import collect
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline_tests import s3_server
from emotion_pipeline_tests.orchestration.small import DATASETS, Small, made, summaries

PICTURES = ("degraded/*[jpeg-1]",)
SOME = (*PICTURES, "exploration/fer2013", "predictions/*[original]", "reports/leaderboard")


pytestmark = pytest.mark.slow


@dataclass
class InStore(Small):
    """Small, in a store."""

    store: str = ""

    @property
    def settings(self) -> Settings:
        return super().settings.model_copy(update={"lake_store": self.store})


@pytest.fixture(scope="module")
def in_store(tmp_path_factory):
    with s3_server.running() as server:
        found = InStore(tmp_path_factory.mktemp("store"), store=s3_server.empty_lake(server))
        found.draw()
        assert found.refresh(*SOME).succeeded
        yield found


def test_a_second_refresh_makes_nothing_on_this_machine_or_another(in_store):
    assert in_store.refresh(*SOME).done == []
    shutil.rmtree(in_store.settings.lake)
    assert in_store.refresh(*SOME).done == []


def test_no_table_is_kept_on_this_machine(in_store):
    lake = Workspace(in_store.settings).lake
    assert any("bucket-" in name for name in lake.storage.sizes(lake.root))
    assert not list(lake.root.rglob("*bucket-*"))


def test_a_changed_picture_costs_one_bucket_of_every_table(in_store):
    in_store.darken(5)
    outcome = in_store.refresh(*PICTURES)
    assert outcome.succeeded
    for table in ("samples/fer2013", "faces/fer2013", "degraded/fer2013"):
        assert "1 of 16 buckets rewritten" in summaries(outcome, table)[0]


def test_a_damaged_object_is_made_again(in_store):
    assert in_store.refresh(*PICTURES).succeeded
    workspace = Workspace(in_store.settings)
    faces = workspace.pictures("faces", DATASETS["fer2013"])
    version = faces.version()
    with faces.storage.draft(faces.path(3)) as draft:
        draft.write_bytes(b"PAR1")
    outcome = in_store.refresh(*PICTURES)
    assert set(made(outcome)) == {"faces/fer2013"}
    assert faces.version() == version


def test_pages_can_be_looked_at_on_this_machine(in_store):
    page: Path = Workspace(in_store.settings).lake.artifact("exploration/fer2013").folder
    assert (page / "index.html").is_file()


def test_orphans_are_removed_from_the_store_when_that_is_asked_for(in_store):
    lake = Workspace(in_store.settings).lake
    with lake.storage.draft(lake.folder("samples/gone") / "bucket.parquet") as unfinished:
        unfinished.write_bytes(b"1234")

    def orphans(**how):
        kinds = collect(in_store.pipeline(), in_store.instance, timedelta(days=1), **how)
        return next((one.n, one.n_bytes) for one in kinds if one.name == "orphans")

    assert orphans() == (1, 4)
    assert lake.storage.folders(lake.root / "samples") == ["fer2013", "ferplus", "gone"]
    assert orphans(with_orphans=True) == (1, 4)
    assert lake.storage.folders(lake.root / "samples") == ["fer2013", "ferplus"]
    assert orphans() == (0, 0)
