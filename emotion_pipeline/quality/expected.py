"""What a dataset promises of its samples, as far as it can be checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from emotion_pipeline import schema

ClassCounts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Expected:
    """The promises that `checks.check_pictures` holds a table of pictures to.

    `emotions` are those that may occur; none means that no row has one. `published[split][emotion]`
    are class counts, `train+validation` standing for two splits together; with `whole`, no picture
    of them may be missing. `size_px` is (width, height) of every picture. Below `blank_sd`, a
    standard deviation of gray values, a picture shows nothing. No value of a column in `apart` may
    stand in two splits, and with `pictures_apart` no picture. `rejects` are the reasons for which a
    healthy copy has rejects too.
    """

    columns: pa.Schema = schema.SAMPLES
    emotions: tuple[str, ...] = ()
    published: ClassCounts = field(default_factory=dict)
    whole: bool = False
    size_px: tuple[int, int] | None = None
    blank_sd: float = 0.0
    apart: tuple[str, ...] = ()
    pictures_apart: bool = False
    rejects: tuple[str, ...] = ()
