"""Rows of a bucket as it was, taken over into the bucket as it will be."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import pyarrow as pa

from emotion_pipeline.lake.tables import DamagedTable, Table


class OldRows:
    """Rows whose input has not changed; they are read part by part, as they are asked for."""

    def __init__(
        self, table: Table, bucket: int, digests: Mapping[str, bytes], origin: Callable[[str], str]
    ) -> None:
        """Those whose input digest is still that in `digests`; none where keys cannot be read.

        `origin` names the input row that a row was made from.
        """
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._part = lru_cache(maxsize=2)(lambda number: table.part(bucket, number))
        try:
            for number, part in enumerate(table.parts(bucket, ["sample_id", "input_digest"])):
                keys = (column.to_pylist() for column in part.columns)
                for row, (name, digest) in enumerate(zip(*keys, strict=True)):
                    if digests.get(origin(name)) == digest:
                        self._places[origin(name)].append((number, row))
        except DamagedTable:
            self._places.clear()
        self.origins = frozenset(self._places)
        """The input rows that there are rows of."""

    def take(self, origins: Sequence[str]) -> list[pa.Table]:
        """The rows that were made from these input rows, as tables in no order.

        Raises DamagedTable where they cannot be read after all.
        """
        wanted: dict[int, list[int]] = defaultdict(list)
        for origin in origins:
            for number, row in self._places[origin]:
                wanted[number].append(row)
        return [self._part(number).take(rows) for number, rows in wanted.items()]
