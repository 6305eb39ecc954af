import pytest

from emotion_pipeline_tests.orchestration.small import Small


@pytest.fixture
def small(tmp_path):
    found = Small(tmp_path)
    found.draw()
    return found
