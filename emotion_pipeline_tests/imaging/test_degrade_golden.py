"""The suite gives the pictures that are published as documentation."""

import numpy as np
import pytest

from emotion_pipeline.domains import CORRUPTIONS
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.degrade import SUITE_VERSION
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline_tests.imaging.golden import FOLDER, NAMES, face_of, sheet

WHAT_TO_DO = (
    "{name} is no longer what docs/pictures/degradations shows. If that is meant, raise"
    " SUITE_VERSION in emotion_pipeline/imaging/degrade/__init__.py, write the sheets anew with"
    " `python -m emotion_pipeline_tests.imaging.golden`, look at them, and note the version in"
    " docs/degradations.md."
)
MAX_BYTES = 80_000
PAGE = FOLDER.parents[1] / "degradations.md"


def cells(values):
    """Numbers as a row of the page has them."""
    return " | ".join(
        " / ".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"
        for value in values
    )


@pytest.mark.parametrize("name", NAMES)
def test_results_are_the_published_ones(name):
    """Another processor may round a few pixels otherwise, by one gray level."""
    stored = decode((FOLDER / f"{name}.png").read_bytes())
    difference = np.abs(sheet(name, face_of(stored)).astype(int) - stored)
    assert difference.max() <= 1, WHAT_TO_DO.format(name=name)
    assert (difference > 0).mean() < 0.01, WHAT_TO_DO.format(name=name)


def test_every_sheet_is_of_the_suite_and_small():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.png" for name in NAMES}
    assert max(path.stat().st_size for path in FOLDER.iterdir()) < MAX_BYTES


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_the_page_has_every_number_and_the_version(corruption):
    text = PAGE.read_text(encoding="utf-8")
    values = SEVERITY_VALUES[corruption]
    rows = [cells(look) for look in values] if corruption == "old_photo" else [cells(values)]
    assert all(f" | {row} |\n" in text for row in rows)
    assert f"version {SUITE_VERSION}\n" in text.replace("**", "")
    assert f"![{corruption}, severities 1 to 5](pictures/degradations/{corruption}.png)" in text
