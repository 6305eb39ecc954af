"""`emotion-pipeline import` and `audit`, on drawn faces."""

import csv

import pytest
from click.testing import CliRunner

from emotion_pipeline.cli import main
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.stages import foreign, imports
from emotion_pipeline.stages.base import Lacking, Workspace
from emotion_pipeline.training.recipe_files import RecipeError
from emotion_pipeline_tests.stages.imports_made_up import (
    DATASETS,
    lake_in,
    said,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return lake_in(tmp_path_factory.mktemp("imports"))


@pytest.fixture
def workspace(made, tmp_path):
    """The same lake with a raw folder of its own."""
    return Workspace(made.settings.model_copy(update={"raw": tmp_path / "raw"}))


@pytest.fixture
def run(workspace):
    def command(*arguments):
        variables = {
            "EMOTION_PIPELINE_LAKE": str(workspace.settings.lake),
            "EMOTION_PIPELINE_RAW": str(workspace.settings.raw_root),
        }
        return CliRunner().invoke(main, list(map(str, arguments)), env=variables)

    return command


def test_import_copies_a_file_with_its_recipe_and_audit_judges_it(workspace, run, tmp_path):
    path = tmp_path / "given.csv"
    said(workspace).rename(columns={"sample_id": "a=b"}).to_csv(path, index=False)
    options = ("--name", "ferplus_given", "--labels", "ferplus")
    done = run("import", path, *options, "--claim", 0.9, "--column", "a=b=sample_id")
    assert done.exit_code == 0, done.output
    assert "test pictures" in done.output
    folder = imports.folder(workspace.settings)
    assert (folder / "ferplus_given.csv").read_bytes() == path.read_bytes()
    assert sorted(one.name for one in folder.iterdir()) == [
        "ferplus_given.csv",
        "ferplus_given.yaml",
    ]
    assert "imported: ferplus_given" in run("sources").output
    again = run("import", path, *options)
    assert again.exit_code == 1
    assert "--force" in again.output
    assert "refresh predictions/ferplus_given" in run("audit", "ferplus_given").output
    recipe = imports.all_recipes(workspace.settings, DATASETS)["ferplus_given"]
    foreign.make(workspace, "ferplus_given", recipe, ORIGINAL)
    judged = run("audit", "ferplus_given")
    assert judged.exit_code == 1  # drawn faces support no claim
    assert "cannot be judged" in judged.output
    assert run("audit", "ferplus_givn").output.count("did you mean 'ferplus_given'") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--name", "../ferplus_x", "--labels", "ferplus"), "expected is <labels>_<anything>"),
        (("--name", "ferplus_cnn5", "--labels", "ferplus"), "a recipe of that name"),
        (("--name", "fer2013_x", "--labels", "ferplus"), "must be called ferplus"),
        (("--name", "ferplus_x", "--labels", "ferpuls"), "did you mean 'ferplus'"),
        (("--name", "ferplus_x", "--labels", "ferplus", "--pictures", "kdef"), "about fer2013"),
        (("--name", "ferplus_x", "--labels", "ferplus", "--label-space", "six"), "six"),
        (("--name", "ferplus_x", "--labels", "ferplus", "--claim", "91"), "0<=x<=1"),
        (("--name", "ferplus_x", "--labels", "ferplus", "--column", "a"), "NAME=MEANING"),
        (("--name", "ferplus_x", "--labels", "ferplus"), "needs columns"),
        (("--name", "kdef_x", "--labels", "kdef"), "refresh faces/kdef"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_words_and_leaves_nothing(
    workspace, run, tmp_path, options, words
):
    path = tmp_path / "given.csv"
    with path.open("w") as file:
        csv.writer(file).writerows([["a", "b"], [1, 2]])
    done = run("import", path, *options)
    assert done.exit_code in (1, 2)
    assert words in done.output
    assert not isinstance(done.exception, RecipeError | Lacking)
    folder = imports.folder(workspace.settings)
    assert not folder.exists() or list(folder.iterdir()) == []
