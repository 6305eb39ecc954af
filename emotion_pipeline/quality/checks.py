"""The whole judgement of a dataset's table, from its frames and its suites."""

from collections.abc import Sequence

import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.quality import facts, suites
from emotion_pipeline.quality.profile import profile
from emotion_pipeline.quality.validation import Verdict, validate


def check_pictures(
    samples: pa.Table,
    emotions: Sequence[str],
    n_rejects: int,
    published: facts.ClassCounts | None = None,
    size_px: int | None = None,
    expected: pa.Schema = schema.SAMPLES,
) -> Verdict:
    """Judge a table of pictures: its columns, rows, rejects and, where published, class counts.

    `emotions` are those that the dataset may contain, `n_rejects` the raw rows that the reader set
    aside, `published[split][emotion]` the counts of the whole dataset, `size_px` the side of its
    square pictures.
    """
    profiled = profile(samples)
    frames = {
        "columns": facts.column_facts(samples, expected),
        "pictures": profiled,
        "rejects": facts.reject_facts(samples.num_rows, n_rejects),
    }
    rules = {
        "columns": suites.columns(),
        "pictures": suites.pictures(emotions, samples.num_rows, size_px),
        "rejects": suites.rejects(),
    }
    if published is not None:
        frames["class_counts"] = facts.class_facts(profiled, published, n_rejects)
        rules["class_counts"] = suites.class_counts()
    return validate(frames, rules)


def check_votes(votes: pa.Table, n_rejects: int, expected: pa.Schema = schema.VOTES) -> Verdict:
    """Judge a table of votes: its columns, rows and rejects.

    Where the caller adds a column `label` (string, the emotion that the dataset of the pictures
    gives to the same sample_id, or null), the agreement with it is judged too; the column does not
    count as surplus.
    """
    profiled = profile(votes)
    plain = votes.drop_columns("label") if "label" in votes.column_names else votes
    frames = {
        "columns": facts.column_facts(plain, expected),
        "votes": profiled,
        "rejects": facts.reject_facts(votes.num_rows, n_rejects),
    }
    rules = {
        "columns": suites.columns(),
        "votes": suites.votes(votes.num_rows),
        "rejects": suites.rejects(),
    }
    if "label" in profiled:
        frames["agreement"] = facts.agreement_facts(profiled)
        rules["agreement"] = suites.agreement()
    return validate(frames, rules)
