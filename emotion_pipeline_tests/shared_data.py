"""Where tests find what is too large or too private to lie in the repository.

The folder is named by EMOTION_PIPELINE_TEST_DATA, else it is `shared` beside the repository.
Tests that need it skip, with the reason, where it is missing.
"""

import os
from pathlib import Path

import pytest

VARIABLE = "EMOTION_PIPELINE_TEST_DATA"
FACE_LANDMARKER = "models/face_landmarker.task"
YUNET = "models/face_detection_yunet_2023mar.onnx"
GROUP_PHOTO = "selfie-many-people.jpg"

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared"


def shared_data() -> Path | None:
    """The folder of shared test data, or None where there is none."""
    folder = Path(os.environ.get(VARIABLE) or _BESIDE_THE_REPOSITORY)
    return folder if folder.is_dir() else None


def shared_file(name: str) -> Path:
    """A file of the shared folder, such as `FACE_LANDMARKER`; skips the test that lacks it."""
    folder = shared_data()
    if folder is None:
        pytest.skip(f"no shared test data: set {VARIABLE} to a folder that holds {name}")
    if not (folder / name).is_file():
        pytest.skip(f"{name} is not in the shared test data folder that {VARIABLE} names")
    return folder / name


def shared_photographs() -> list[Path]:
    """Photographs of one person each, in the order of their names; skips the test that lacks them.

    GROUP_PHOTO, of seven people, stands beside them.
    """
    folder = shared_file(f"data/photos/{GROUP_PHOTO}").parent
    return sorted(path for path in folder.glob("*.jpg") if path.name != GROUP_PHOTO)
