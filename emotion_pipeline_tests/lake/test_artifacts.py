import json
from pathlib import Path

import pytest

from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.artifacts import Artifact


def filled(artifact: Artifact, *, inputs="inputs", content_of=None, **files: str) -> Artifact:
    """The artifact, once it holds `<name>.txt` with these texts."""
    with artifact.replace(inputs, "code", content_of) as folder:
        for name, text in files.items():
            (folder / f"{name}.txt").write_text(text)
    return artifact


def half_filled(artifact: Artifact, death: type[BaseException]) -> None:
    with artifact.replace("inputs", "code") as folder:
        (folder / "weights.txt").write_text("half")
        raise death


def texts(artifact: Artifact) -> dict[str, str]:
    return {path.stem: path.read_text() for path in artifact.folder.glob("*.txt")}


@pytest.fixture
def artifact(tmp_path):
    return filled(Artifact(tmp_path / "models" / "some.recipe"), weights="1 2 3", curves="down")


def test_an_artifact_says_from_what_and_by_which_code_it_was_made(artifact):
    assert artifact.provenance().made_from("inputs", "code")
    assert artifact.version() == artifact.provenance().content


def test_an_absent_artifact_has_no_version(tmp_path):
    assert Artifact(tmp_path / "absent").version() is None
    assert Artifact(tmp_path / "absent").provenance() is None


def test_replacing_leaves_nothing_of_the_old_artifact(artifact):
    filled(artifact, weights="4 5 6")
    assert texts(artifact) == {"weights": "4 5 6"}


def test_files_in_folders_below_are_part_of_the_artifact(artifact):
    def with_page(text: str) -> str:
        with artifact.replace("inputs", "code") as folder:
            (folder / "pages").mkdir()
            (folder / "pages" / "1.html").write_text(text)
        return artifact.version()

    assert with_page("one") != with_page("two")
    (artifact.folder / "pages" / "1.html").unlink()
    assert artifact.version() is None


@pytest.mark.parametrize("death", [RuntimeError, KeyboardInterrupt])
def test_an_error_while_filling_leaves_the_old_artifact(artifact, death):
    version = artifact.version()
    with pytest.raises(death):
        half_filled(artifact, death)
    assert texts(artifact) == {"weights": "1 2 3", "curves": "down"}
    assert artifact.version() == version


def test_what_an_error_left_is_removed_by_the_next_replace(artifact):
    with pytest.raises(RuntimeError):
        half_filled(artifact, RuntimeError)
    filled(artifact, weights="4 5 6")
    assert list(artifact.folder.parent.iterdir()) == [artifact.folder]


def test_what_another_process_left_is_removed_by_the_next_replace(artifact):
    stray = artifact.folder.with_name(f".{artifact.folder.name}.1.unfinished")
    stray.mkdir()
    (stray / "weights.txt").write_text("half")
    filled(artifact, weights="4 5 6")
    assert list(artifact.folder.parent.iterdir()) == [artifact.folder]


def test_a_folder_that_is_being_filled_is_not_yet_the_artifact(tmp_path):
    artifact = Artifact(tmp_path / "report")
    with artifact.replace("inputs", "code") as folder:
        (folder / "index.html").write_text("text")
        assert list(folder.iterdir()) == [folder / "index.html"]
        assert artifact.version() is None
    assert artifact.version() is not None


def test_a_missing_file_makes_the_version_none(artifact):
    (artifact.folder / "weights.txt").unlink()
    assert artifact.version() is None


@pytest.mark.parametrize("text", ["1 2", "", "1 2 3 4"])
def test_a_file_of_another_size_makes_the_version_none(artifact, text):
    (artifact.folder / "weights.txt").write_text(text)
    assert artifact.version() is None


@pytest.mark.parametrize("notes", ["", "{", "{}", "[]", "null", '{"files": {}}', "\udcff"])
def test_broken_provenance_makes_the_version_none(artifact, notes):
    path = artifact.folder / "provenance.json"
    path.write_bytes(notes.encode("utf-8", "surrogateescape"))
    assert artifact.version() is None


def test_the_content_is_that_of_all_files_and_their_names(tmp_path):
    def version(**files: str) -> str:
        return filled(Artifact(tmp_path / "artifact"), **files).version()

    first = version(a="1", b="2")
    assert version(b="2", a="1") == first
    versions = [version(a="1", b="3"), version(a="2", b="1"), version(a="1", c="2"), version(a="1")]
    assert len({first, *versions}) == 5


def test_inputs_do_not_count_as_content(artifact):
    version = artifact.version()
    filled(artifact, inputs="other inputs", weights="1 2 3", curves="down")
    assert artifact.version() == version
    assert not artifact.provenance().made_from("inputs", "code")


def test_content_of_limits_what_counts_as_content(tmp_path):
    def version(weights: str, log: str) -> str:
        artifact = Artifact(tmp_path / "artifact")
        return filled(artifact, content_of=["weights.txt"], weights=weights, log=log).version()

    first = version("1 2 3", "took 5 s")
    assert version("1 2 3", "took 7 s") == first
    assert version("1 2 4", "took 5 s") != first


def test_files_that_are_not_content_still_have_to_be_there(tmp_path):
    artifact = Artifact(tmp_path / "artifact")
    filled(artifact, content_of=["weights.txt"], weights="1", log="2")
    (artifact.folder / "log.txt").unlink()
    assert artifact.version() is None


def test_content_that_was_not_written_leaves_the_old_artifact(artifact):
    version = artifact.version()
    with pytest.raises(KeyError, match=r"weights\.txt"):
        filled(artifact, content_of=["weights.txt"], curves="up")
    assert artifact.version() == version


def die_before_taking_its_place(artifact, monkeypatch, **contents):
    """A writer that is killed when the old artifact is away and the new one not yet there."""
    rename = Path.rename

    def renamed(path, target):
        if path.suffix == ".unfinished":
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", renamed)
        with pytest.raises(KeyboardInterrupt):
            filled(artifact, **contents)


def test_death_between_two_artifacts_is_not_mistaken_for_one(artifact, monkeypatch):
    die_before_taking_its_place(artifact, monkeypatch, weights="4 5 6")
    assert artifact.version() is None
    assert texts(filled(artifact, weights="4 5 6")) == {"weights": "4 5 6"}
    assert list(artifact.place.parent.iterdir()) == [artifact.place]


def test_what_such_a_death_put_aside_is_restored(artifact, monkeypatch):
    version, before = artifact.version(), texts(artifact)
    die_before_taking_its_place(artifact, monkeypatch, weights="4 5 6")
    artifact.restore()
    assert (artifact.version(), texts(artifact)) == (version, before)
    assert list(artifact.place.parent.iterdir()) == [artifact.place]


def test_restoring_a_whole_artifact_changes_nothing_and_none_gives_none(artifact, tmp_path):
    version = artifact.version()
    artifact.restore()
    assert artifact.version() == version
    Artifact(tmp_path / "none").restore()
    assert not (tmp_path / "none").exists()


def test_provenance_lists_every_file_with_its_size(artifact):
    notes = json.loads((artifact.folder / "provenance.json").read_text())
    sizes = {name: n_bytes for name, (n_bytes, _) in notes["files"].items()}
    assert sizes == {"weights.txt": 5, "curves.txt": 4}


def test_a_byte_that_changed_since_the_last_look_is_seen(tmp_path):
    artifact = filled(Lake(tmp_path).artifact("models/some"), weights="1 2 3", curves="down")
    version = artifact.version()
    file = artifact.place / "weights.txt"
    file.write_text("1 2 4")
    assert artifact.version() is None
    file.write_text("1 2 3")
    assert artifact.version() == version
    filled(artifact, weights="1 2 4")
    assert artifact.version() not in (None, version)
