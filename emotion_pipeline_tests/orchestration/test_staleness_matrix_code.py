"""Edit the code, for real, and exactly what depends on it is made again, by the edited code."""

import time
from pathlib import Path

import pytest

from emotion_pipeline_tests.orchestration.edited_package import edited
from emotion_pipeline_tests.orchestration.finished import ASKED_FOR

FINISHED = "emotion_pipeline_tests.orchestration.finished"
NOTHING: set[str] = set()
SAMPLES = {"samples/fer2013", "samples/ferplus", "samples/fer2013_folder"}
DUPLICATES = {"duplicates/fer2013", "duplicates/fer2013_folder"}
GRAYSCALE = {"grayscale/fer2013", "grayscale/fer2013_folder"}
DEGRADED = {"degraded/fer2013[jpeg-1]", ASKED_FOR}
MODELS = {"models/ferplus_cnn5[1]", "models/ferplus_cnn5[2]", "models/fer2013_folder_cnn5[1]"}
OF_VOTES = {
    "predictions/ferplus_cnn5[original]",
    "predictions/ferplus_cnn5[grayscale]",
    "predictions/ferplus_cnn5[jpeg-1]",
}
PREDICTIONS = OF_VOTES | {"predictions/fer2013_folder_cnn5[original]"}


EXPLORATION = {"exploration/fer2013", "exploration/ferplus", "exploration/fer2013_folder"}


@pytest.fixture
def check(original, tmp_path):
    """Check what is stale and what is made of the finished pipeline by a package with edits.

    The lake is then in the folder `copy/lake`.
    """

    def check_edited(stale, made, *edits, unseen=()):
        with edited(tmp_path / "edited", *edits) as imported:
            module = imported(FINISHED)
            finished = module.Finished(original.root, original.instance).copy(tmp_path / "copy")
            module.check(finished, stale, made, unseen)

    return check_edited


def _written(tmp_path: Path, began_ns: int, *groups: str) -> list[Path]:
    """The files of assets in the copied lake that were written since then."""
    files = (file for group in groups for file in (tmp_path / "copy" / "lake" / group).rglob("*"))
    return [file for file in files if file.is_file() and file.stat().st_mtime_ns > began_ns]


def test_words_looks_and_plumbing_make_nothing_stale(check):
    check(
        NOTHING,
        NOTHING,
        ("imaging/grayscale.py", "import cv2\n", "# For its speed.\nimport cv2  # and its luma\n"),
        ("imaging/codec.py", '"""Between encoded bytes', '"""From encoded bytes'),
        ("imaging/resize.py", "Pixels are averaged", "They are averaged"),
        ("quality/duplicates.py", '"""Sums over', '\n    """Sums of'),
        ("training/losses.py", "FOCAL_GAMMA = 2.0", "FOCAL_GAMMA = (\n    2.0\n)"),
        ("lake/tables.py", "compression_level=1", "compression_level=2"),
        ("cli.py", "Print what", "Tell what"),
    )


def test_a_function_of_one_kind_of_asset_with_the_same_result_stops_there(check):
    edit = ('pc.greater(groups["sample_id_count"], 1)', 'pc.less(1, groups["sample_id_count"])')
    check(DUPLICATES, DUPLICATES, ("quality/duplicates.py", *edit))


def test_a_function_of_one_kind_of_asset_with_another_result_goes_on_below(check):
    """Only the samples with copies of pictures have other groups."""
    edit = ('("sample_id", "ascending")', '("sample_id", "descending")')
    made = DUPLICATES | {"exploration/fer2013"}
    check(DUPLICATES, made, ("quality/duplicates.py", *edit))


def test_another_gray_goes_on_to_the_predictions_that_are_made_of_it(check):
    """Its table has no partitions, so all predictions of a recipe that uses it are looked at."""
    edit = ("return image if image.ndim == 2", "return 255 - image if image.ndim == 2")
    check(GRAYSCALE, GRAYSCALE | OF_VOTES, ("imaging/grayscale.py", *edit))


def test_a_helper_makes_stale_all_that_it_helps(check):
    edit = ('f"{name}.png" for name in names', 'name + ".png" for name in names')
    stale = SAMPLES | GRAYSCALE | DEGRADED
    check(stale, stale, ("imaging/pictures.py", *edit))


def test_another_severity_of_one_corruption_goes_on_only_where_it_is_used(check, tmp_path):
    """All degraded pictures are of one code for Dagster; files of the others are left alone."""
    edit = ('"jpeg": (90.0,', '"jpeg": (95.0,')
    made = DEGRADED | {"predictions/ferplus_cnn5[jpeg-1]"}
    began_ns = time.time_ns()
    check(DEGRADED, made, ("imaging/degrade/severities.py", *edit))
    written = _written(tmp_path, began_ns, "degraded")
    assert {file.parent.name for file in written} == {"domain=jpeg-1"}


def test_code_of_training_with_the_same_weights_stops_at_the_models(check):
    check(MODELS, MODELS, ("training/losses.py", "FOCAL_GAMMA = 2.0", "FOCAL_GAMMA = 2.5"))


def test_which_rows_are_learned_from_goes_on_where_it_is_learned_and_predicted(check):
    edit = ("np.isin(_column(rows", "np.isin(0 or _column(rows")
    check(MODELS | PREDICTIONS, MODELS | PREDICTIONS, ("stages/labelled_rows.py", *edit))


def test_a_stage_of_pictures_is_looked_at_again_and_computes_nothing(check, tmp_path):
    began_ns = time.time_ns()
    stale = GRAYSCALE | DEGRADED
    check(stale, stale, ("stages/pictures.py", "PREVIEW_PICTURES = 24", "PREVIEW_PICTURES = 12"))
    assert not _written(tmp_path, began_ns, "grayscale", "degraded")


def test_a_stage_of_trainings_is_looked_at_again_and_trains_nothing(check, tmp_path):
    began_ns = time.time_ns()
    check(MODELS, MODELS, ("stages/models.py", 'FOLDS = "folds"', 'FOLDS = "parts"'))
    assert not _written(tmp_path, began_ns, "models")


def test_a_reader_makes_only_its_own_samples_stale(check):
    stale = {"samples/ferplus"}
    check(
        stale,
        stale,
        ("datasets/ferplus.py", 'FILE = "fer2013new.csv"', 'FILE = "fer2013NEW.csv".lower()'),
    )


def test_another_rule_is_asked_again_and_the_samples_stay(check):
    """Events do not tell by which rules samples were judged."""
    edit = ("MIN_AGREEMENT_SHARE = 0.5", "MIN_AGREEMENT_SHARE = 0.4")
    stale = SAMPLES | EXPLORATION
    check(stale, stale, ("quality/suites.py", *edit), unseen=SAMPLES)
