import os

import pytest

from emotion_pipeline.lake import memory
from emotion_pipeline.settings import Settings
from emotion_pipeline_tests.orchestration.small import PICTURE_STAGES, Small

pytest.register_assert_rewrite("emotion_pipeline_tests.orchestration.finished")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A lake and a home that are not there yet, whatever this machine is set to."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    for name in [name for name in os.environ if name.startswith("EMOTION_PIPELINE_")]:
        monkeypatch.delenv(name)
    return Settings(lake=tmp_path / "lake", dagster_home=tmp_path / "home")


@pytest.fixture
def small(tmp_path):
    found = Small(tmp_path)
    found.draw()
    return found


@pytest.fixture(scope="session")
def pictures_made(tmp_path_factory):
    """A small pipeline of which the stages of pictures are made, to be copied."""
    return _made(tmp_path_factory, *PICTURE_STAGES)


@pytest.fixture(scope="session")
def everything_made(tmp_path_factory):
    """A small pipeline of which everything is made, to be copied."""
    return _made(tmp_path_factory)


def _made(tmp_path_factory, *patterns):
    found = Small(tmp_path_factory.mktemp("made") / "original")
    found.draw()
    assert found.refresh(*patterns).succeeded
    return found


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A finished pipeline that nobody may change."""
    from emotion_pipeline_tests.orchestration.finished import make

    return make(tmp_path_factory.mktemp("finished") / "original")


@pytest.fixture
def finished(original, tmp_path, monkeypatch):
    """A finished pipeline to change one thing of; it was made long ago and has been looked at."""
    monkeypatch.setattr(memory, "SETTLED_NS", 0)
    copy = original.copy(tmp_path / "copy")
    assert not copy.status()
    return copy
