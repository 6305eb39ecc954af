"""The whole judgement of a dataset's table, from its frames and its suites."""

from collections.abc import Sequence

import pyarrow as pa

from emotion_pipeline.quality import facts, suites
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.quality.profile import profile
from emotion_pipeline.quality.validation import Verdict, validate


def check_pictures(
    samples: pa.Table, stored: pa.Schema, expected: Expected, rejects: Sequence[str] = ()
) -> Verdict:
    """Judge a table of pictures by what its dataset promises.

    `samples` need not have the pictures themselves, so `stored` says which columns the table in the
    lake has. `rejects` is the reason of every raw row that the reader set aside.
    """
    profiled, n_rejects = profile(samples), len(rejects)
    unexpected = [reason for reason in rejects if reason not in expected.rejects]
    frames = {
        "columns": facts.column_facts(stored, expected.columns),
        "pictures": profiled,
        "rejects": facts.reject_facts(samples.num_rows, len(unexpected)),
    }
    rules = {
        "columns": suites.columns(),
        "pictures": suites.pictures(expected, samples.num_rows),
        "rejects": suites.rejects(unexpected),
    }
    if expected.published:
        frames["class_counts"] = facts.class_facts(profiled, expected.published, n_rejects)
        rules["class_counts"] = suites.class_counts()
    if expected.published and expected.whole:
        n_published = sum(sum(counts.values()) for counts in expected.published.values())
        frames["total"] = facts.total_facts(samples.num_rows, n_rejects, n_published)
        rules["total"] = suites.total(samples.num_rows + n_rejects, n_published)
    for column in (*expected.apart, *(("image_digest",) if expected.pictures_apart else ())):
        frames[f"{column}_apart"] = facts.split_facts(profiled, column)
        rules[f"{column}_apart"] = suites.apart(
            {"image_digest": "picture"}.get(column, column.removesuffix("_id"))
        )
    return validate(frames, rules)


def check_votes(
    votes: pa.Table, stored: pa.Schema, expected: pa.Schema, rejects: Sequence[str] = ()
) -> Verdict:
    """Judge a table of votes: its columns, of which `stored` has those in the lake, its rows and
    rejects.

    Where the caller adds a column `label` (string, the emotion that the dataset of the pictures
    gives to the same sample_id, or null), the agreement with it is judged too.
    """
    profiled = profile(votes)
    frames = {
        "columns": facts.column_facts(stored, expected),
        "votes": profiled,
        "rejects": facts.reject_facts(votes.num_rows, len(rejects)),
    }
    rules = {
        "columns": suites.columns(),
        "votes": suites.votes(votes.num_rows),
        "rejects": suites.rejects(rejects),
    }
    if "label" in profiled:
        frames["agreement"] = facts.agreement_facts(profiled)
        rules["agreement"] = suites.agreement()
    return validate(frames, rules)
