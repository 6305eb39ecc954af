import io
import math
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.datasets import affectnet, affectnet_npy
from emotion_pipeline.digests import row_digests
from emotion_pipeline_tests.raw_fakes import affectnet as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import scan

PICTURE = fake.pictures(7)[6]  # an angry one
POINTS = np.array(PICTURE.landmarks)


@pytest.fixture
def part(tmp_path):
    """A training part with pictures 5 and 6."""
    fake.write_mini(tmp_path / "AffectNet", fake.pictures(7)[5:])
    return tmp_path / "AffectNet" / "train_set"


def read(part):
    """Samples by name, and rejects as (source, reason)."""
    raw = scan(affectnet.DATASET, part.parents[1])
    made = affectnet.DATASET.to_samples(raw.good)
    rejects = raw.rejects + made.rejects
    assert all(one.detail.isprintable() and len(one.detail) < 200 for one in rejects)
    samples = {row["sample_id"]: row for row in made.good.to_pylist()}
    return samples, [(one.source, one.reason) for one in rejects]


def test_numbers_are_the_same_whether_they_are_stored_as_text_or_as_numbers(tmp_path):
    roots = [tmp_path / name / "AffectNet" for name in ("text", "numbers")]
    for root, as_text in zip(roots, (True, False), strict=True):
        fake.write_mini(root, fake.pictures(16), as_text)
    text, numbers = (read(root / "train_set") for root in roots)
    assert text == numbers
    assert len(text[0]) == 16


GOOD = {
    "float code": ("exp", 6.0, "emotion", "anger"),
    "code of one byte": ("exp", np.uint8(6), "emotion", "anger"),
    "code in a list": ("exp", [6], "emotion", "anger"),
    "code as bytes": ("exp", b"6", "emotion", "anger"),
    "text with blanks": ("exp", " 6 ", "emotion", "anger"),
    "big-endian": ("val", np.array(0.5, ">f4"), "valence", 0.5),
    "half precision": ("aro", np.float16(-0.5), "arousal", -0.5),
    "not available": ("val", "-2", "valence", None),
    "not available, a number": ("aro", -2.0, "arousal", None),
    "points": ("lnd", POINTS.astype(np.float32), "landmarks_px", PICTURE.landmarks),
    "Fortran order": ("lnd", np.asfortranarray(POINTS), "landmarks_px", PICTURE.landmarks),
    "whole pixels": ("lnd", np.ones(136, np.int16), "landmarks_px", [[1.0, 1.0]] * 68),
}


@pytest.mark.parametrize(("kind", "value", "name", "expected"), GOOD.values(), ids=GOOD.keys())
def test_values_are_read_in_every_type(part, kind, value, name, expected):
    fake.write_npy(part, 6, kind, value)
    samples, rejects = read(part)
    assert rejects == []
    assert samples["affectnet-train_set/6"][name] == expected


REJECTED = {
    "none": ("exp", "8", "no_emotion"),
    "no face": ("exp", 10, "no_emotion"),
    "code 11": ("exp", "11", "unknown_emotion"),
    "code NaN": ("exp", math.nan, "unknown_emotion"),
    "a name": ("exp", "anger", "unknown_emotion"),
    "two codes": ("exp", [6, 6], "bad_annotation"),
    "no code": ("exp", [], "bad_annotation"),
    "truth": ("exp", True, "bad_annotation"),
    "a complex number": ("exp", 6j, "bad_annotation"),
    "bytes that are no ASCII": ("exp", b"\xff", "bad_annotation"),
    "valence too high": ("val", 1.01, "value_out_of_range"),
    "valence as text NaN": ("val", "nan", "value_out_of_range"),
    "arousal infinite": ("aro", -math.inf, "value_out_of_range"),
    "landmarks too few": ("lnd", POINTS[:67], "bad_landmarks"),
    "landmarks turned": ("lnd", POINTS.T.copy(), "bad_landmarks"),
    "landmarks NaN": ("lnd", np.full(136, math.nan), "bad_landmarks"),
    "landmarks far away": ("lnd", np.full(136, 1e200), "bad_landmarks"),
    "landmarks as text": ("lnd", np.full(136, "1"), "bad_landmarks"),
}


@pytest.mark.parametrize(("kind", "value", "reason"), REJECTED.values(), ids=REJECTED.keys())
def test_a_value_that_cannot_be_is_a_reject_and_costs_no_other_picture(part, kind, value, reason):
    fake.write_npy(part, 6, kind, value)
    samples, rejects = read(part)
    assert rejects == [("train_set/images/6.jpg", reason)]
    assert set(samples) == {"affectnet-train_set/5"}


def npy(descr="'<f8'", shape="()", data=b"\0" * 8, order="False"):
    """A .npy file whose header says what it likes."""
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def saved(value, **options):
    file = io.BytesIO()
    np.save(file, value, **options)
    return file.getvalue()


BROKEN = {
    "empty": b"",
    "HTML": b"<html>Sign in</html>",
    "cut off": saved(np.ones(136))[:-1],
    "too long": saved(6) + b"\0",
    "cut off in the header": saved(6)[:40],
    "objects": saved(np.array(6, object), allow_pickle=True),
    "fields": saved(np.array((6, 6), "i4,i4")),
    "dates": npy("'<M8[s]'"),
    "an enormous shape": npy(shape="(1000000000000,)"),
    "an enormous text": npy("'<U2000000000'"),
    "many enormous sides": npy(shape="(99999, 99999, 99999)"),
    "999 x 999": npy(shape="(999, 999)"),
    "a negative side": npy(shape="(-1,)"),
    "a number of three bytes": npy("'<f3'", data=b"\0" * 3),
    "version 9": b"\x93NUMPY\x09\x00" + npy()[8:],
    "a header that ends too early": npy()[:8] + b"\x20\x00" + npy()[10:],
    "a header that is a program": npy("__import__('os').abort()"),
    "text beyond Unicode": npy("'<U2'", data=b"\xff" * 8),
}


@pytest.mark.parametrize("kind", ["exp", "val", "aro", "lnd"])
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_a_reject_and_costs_no_other_picture(part, kind, data):
    (part / "annotations" / f"6_{kind}.npy").write_bytes(data)
    samples, rejects = read(part)
    assert len(rejects) == 1
    assert rejects[0][1] in ("bad_annotation", "bad_landmarks" if kind == "lnd" else None)
    assert set(samples) == {"affectnet-train_set/5"}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_no_header_makes_the_reader_allocate_what_is_not_there(data):
    tracemalloc.start()
    try:
        with suppress(ValueError):
            affectnet_npy.array_in(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_a_file_of_any_length_is_not_read_further_than_a_label_can_be_long(part):
    path = part / "annotations" / "6_exp.npy"
    with path.open("wb") as file:
        file.truncate(1 << 30)  # a hole: no room on the disk
    tracemalloc.start()
    try:
        assert affectnet.DATASET.find(part.parents[1])
        with pytest.raises(affectnet_npy.Unusable, match=r"6_exp\.npy: more than"):
            affectnet_npy.read({"exp": str(path).encode()})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_only_the_emotion_has_to_be_annotated(part):
    for kind in ("val", "aro", "lnd"):
        (part / "annotations" / f"6_{kind}.npy").unlink()
    samples, rejects = read(part)
    assert rejects == []
    found = samples["affectnet-train_set/6"]
    assert (found["emotion"], found["split"]) == ("anger", "train")
    assert found["valence"] is found["arousal"] is found["landmarks_px"] is None
    (part / "annotations" / "6_exp.npy").unlink()
    assert read(part)[1] == [("train_set/images/6.jpg", "no_label")]


def test_annotations_without_a_picture_are_one_reject(part):
    (part / "images" / "6.jpg").unlink()
    samples, rejects = read(part)
    assert rejects == [("train_set/annotations/6_aro.npy", "picture_missing")]
    assert set(samples) == {"affectnet-train_set/5"}


@pytest.mark.parametrize(
    "place", ["6.jpg", "images/6.npy", "images/more/6.jpg", "annotations/6.npy", "../6_exp.npy"]
)
def test_files_in_other_places_are_rejects(part, place):
    path = part / place
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PICTURE.data)
    samples, rejects = read(part)
    assert [reason for _, reason in rejects] == ["outside_layout"]
    assert len(samples) == 2


@pytest.mark.parametrize("kind", ["exp", "val", "aro", "lnd"])
def test_a_changed_annotation_changes_what_its_picture_is_keyed_by_and_no_other(part, kind):
    def keys():
        rows = scan(affectnet.DATASET, part.parents[1]).good
        return row_digests(rows, affectnet.DATASET.keyed_by)

    before = keys()
    fake.write_npy(part, 6, kind, np.zeros(136) if kind == "lnd" else 1)
    after = keys()
    assert before[0] == after[0]
    assert before[1] != after[1]
    (part / "annotations" / f"6_{kind}.npy").rename(part / "annotations" / "8_val.npy")
    assert keys()[-1] != after[1]


SHAPES = st.sampled_from(["()", "(1,)", "(2,)", "(136,)", "(68, 2)", "(0,)", "(1, 1)"])
DATA = st.binary(max_size=1200) | st.sampled_from(
    [b"6\0\0\0", b"-1.5", b"\x05\0", np.float64(0.5).tobytes(), np.float64(math.nan).tobytes()]
)
TYPES = st.sampled_from(["<f8", ">f4", "|u1", "<i2", "<U1", "<U4", "|S3", "<f2", "|S0", "<i9"])


@settings(max_examples=200, deadline=None)
@given(TYPES, SHAPES, DATA, st.booleans(), st.binary(max_size=3))
def test_no_bytes_crash_the_reader_and_nothing_impossible_is_accepted(
    tmp_path_factory, descr, shape, data, fits, spoilt
):
    n_bytes = np.zeros(eval(shape), np.dtype(descr if descr != "<i9" else "i8")).nbytes  # noqa: S307
    data = (data * (n_bytes // max(len(data), 1) + 1))[:n_bytes] if fits else data
    whole = npy(repr(descr), shape, data)
    place = len(data) % len(whole)
    path = tmp_path_factory.getbasetemp() / "1_any.npy"
    for content in (whole, whole[:place] + spoilt + whole[place + 1 :], data):
        path.write_bytes(content)
        for kind in ("exp", "val", "aro", "lnd"):
            assert_possible(path, kind)


def assert_possible(path, kind):
    good = path.with_name("1_exp.npy")
    good.write_bytes(saved("6"))
    names = {"exp": str(good).encode(), kind: str(path).encode()}
    try:
        labels = affectnet_npy.read(names)
    except affectnet_npy.Unusable:
        return
    assert labels["emotion"] in affectnet.DATASET.emotions
    assert kind == "lnd" or labels["landmarks_px"] is None
    for name in ("valence", "arousal"):
        assert labels[name] is None or -1 <= labels[name] <= 1
    if kind == "lnd":
        assert np.isfinite(np.array(labels["landmarks_px"]).reshape(68, 2)).all()
