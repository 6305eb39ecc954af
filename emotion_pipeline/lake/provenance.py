"""What a bucket or an artifact says of itself: from what it was made, by which code, what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from emotion_pipeline.digests import combined

_CHECK = "check"


@dataclass(frozen=True)
class Provenance:
    """Digests (hexadecimal) of the inputs, the code and the content."""

    inputs: str
    code: str
    content: str

    def made_from(self, inputs: str, code: str) -> bool:
        return (self.inputs, self.code) == (inputs, code)

    def as_notes(self) -> dict[str, str]:
        """To be written down, with a digest by which damage is noticed."""
        notes = {"inputs": self.inputs, "code": self.code, "content": self.content}
        return {**notes, _CHECK: combined(notes.values())}

    @classmethod
    def from_notes(cls, notes: Mapping[str, str]) -> Self:
        """What was written down. Raises KeyError where a note is missing, ValueError where one is
        not as it was written."""
        found = cls(notes["inputs"], notes["code"], notes["content"])
        if notes[_CHECK] != found.as_notes()[_CHECK]:
            raise ValueError("the notes do not agree with their digest")
        return found
