import pytest

from emotion_pipeline_tests.stages import small_faces


@pytest.fixture(scope="session")
def drawn_faces(tmp_path_factory):
    """A workspace with everything from samples to landmarks of every small drawn dataset, and what
    was made of each; only for reading."""
    workspace = small_faces.workspace_in(tmp_path_factory.mktemp("drawn_faces"))
    made = {}
    for name in small_faces.DATASETS:
        small_faces.draw(workspace.settings.raw_root, name)
        made[name] = small_faces.make(workspace, name)
    return workspace, made
