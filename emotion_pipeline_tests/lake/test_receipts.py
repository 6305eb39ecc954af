import pytest

from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.receipts import Receipt, Receipts

RECEIPT = Receipt("version", "code", {"faces/fer2013": "a", "models/ä": "b"})


@pytest.mark.parametrize("partition", [None, "old_photo-3"])
def test_a_receipt_comes_back_as_it_was_written(tmp_path, partition):
    Receipts(tmp_path).write("degraded/fer2013", partition, RECEIPT)
    assert Receipts(tmp_path).read("degraded/fer2013", partition) == RECEIPT


def test_a_receipt_is_replaced_and_nothing_else_is_left(tmp_path):
    receipts = Receipts(tmp_path)
    receipts.write("faces", None, RECEIPT)
    receipts.write("faces", None, Receipt("other", "code", {}))
    assert receipts.read("faces", None) == Receipt("other", "code", {})
    assert list((tmp_path / "faces").iterdir()) == [receipts.path("faces", None)]


def test_receipts_of_partitions_and_of_the_whole_are_apart(tmp_path):
    receipts = Receipts(tmp_path)
    places = [("a", None), ("a", "b"), ("a/b", None), ("a/b", "c"), ("a/c", "b")]
    for number, (key, partition) in enumerate(places):
        receipts.write(key, partition, Receipt(str(number), "code", {}))
    versions = [receipts.read(key, partition).version for key, partition in places]
    assert versions == ["0", "1", "2", "3", "4"]


def test_a_receipt_that_was_never_written_reads_as_none(tmp_path):
    assert Receipts(tmp_path / "absent").read("faces", None) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"version": "a", "code',
        b"null",
        b"[]",
        b'{"version": "a", "code": "b"}',
        b'{"version": "a", "code": "b", "inputs": {}, "more": 1}',
        b"\xff\xfe",
    ],
)
def test_a_broken_receipt_reads_as_none_and_can_be_written_anew(tmp_path, text):
    receipts = Receipts(tmp_path)
    receipts.write("faces", None, RECEIPT)
    receipts.path("faces", None).write_bytes(text)
    assert receipts.read("faces", None) is None
    receipts.write("faces", None, RECEIPT)
    assert receipts.read("faces", None) == RECEIPT


def test_receipts_lie_outside_the_folders_of_assets(tmp_path):
    lake = Lake(tmp_path)
    assert lake.receipts.path("faces/fer2013", None).is_relative_to(tmp_path / ".receipts")
    assert not lake.receipts.path("faces/fer2013", None).is_relative_to(lake.folder("faces"))
