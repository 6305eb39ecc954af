"""Image domains: the versions of a picture that a model can be trained or tested on.

A domain key names a partition in the lake and in Dagster: `original`, `grayscale`, or a corruption
with its severity, such as `old_photo-3`. How a corruption is made stands in `imaging.degrade`.
"""

from dataclasses import dataclass

ORIGINAL = "original"
GRAYSCALE = "grayscale"

CORRUPTIONS: tuple[str, ...] = (
    *("gaussian_noise", "shot_noise", "film_grain"),
    *("gaussian_blur", "defocus_blur", "motion_blur"),
    *("jpeg", "downscale"),
    *("fading", "scratches", "vignette", "low_light"),
    "old_photo",
)
SEVERITIES: tuple[int, ...] = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Degradation:
    """One corruption at one severity, 1 (slight) to 5 (heavy)."""

    corruption: str
    severity: int

    @property
    def key(self) -> str:
        return f"{self.corruption}-{self.severity}"

    @classmethod
    def parse(cls, key: str) -> "Degradation":
        """Inverse of `key`; ValueError where the key names no known degradation."""
        corruption, _, severity = key.rpartition("-")
        if corruption not in CORRUPTIONS or severity not in map(str, SEVERITIES):
            raise ValueError(f"{key!r} is not a degradation; known: {', '.join(DEGRADED)}")
        return cls(corruption, int(severity))


DEGRADED: tuple[str, ...] = tuple(
    Degradation(corruption, severity).key for corruption in CORRUPTIONS for severity in SEVERITIES
)
DOMAINS: tuple[str, ...] = (ORIGINAL, GRAYSCALE, *DEGRADED)
