"""What a bucket or an artifact says of itself: from what it was made, by which code, what it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """Digests (hexadecimal) of the inputs, the code and the content."""

    inputs: str
    code: str
    content: str

    def made_from(self, inputs: str, code: str) -> bool:
        return (self.inputs, self.code) == (inputs, code)
