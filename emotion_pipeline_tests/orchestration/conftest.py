import pytest

from emotion_pipeline_tests.orchestration.small import Small

pytest.register_assert_rewrite("emotion_pipeline_tests.orchestration.finished")


@pytest.fixture
def small(tmp_path):
    found = Small(tmp_path)
    found.draw()
    return found


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A finished pipeline that nobody may change."""
    from emotion_pipeline_tests.orchestration.finished import make

    return make(tmp_path_factory.mktemp("finished") / "original")


@pytest.fixture
def finished(original, tmp_path):
    """A finished pipeline to change one thing of."""
    return original.copy(tmp_path / "copy")
