"""How every table is derived from another: skip, reuse, compute, bucket by bucket, in parallel.

A bucket whose footer already names the same inputs and code is skipped. Where only the inputs
changed, rows with an unchanged input digest are reused and the function sees only the others.
A killed run loses the buckets that were being worked on.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.util import Finalize
from typing import Protocol

import numpy as np
import pyarrow as pa
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from emotion_pipeline.digests import combined, row_digests
from emotion_pipeline.lake.reuse import OldRows
from emotion_pipeline.lake.tables import DamagedTable, Table
from emotion_pipeline.schema import DIGEST

RowFunction = Callable[[pa.Table], pa.Table]
TRIALS = 3
"""How often buckets are given to new workers when workers are killed, as where memory is short."""


class WorkersDied(RuntimeError):
    """Worker processes were killed in every trial."""


class Source(Protocol):
    """Rows to derive from: a table of the lake, or raw rows in memory."""

    @property
    def n_buckets(self) -> int: ...

    def parts(self, bucket: int, columns: Sequence[str]) -> Iterable[pa.Table]: ...

    def part(self, bucket: int, number: int) -> pa.Table: ...


@dataclass(frozen=True)
class RowsInMemory:
    """Rows that are already split into buckets."""

    buckets: list[pa.Table]

    @property
    def n_buckets(self) -> int:
        return len(self.buckets)

    def parts(self, bucket: int, columns: Sequence[str]) -> Iterable[pa.Table]:
        return (self.buckets[bucket].select(list(columns)),)

    def part(self, bucket: int, number: int) -> pa.Table:
        return (self.buckets[bucket],)[number]


@dataclass(frozen=True)
class Engine:
    """What carries the work: a joblib backend and a number of workers, or a cluster's address."""

    backend: str = "loky"
    workers: int = 1

    def map(
        self, function: Callable[[int], "Outcome"], items: Sequence[int]
    ) -> Iterator["Outcome"]:
        """Results as they are finished; WorkersDied where every trial kills a worker."""
        if self.backend.startswith(("ray", "dask")):
            from emotion_pipeline.lake.clusters import map_on

            yield from map_on(self.backend, self.workers, function, items)
        elif self.workers == 1 or self.backend == "sequential":
            yield from map(function, items)
        else:
            yield from self._map_in_workers(function, items)

    def _map_in_workers(
        self, function: Callable[[int], "Outcome"], items: Sequence[int]
    ) -> Iterator["Outcome"]:
        _end_workers_with_process(os.getpid())
        waiting = list(items)
        for trial in range(1, TRIALS + 1):
            run = Parallel(self.workers, backend=self.backend, return_as="generator_unordered")
            try:
                for item, outcome in run(delayed(_numbered)(function, item) for item in [*waiting]):
                    waiting.remove(item)
                    yield outcome
                return
            except TerminatedWorkerError as error:
                if trial == TRIALS:
                    raise WorkersDied(
                        f"workers were killed {TRIALS} times, with buckets {waiting} unfinished; "
                        "if memory is short, set EMOTION_PIPELINE_WORKERS to fewer"
                    ) from error


@cache
def _end_workers_with_process(_: int) -> None:
    """Let the workers, which are kept for the next table, end with this process.

    A process that `multiprocessing` started, such as a run of Dagster's daemon, would wait for them
    at its end, and they stay for five minutes.
    """
    Finalize(None, _end_workers, exitpriority=100)  # before the queues to the workers close


def _end_workers() -> None:
    get_reusable_executor(reuse=True).shutdown(kill_workers=True)


def _numbered(function: Callable[[int], "Outcome"], item: int) -> tuple[int, "Outcome"]:
    return item, function(item)


@dataclass
class Outcome:
    """What was done: buckets by kind, rows by kind."""

    n_buckets: int = 0
    n_rows: int = 0
    n_rows_computed: int = 0
    rewritten_buckets: list[int] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.n_buckets += other.n_buckets
        self.n_rows += other.n_rows
        self.n_rows_computed += other.n_rows_computed
        self.rewritten_buckets = sorted([*self.rewritten_buckets, *other.rewritten_buckets])

    def figures(self) -> dict[str, int]:
        return {
            "buckets_rewritten": len(self.rewritten_buckets),
            "rows_computed": self.n_rows_computed,
        }

    def __str__(self) -> str:
        buckets = f"{len(self.rewritten_buckets)} of {self.n_buckets} buckets rewritten"
        return f"{buckets}, {self.n_rows_computed:,} of {self.n_rows:,} rows computed"


@dataclass(frozen=True)
class RowMap:
    """One derivation: `function` turns rows of `source` into rows of `target`.

    `keyed_by` names the source columns that decide the result; `code` is the fingerprint of the
    function and its parameters. The function gets a table of the source's columns and returns at
    most one row per input row, in any order, without `input_digest`. With `many` it returns any
    number of them, named `<sample_id>#<number>` after the input row.
    """

    source: Source
    target: Table
    function: RowFunction
    code: str
    keyed_by: Sequence[str]
    many: bool = False

    def __call__(self, bucket: int) -> Outcome:
        parts = list(self._digests(bucket))
        digests = {name: digest for part in parts for name, digest in part.items()}
        inputs = combined(f"{name} {digest.hex()}" for name, digest in sorted(digests.items()))
        known = self.target.provenance(bucket)
        if known is not None and known.made_from(inputs, self.code):
            return Outcome(n_buckets=1, n_rows=len(digests))
        same_code = known is not None and known.code == self.code
        old = OldRows(self.target, bucket, digests if same_code else {}, self.origin)
        outcome = Outcome(1, len(digests), 0, [bucket])
        made = (self._made(bucket, number, part, old, outcome) for number, part in enumerate(parts))
        self.target.write(bucket, made, inputs, self.code)
        return outcome

    def origin(self, sample_id: str) -> str:
        """The `sample_id` of the input row that a row was made from."""
        return sample_id.rpartition("#")[0] if self.many else sample_id

    def _digests(self, bucket: int) -> Iterator[dict[str, bytes]]:
        """The input digest of every source row, part by part."""
        for keys in self.source.parts(bucket, list(dict.fromkeys(["sample_id", *self.keyed_by]))):
            names = keys["sample_id"].to_pylist()
            yield dict(zip(names, row_digests(keys, self.keyed_by), strict=True))

    def _made(
        self, bucket: int, number: int, digests: dict[str, bytes], old: OldRows, outcome: Outcome
    ) -> pa.Table:
        """The rows of one part in the order of the source, reused or computed."""
        try:
            rows = old.take([name for name in digests if name in old.origins])
            todo = [name not in old.origins for name in digests]
        except DamagedTable:
            rows, todo = [], [True] * len(digests)
        if any(todo):
            source = self.source.part(bucket, number).filter(np.array(todo))
            rows.append(self._computed(source, digests))
            outcome.n_rows_computed += source.num_rows
        found = pa.concat_tables(rows) if rows else self.target.schema.empty_table()
        return self._in_order(found, list(digests))

    def _computed(self, rows: pa.Table, digests: dict[str, bytes]) -> pa.Table:
        rows = self.function(rows)
        own = [digests[self.origin(name)] for name in rows["sample_id"].to_pylist()]
        rows = rows.append_column("input_digest", pa.array(own, DIGEST))
        return rows.select(self.target.schema.names)

    def _in_order(self, rows: pa.Table, names: list[str]) -> pa.Table:
        places = {name: place for place, name in enumerate(names)}
        keys = [(places[self.origin(name)], name) for name in rows["sample_id"].to_pylist()]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return rows if order == list(range(len(keys))) else rows.take(order)


def run(job: RowMap, engine: Engine, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Bring the target up to date; `progress(done, of)` is called after every bucket.

    Raises ValueError where source and target are not bucketed alike.
    """
    if job.source.n_buckets != job.target.n_buckets:
        raise ValueError(
            f"source has {job.source.n_buckets} buckets, target {job.target.n_buckets}"
        )
    job.target.remove_strays()
    total = Outcome()
    for done, outcome in enumerate(engine.map(job, range(job.target.n_buckets)), start=1):
        total.add(outcome)
        if progress is not None:
            progress(done, job.target.n_buckets)
    job.target.trust(total.rewritten_buckets)
    return total
