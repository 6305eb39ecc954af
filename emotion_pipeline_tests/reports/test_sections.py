"""How tables of reports are written: the name of a column decides."""

import numpy as np
import pandas as pd
import pytest

from emotion_pipeline.reports.parts.sections import MAX_ROWS, Shown, text_of

NAN = float("nan")


def cells(**columns):
    return Shown("t", "", pd.DataFrame(columns)).rows()[0]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy_score", 0.8712, "87.1"),
        ("flip_rate", 0.05, "5.0"),
        ("rejects_share", 0.0123, "1.2 %"),
        ("jensen_shannon_error", 0.0871, "0.087"),
        ("validation_loss", 1.2, "1.200"),
        ("accuracy_score_difference", -0.0121, "−1.2"),
        ("jensen_shannon_error_difference", 0.0041, "+0.004"),
        ("p_value_holm", 0.0004, "< 0.001"),
        ("p_value", 0.25, "0.250"),
        ("n", 3153, "3,153"),
        ("latency_ms", 2.345, "2.35"),
        ("on_front", True, "yes"),
        ("accuracy_score", NAN, "–"),
        ("gender", None, "–"),
        ("words", "a" * 400, "a" * 300 + "…"),
    ],
)
def test_a_value_is_written_by_the_name_of_its_column(name, value, text):
    assert text_of(name, value) == text


def test_an_interval_stands_below_its_value_and_has_no_column_of_its_own():
    shown = Shown(
        "t",
        "",
        pd.DataFrame({"x_score": [0.5], "x_score_low": [0.4], "x_score_high": [0.6]}),
    )
    assert [cell.text for cell in shown.headings()] == ["x, %"]
    assert [(cell.text, cell.below) for cell in shown.rows()[0]] == [("50.0", "40.0–60.0")]


def test_an_interval_of_a_difference_keeps_its_signs():
    (cell,) = cells(
        x_score_difference=[-0.01], x_score_difference_low=[-0.02], x_score_difference_high=[0.01]
    )
    assert cell.below == "−2.0 to +1.0"


def test_a_mean_has_its_standard_deviation_beside_it():
    assert [cell.text for cell in cells(x_score_mean=[0.861], x_score_sd=[0.004])] == ["86.1 ± 0.4"]
    assert [cell.text for cell in cells(x_score_mean=[0.861], x_score_sd=[NAN])] == ["86.1"]


def test_headings_name_units():
    shown = Shown("t", "", pd.DataFrame(columns=["latency_ms", "width_px", "gap_score_difference"]))
    assert [cell.text for cell in shown.headings()] == [
        "latency, ms",
        "width, px",
        "gap difference, points",
    ]


def test_a_long_table_is_cut_on_the_page_only():
    shown = Shown("t", "", pd.DataFrame({"n": np.arange(MAX_ROWS + 3)}))
    assert len(shown.rows()) == MAX_ROWS
    assert shown.n_left_out == 3


def test_chosen_columns_stand_in_their_order():
    shown = Shown("t", "", pd.DataFrame({"a": ["x"], "b": ["y"], "n": [1]}), columns=("n", "a"))
    assert [cell.text for cell in shown.rows()[0]] == ["1", "x"]
