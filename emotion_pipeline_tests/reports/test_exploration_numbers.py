"""The numbers of the exploration, each against what was planted."""

import numpy as np
import pandas as pd
import pytest

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.exploration import render
from emotion_pipeline.reports.exploration.counting import MISSING
from emotion_pipeline.votes import VOTE_CLASSES
from emotion_pipeline_tests.reports import explored_made_up as made_up


def tables(rows=None, **others):
    return render(made_up.explored(rows, **others)).tables


def box(side):
    return {"left_px": 2, "top_px": 3, "right_px": 2 + side, "bottom_px": 4}


def test_every_row_is_counted_once_in_its_class_and_split():
    rows = made_up.samples(417)
    rows.loc[:2, "emotion"] = None
    rows.loc[3, "emotion"] = "bored"
    rows.loc[4, "split"] = None
    table = tables(rows)["class_counts"].set_index("emotion")
    assert table.index.tolist() == [*made_up.SEVEN, "bored", MISSING]
    splits = ["train", "validation", "test", MISSING]
    assert table[splits].to_numpy().sum() == table["all"].sum() == 417
    assert table.loc[MISSING, "train"] == 3
    assert table.loc["bored", "all"] == 1
    assert table[[f"{split}_share" for split in splits]].sum().to_numpy() == pytest.approx(1)


def test_a_class_that_may_occur_and_does_not_is_a_row_of_zeros():
    report = render(made_up.explored(emotions=EMOTIONS))
    assert report.tables["class_counts"].set_index("emotion").loc["contempt", "all"] == 0
    assert report.html.count('class="hole"') == 4


def test_rejects_are_counted_by_reason_with_up_to_three_examples():
    many = [("a.csv", row, "bad_pixels", f"detail {row}") for row in range(5)]
    found = tables(rejects=made_up.rejects(("b.jpg", None, "blank", "black"), *many))
    assert found["rejects_by_reason"][["reason", "n"]].to_numpy().tolist() == [
        ["bad_pixels", 5],
        ["blank", 1],
    ]
    examples = found["reject_examples"]
    assert examples["reason"].tolist() == ["bad_pixels"] * 3 + ["blank"]
    assert examples["row"].tolist() == ["0", "1", "2", "–"]
    assert examples["detail"].tolist() == ["detail 0", "detail 1", "detail 2", "black"]


def test_sizes_and_color_modes_are_counted_most_frequent_first():
    rows = made_up.samples(100)
    rows.loc[:9, ["width_px", "height_px"]] = (7, 900)
    rows.loc[:29, "color_mode"] = "gray"
    report = render(made_up.explored(rows))
    sizes = report.tables["sizes"]
    assert sizes[["width_px", "height_px", "n"]].to_numpy().tolist() == [[40, 50, 90], [7, 900, 10]]
    assert sizes["share"].tolist() == pytest.approx([0.9, 0.1])
    assert report.tables["color_modes"]["color_mode"].tolist() == ["rgb", "gray"]
    assert "Widths from 7 to 40 px, heights from 50 to 900 px." in report.html
    assert "Every picture is 40 × 50 px." in render(made_up.explored()).html


def test_persons_are_counted_by_split_and_those_in_two_splits_are_found():
    rows = made_up.samples(420, **made_up.people())
    report = render(made_up.explored(rows))
    groups = report.tables["coverage_groups"].set_index("split")
    assert groups["n"].to_dict() == {"train": 20, "validation": 20, "test": 20, "all": 60}
    columns = ["pictures_min", "pictures_median", "pictures_max", "pictures_without"]
    assert groups.loc["all", columns].tolist() == [7, 7, 7, 0]
    assert "No persons stand in more than one split, as it must be." in report.html
    assert report.headline["persons_in_two_splits"] == 0

    rows.loc[0, "person_id"], rows.loc[1, "person_id"] = "F001", None
    report = render(made_up.explored(rows))
    assert report.headline["persons_in_two_splits"] == 1
    assert "1 persons stand in more than one split" in report.html
    assert report.tables["coverage_groups"]["pictures_without"].tolist() == [1, 0, 0, 1]


def test_holes_between_gender_angle_and_emotion_are_zeros():
    rows = made_up.samples(420, **made_up.people())
    found = tables(rows)
    table = found["coverage_emotion"]
    keys = list(zip(table["gender"], table["angle"], strict=True))
    assert keys == [
        *(("female", "full_left"), ("female", "straight")),
        *(("male", "full_left"), ("male", "straight")),
    ]
    counts = table[list(made_up.SEVEN)].to_numpy()
    assert counts.tolist() == [[30] * 7, [0] * 7, [0] * 7, [30] * 7]
    assert found["coverage_gender"]["all"].tolist() == [210, 210]


def test_what_a_dataset_does_not_tell_has_no_section():
    rows = made_up.samples(annotation=None, valence=np.nan, arousal=np.nan)
    report = render(made_up.explored(rows))
    for title in ("People and conditions", "Valence and arousal", "Faces", "Votes"):
        assert f"<h2>{title}</h2>" not in report.html
    assert "<h2>Valence and arousal</h2>" in render(made_up.explored(affected())).html


def affected():
    valence = np.where(
        np.arange(420) % 7 == 0, 0.5, np.where(np.arange(420) % 7 == 1, -0.5, np.nan)
    )
    return made_up.samples(valence=valence, arousal=-valence)


def test_valence_and_arousal_are_averaged_by_emotion():
    table = tables(affected())["valence_arousal"].set_index("emotion")
    assert table["n"].tolist() == [60, 60, 0, 0, 0, 0, 0]
    assert table["valence_mean"].tolist()[:2] == [0.5, -0.5]
    assert table["arousal_mean"].tolist()[:2] == [-0.5, 0.5]
    assert table["valence_mean"].isna().sum() == 5


@pytest.mark.parametrize("kind", [list, np.array])
def test_faces_are_counted_by_picture_and_by_larger_side(kind):
    sides = (7, 8, 31, 32, 127, 128)
    some = [kind([box(side) for side in sides]), kind([]), None, *[kind([box(1)])] * 3]
    rows = made_up.samples(6, (), boxes=pd.Series(some), n_boxes_published=[6, 0, 0, 1, 1, 2])
    report = render(made_up.explored(rows, emotions=()))
    faces = report.tables["faces_per_picture"].set_index("faces")["n"]
    assert faces[faces > 0].to_dict() == {"0": 2, "1": 3, "6 to 10": 1}
    assert report.tables["face_sizes"]["n"].tolist() == [4, 1, 1, 1, 1, 1]
    assert report.headline["faces"] == 9
    assert "1 published boxes could not be used." in report.html


def test_votes_are_counted_by_row_and_class_and_open_rows_by_reason():
    rows = made_up.votes(100)
    report = render(made_up.explored(rows, emotions=EMOTIONS, published_total=None))
    assert report.tables["votes_per_row"][["votes", "n"]].to_numpy().tolist() == [
        ["9", 1],
        ["10", 99],
    ]
    votes = report.tables["votes_by_class"]
    assert votes["class"].tolist() == list(VOTE_CLASSES)
    assert votes["n"].sum() == 999
    assert report.tables["undecided"][["undecided", "all"]].to_numpy().tolist() == [["tie", 10]]
    assert "10 of 100 rows (10.0 %) have no majority." in report.html
    assert "How many were published is not recorded." in report.html
    assert "<h2>Pictures</h2>" not in report.html
    assert "Equal pictures" not in report.html


def test_copies_are_summed_and_the_worst_groups_come_first():
    harmless = [("a", "train", "fear"), ("b", "train", "fear"), ("c", "train", "fear")]
    leaking = [("d", "train", "anger"), ("e", "test", "anger"), ("f", "test", "anger")]
    wrong = [("g", "validation", "anger"), ("h", "test", "fear")]
    report = render(made_up.explored(duplicates=made_up.duplicates(harmless, leaking, wrong)))
    assert report.tables["copies"]["n"].tolist() == [3, 5, 2, 1, 2]
    examples = report.tables["copy_examples"]
    assert examples["members"].str[0].tolist() == ["g", "d", "a"]
    assert examples[["pictures", "splits", "emotions"]].to_numpy().tolist() == [
        *([2, 2, 2], [3, 2, 1], [3, 1, 1])
    ]


def test_columns_are_listed_with_what_is_missing():
    rows = made_up.samples(100, boxes=pd.Series([[box(3)]] * 100))
    rows.loc[:24, "split"] = None
    table = tables(rows)["columns"].set_index("column")
    assert table.index.tolist() == rows.columns.tolist()
    assert table.loc["split", ["missing", "missing_share", "distinct"]].tolist() == [25, 0.25, 3]
    assert table.loc["pixel_sd", ["lowest", "highest"]].tolist() == ["20", "79"]
    assert np.isnan(table.loc["boxes", "distinct"])
