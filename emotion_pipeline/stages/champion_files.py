"""The files of `champions/<group>`: who is champion, who was refused, and how it came to that.

`champion.json` and `accepted.parquet` are about the model that was accepted last, `refused.json`
and `refused.parquet` about a candidate that was worse, where there is one, and `history.jsonl` has
a line per decision. The version of the artifact is that of `champion.json`, which has no times.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.metrics.promotion import Comparison
from emotion_pipeline.stages.base import Workspace

CHAMPION, ACCEPTED = "champion.json", "accepted.parquet"
REFUSED, LOST = "refused.json", "refused.parquet"
HISTORY = "history.jsonl"

# What a model said of every test picture. Pictures are the same where all but the answer is.
ANSWERS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("emotion", pa.string()),
        ("synthetic", pa.bool_()),
        ("predicted", pa.string()),
        ("right", pa.bool_()),
    ]
)

# Pictures that the accepted model got right and the candidate did not.
LOST_PICTURES = pa.schema([(name, pa.string()) for name in ("sample_id", "emotion", "predicted")])


@dataclass(frozen=True)
class Score:
    """An accuracy (0 to 1) over n pictures, with its 95 % interval; of none, 0 to 1."""

    n: int
    accuracy_score: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.accuracy_score:.1%} ({self.low:.1%} to {self.high:.1%}, n = {self.n:,})"


@dataclass(frozen=True)
class Entrant:
    """One seed of a recipe that is champion or wants to be.

    `weights` is the version of the weights; `validation_over_seeds` is the mean by which the recipe
    was chosen. The test accuracies are for information.
    """

    recipe: str
    seed: int
    weights: str
    synthetic: bool
    validation_over_seeds: float
    validation: Score
    test: Score
    test_without_leaks: Score

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        scores = ("validation", "test", "test_without_leaks")
        return cls(**{**values, **{name: Score(**values[name]) for name in scores}})

    def __str__(self) -> str:
        drawn = ", of drawn faces" if self.synthetic else ""
        return f"{self.recipe}, seed {self.seed}{drawn}"


@dataclass(frozen=True, eq=False)
class Refusal:
    """A candidate that is worse than what was accepted, and the pictures that it lost."""

    candidate: Entrant
    comparison: Comparison
    lost: pa.Table

    def __str__(self) -> str:
        return f"{self.candidate} is worse: {self.comparison}"


@dataclass(frozen=True, eq=False)
class Record:
    """All that an artifact says. `answers` are those of the champion."""

    champion: Entrant | None = None
    answers: pa.Table = field(default_factory=ANSWERS.empty_table)
    refusal: Refusal | None = None
    history: tuple[dict[str, Any], ...] = ()


def artifact(workspace: Workspace, group: str) -> Artifact:
    """Where the files of a group of recipes lie."""
    return workspace.lake.artifact(f"champions/{group}")


def read(target: Artifact) -> Record:
    """What is there; an empty record where nothing is.

    Where files are damaged, it is what the others tell: the champion is that of the last promotion
    in the history, and a refusal is gone, which is judged again.
    """
    folder, whole = target.folder, target.intact()
    history = tuple(_parsed_lines(folder / HISTORY)) if (folder / HISTORY).is_file() else ()
    promoted = [line["model"] for line in history if line["decision"] == "promoted"]
    champion = promoted[-1] if promoted else None
    if CHAMPION in whole:
        champion = json.loads((folder / CHAMPION).read_text())
    refusal = None
    if {REFUSED, LOST} <= whole:
        refused = json.loads((folder / REFUSED).read_text())
        candidate = Entrant.from_json(refused["candidate"])
        comparison = Comparison(**refused["comparison"])
        refusal = Refusal(candidate, comparison, pq.read_table(folder / LOST))
    return Record(
        champion=Entrant.from_json(champion) if champion else None,
        answers=pq.read_table(folder / ACCEPTED) if ACCEPTED in whole else ANSWERS.empty_table(),
        refusal=refusal,
        history=history,
    )


def write(target: Artifact, record: Record, inputs: str, code: str) -> None:
    """Put a record in the place of what is there."""
    with target.replace(inputs, code, content_of=[CHAMPION]) as folder:
        champion = asdict(record.champion) if record.champion else None
        (folder / CHAMPION).write_text(json.dumps(champion, indent=1))
        pq.write_table(record.answers, folder / ACCEPTED)
        (folder / HISTORY).write_text(_lines(record.history))
        if record.refusal is not None:
            refusal = record.refusal
            said = {
                "candidate": asdict(refusal.candidate),
                "comparison": asdict(refusal.comparison),
            }
            (folder / REFUSED).write_text(json.dumps(said, indent=1))
            pq.write_table(refusal.lost, folder / LOST)


def _lines(history: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in history)


def _parsed_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Without those that a damage has made unreadable."""
    for line in file.read_text(errors="replace").splitlines():
        with suppress(ValueError):
            yield json.loads(line)
