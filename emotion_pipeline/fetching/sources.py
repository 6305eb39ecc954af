"""Which datasets a program may download, and where from: the one place to edit.

A dataset that is not in the table has to be asked for in person or has no publisher.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class WebFile:
    """One file behind a plain address; other bytes than those of `sha256` are kept out.

    It is None where the publisher names no checksum: then whatever it gives is taken.
    """

    url: str
    file: str
    sha256: str | None
    limit_bytes: int = 64 * 2**20


@dataclass(frozen=True)
class KaggleSource:
    """A competition or a dataset of Kaggle: one file of it, or all of them unpacked."""

    kind: Literal["competition", "dataset"]
    handle: str
    file: str | None = None

    @property
    def page(self) -> str:
        """The page for people, where terms are accepted."""
        return f"https://www.kaggle.com/{self.kind}s/{self.handle}"


Source = WebFile | KaggleSource

SOURCES: dict[str, Source] = {
    "ferplus": WebFile(
        "https://raw.githubusercontent.com/microsoft/FERPlus/master/fer2013new.csv",
        "fer2013new.csv",
        "9206e20d62f56475939f516847d61753e4860caeac9718b560129541b776fc2c",
    ),
    "fer2013": KaggleSource(
        "competition",
        "challenges-in-representation-learning-facial-expression-recognition-challenge",
        "icml_face_data.csv",
    ),
    "fer2013_folder": KaggleSource("dataset", "msambare/fer2013"),
    "affectnet": KaggleSource("dataset", "mstjebashazida/affectnet"),
    "ckplus": KaggleSource("dataset", "shawon10/ckplus"),
}
