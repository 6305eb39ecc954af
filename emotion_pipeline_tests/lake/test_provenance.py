import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.lake.provenance import Provenance
from emotion_pipeline_tests.lake.tables_made_up import FACES, faces_table

WRITTEN = Provenance("inputs", "code", "content")


@given(st.builds(Provenance, st.text(), st.text(), st.text()))
def test_what_is_written_down_is_read_back(provenance):
    assert Provenance.from_notes(provenance.as_notes()) == provenance


@given(st.sampled_from(sorted(WRITTEN.as_notes())), st.text())
def test_no_changed_note_is_believed(name, text):
    notes = WRITTEN.as_notes() | {name: text}
    if notes != WRITTEN.as_notes():
        with pytest.raises(ValueError, match="digest"):
            Provenance.from_notes(notes)


@pytest.mark.parametrize("name", sorted(WRITTEN.as_notes()))
def test_a_note_that_is_missing_is_refused(name):
    notes = WRITTEN.as_notes()
    del notes[name]
    with pytest.raises(KeyError):
        Provenance.from_notes(notes)


def test_a_bucket_whose_notes_were_changed_counts_as_missing(tmp_path):
    table = faces_table(tmp_path, FACES)
    content = table.provenance(2).content.encode()
    data = table.path(2).read_bytes()
    table.path(2).write_bytes(data.replace(content, content[::-1]))
    assert table.provenance(2) is None
    assert table.version() is None


def test_an_artifact_whose_notes_were_changed_counts_as_missing(tmp_path):
    artifact = Artifact(tmp_path / "model")
    with artifact.replace("inputs", "code") as folder:
        (folder / "weights.txt").write_text("1 2 3")
    file = artifact.folder / "provenance.json"
    file.write_text(file.read_text().replace('"inputs": "inputs"', '"inputs": "others"'))
    assert artifact.version() is None
