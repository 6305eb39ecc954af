"""What holds of a table as a whole, as small frames: one row per fact, named in `name`.

Great Expectations judges rows. A rate, a class count or a column type becomes a row here, so that
it is judged, reported and printed like everything else.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from emotion_pipeline.quality.expected import ClassCounts

# FER2013 and FER+ have no row that cannot be used; one in a hundred allows for a few damaged
# files on a disk, and more means that the folder is not what the reader takes it for.
MAX_REJECT_SHARE = 0.01
FEW_REJECTS = 5
# A published dataset in which somebody mended a few labels is still that dataset.
MENDED_SHARE = 0.01
# A sample this large lacks the rarest emotion of FER2013 (1.5 %) one time in twenty at most.
NO_CLASS_ABSENT_FROM_ROWS = 200


def column_facts(stored: pa.Schema, expected: pa.Schema) -> pd.DataFrame:
    """One row per column of either: name, type, expected_type; a type is `none` where it is not."""
    has = dict(zip(stored.names, stored.types, strict=True))
    wants = dict(zip(expected.names, expected.types, strict=True))
    # Parquet has a word of its own for the items of a list; equal types are shown alike.
    has |= {name: wants[name] for name in has if has[name] == wants.get(name)}
    names = list(dict.fromkeys([*wants, *has]))
    columns = {"name": names, "type": [str(has.get(name, "none")) for name in names]}
    columns["expected_type"] = [str(wants.get(name, "none")) for name in names]
    return pd.DataFrame({name: pd.Series(texts, dtype=str) for name, texts in columns.items()})


def reject_facts(n_rows: int, n_rejects: int) -> pd.DataFrame:
    """One row: name, n_rows kept, n_rejects, and n_allowed of them."""
    allowed = max(FEW_REJECTS, int(MAX_REJECT_SHARE * (n_rows + n_rejects)))
    return pd.DataFrame(
        {"name": ["rejects"], "n_rows": n_rows, "n_rejects": n_rejects, "n_allowed": allowed}
    )


def agreement_facts(votes: pd.DataFrame) -> pd.DataFrame:
    """One row: name, n_compared and agreement_share, 0 to 1, of `emotion` with `label`.

    `votes` is a profile of votes with the column `label`, the emotion that the dataset of the
    pictures gives to the same sample. Rows without one of the two are not compared; where none is
    left the share is 0, because a join that matched nothing is the worst misalignment.
    """
    both = votes.reindex(columns=["emotion", "label"]).dropna()
    n_agreeing = int((both["emotion"] == both["label"]).sum())
    share = n_agreeing / max(len(both), 1)
    return pd.DataFrame({"name": ["agreement"], "n_compared": len(both), "agreement_share": share})


def total_facts(n_rows: int, n_rejects: int, n_published: int) -> pd.DataFrame:
    """One row: name, n_rows that are usable, n_found with the rejects, n_published."""
    n_found = n_rows + n_rejects
    columns = {"n_rows": n_rows, "n_found": n_found, "n_published": n_published}
    return pd.DataFrame({"name": ["total"], **columns})


def split_facts(samples: pd.DataFrame, column: str) -> pd.DataFrame:
    """One row per value of a column, such as a person: name, n_rows, and n_splits it stands in.

    `samples` is a profile; rows without a value are nobody's. Pictures, which are told apart by
    their digests, are named after one of their rows in each split.
    """
    rows = samples.reindex(columns=[column, "split", "sample_id"]).dropna()
    groups = rows.groupby(column)["split"]
    found = pd.DataFrame({"n_rows": groups.size(), "n_splits": groups.nunique()}).astype(np.int64)
    found = found.rename_axis("name").reset_index().astype({"name": str})
    if column == "image_digest":
        apart = rows.drop_duplicates([column, "split"]).groupby(column)["sample_id"]
        found["name"] = found["name"].map(apart.agg(" and ".join))
    return found


def class_facts(samples: pd.DataFrame, published: ClassCounts, n_rejects: int) -> pd.DataFrame:
    """One row per class: name, n_rows, and the bounds at_least and at_most, all counts.

    `samples` is a profile; `published[split][emotion]` are the published counts, `a+b` being the
    splits a and b together. A table with as many rows, rejects included, as were published is the
    whole dataset, judged per split and emotion; any other is a sample of it, which may hold one
    split only, judged per emotion.
    """
    labels = samples.reindex(columns=["split", "emotion"]).dropna().astype(str)
    together = {split: joined for joined in published for split in joined.split("+")}
    labels["split"] = labels["split"].replace(together)
    counts = pd.Series(
        {(split, emotion): n for split, row in published.items() for emotion, n in row.items()}
    )
    if len(samples) + n_rejects == counts.sum():
        names = labels["split"] + "/" + labels["emotion"]
        counts.index = pd.Index([f"{split}/{emotion}" for split, emotion in counts.index])
        mended = np.ceil(MENDED_SHARE * counts)
        at_least = (counts - n_rejects - mended).clip(lower=0)
        return _bounded(names, counts, at_least, counts + mended)
    counts = counts.groupby(level=1, sort=False).sum()
    return _bounded(labels["emotion"], counts, *_share_bounds(len(samples), counts))


def _share_bounds(n_rows: int, published: pd.Series) -> tuple[pd.Series, pd.Series]:
    """A third of and three times the published share, with three standard deviations of slack.

    Not even a lopsided sample of a dataset is further off; a label map that swaps a rare emotion
    with a common one is. The slack keeps samples of a few dozen rows from failing by chance.
    """
    expected = n_rows * published / max(published.sum(), 1)
    low, high = expected / 3, expected * 3
    at_least = np.floor(low - 3 * np.sqrt(low)).clip(lower=0)
    if n_rows >= NO_CLASS_ABSENT_FROM_ROWS:
        at_least = at_least.where(published == 0, at_least.clip(lower=1))
    return at_least, np.ceil(high + 3 * np.sqrt(high)).clip(upper=published)


def _bounded(
    names: pd.Series, published: pd.Series, at_least: pd.Series, at_most: pd.Series
) -> pd.DataFrame:
    """Counts beside their bounds; a class that was never published may have no rows."""
    counted = names.value_counts()
    classes = [*published.index, *sorted(set(counted.index) - set(published.index))]
    columns = {"n_rows": counted, "at_least": at_least, "at_most": at_most}
    frame = pd.DataFrame(
        {name: values.reindex(classes, fill_value=0) for name, values in columns.items()}
    )
    return frame.astype(np.int64).rename_axis("name").reset_index()
