import numpy as np
import pytest

from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.parts.calibration.vote_sections import of_people
from emotion_pipeline.votes import VOTE_CLASSES
from emotion_pipeline_tests.reports import made_up


def two_panels(again):
    """A later table, an earlier one in which the rows `again` hold other votes, what is said of
    both, and its tables by name."""
    later = made_up.votes_table()
    earlier = later.copy()
    other = made_up.votes_table(seed=1)
    earlier.loc[again, earlier.columns[2:]] = other.loc[again, other.columns[2:]]
    votes = {"ferplus": later, "ferplus_2016": earlier}
    sections = of_people(Results(models=[made_up.result(n=50)], votes=votes))
    said = " ".join(line for section in sections for line in section.lines)
    tables = {shown.name: shown.table for section in sections for shown in section.tables}
    return later, earlier, said, tables


def test_panels_are_compared_where_people_voted_again_and_nowhere_else():
    later, earlier, said, tables = two_panels(range(150))
    counts = [f"votes_{name}" for name in VOTE_CLASSES]
    again = (later[counts] != earlier[counts]).any(axis=1)
    both = again & later["emotion"].notna() & earlier["emotion"].notna()
    table = tables["panels_two"].set_index("pictures")
    assert table.loc["test", "n"] == both.sum()
    agreed = (later["emotion"] == earlier["emotion"])[both]
    assert table.loc["test", "agreement_score"] == pytest.approx(agreed.mean())
    assert f"{300 - again.sum():,} of 300 pictures have the same counts" in said
    assert tables["panels_by_emotion"]["n"].sum() == both.sum()


def test_agreement_is_weighted_by_the_mix_of_the_test_rows():
    later, _, _, tables = two_panels(range(300))
    table = tables["panels_by_emotion"].set_index("emotion")
    there = table[table["n"] > 0]
    mix = later.loc[later["emotion"].notna(), "emotion"].value_counts()[there.index]
    expected = np.average(there["agreement_score"], weights=mix)
    assert tables["panels_two"]["reweighted_score"].iloc[0] == pytest.approx(expected)


def test_a_copied_table_is_no_second_panel():
    _, _, said, tables = two_panels([])
    assert "300 of 300 pictures have the same counts" in said
    assert "No picture was voted on again" in said
    assert "panels_two" not in tables
