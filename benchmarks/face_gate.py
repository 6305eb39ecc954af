"""How often a face picture gets a mesh, and how often a picture without a usable face does.

Ground truth are the votes of FER+ on FER2013: `clear` pictures are those that no tagger called "not
a face" and at most one "unknown"; of `no face` ones at least half of the taggers said "not a face".
Beside them `patches`: random squares of photographs outside every face that YuNet finds with a low
threshold, at the size of the photograph and at twice that, reduced to 48 pixels in gray.

Printed, with 95 % intervals, for the part that the thresholds were chosen on (Training) and for the
part that they were not (PublicTest and PrivateTest):

- the landmarker alone, with and without the border that small pictures get
- with the gate: YuNet sees a face in the picture, too

    python benchmarks/face_gate.py RAW MODEL_FILES [--photos FOLDER] [--n 1000]

RAW holds `fer2013/fer2013.csv` and the FER+ votes, MODEL_FILES the detectors' files. Needs the
extra `landmarks`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from ingest import LIBRARIES, arguments_parser, machine

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.grayscale import to_gray, to_rgb
from emotion_pipeline.landmarks import face_mesh, measuring
from emotion_pipeline.landmarks.detectors import Detectors, detectors
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.detections import model_paths
from emotion_pipeline.stages.samples import ingest

PATCH_PX = 48
PATCHES_PER_PHOTO = 120
FLAT_SD = 10.0
LOW_SCORE = 0.3
WAYS = ("mesh, no border", "mesh", "mesh and gate")


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("model_files", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--n", type=int, default=1000, help="Clear faces of each part.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as lake:
        settings = Settings(lake=Path(lake), raw=arguments.raw, model_files=arguments.model_files)
        workspace = Workspace(settings)
        use = detectors(model_paths(workspace))
        groups = dict(fer_groups(workspace, arguments.n))
    if arguments.photos is not None:
        groups["patches of photographs"] = list(patches(arguments.photos, use))
    print(f"{machine(*LIBRARIES, 'mediapipe')}\n")
    print(f"| pictures | n | {' | '.join(WAYS)} |")
    print(f"|---|---|{'---|' * len(WAYS)}")
    for name, pictures in groups.items():
        cells = [rate(found) for found in zip(*(seen(one, use) for one in pictures), strict=True)]
        print(f"| {name} | {len(pictures)} | {' | '.join(cells)} |")


def fer_groups(workspace: Workspace, n: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Clear faces and pictures without one, by part."""
    for name in ("fer2013", "ferplus"):
        ingest(workspace, get_dataset(name))
    votes = workspace.samples(get_dataset("ferplus")).read_all().to_pandas()
    pictures = workspace.samples(get_dataset("fer2013")).read_all(["sample_id", "image"])
    encoded = {row["sample_id"]: row["image"]["bytes"] for row in pictures.to_pylist()}
    total = votes.filter(like="votes_").sum(axis=1)
    learned = votes["split"] == "train"
    no_face = votes["votes_not_a_face"] * 2 >= total
    clear = (votes["votes_not_a_face"] == 0) & (votes["votes_unknown"] <= 1)
    for part, inside in {"Training": learned, "the other parts": ~learned}.items():
        for kind, chosen in {"clear": clear, "no face": no_face}.items():
            names = votes.loc[inside & chosen, "sample_id"]
            names = names.sample(min(n, len(names)), random_state=1)
            yield f"{kind}, {part}", [to_rgb(decode(encoded[name])) for name in names]


def patches(photos: Path, use: Detectors) -> Iterator[np.ndarray]:
    """Squares of photographs without a face."""
    rng = np.random.default_rng(0)
    for file in sorted(photos.glob("*.jpg")):
        photo = to_rgb(decode(file.read_bytes()))
        twice = cv2.resize(photo, None, fx=2, fy=2)
        boxes = [one.box_px for one in use.yunet.find(photo, LOW_SCORE)]
        boxes += [one.box_px / 2 for one in use.yunet.find(twice, LOW_SCORE)]
        height_px, width_px = photo.shape[:2]
        n_left = PATCHES_PER_PHOTO
        for _ in range(20 * PATCHES_PER_PHOTO):
            side = int(rng.integers(40, min(height_px, width_px) // 2))
            left, top = int(rng.integers(width_px - side)), int(rng.integers(height_px - side))
            patch = to_gray(photo[top : top + side, left : left + side])
            touched = any(
                box[0] < left + side and box[2] > left and box[1] < top + side and box[3] > top
                for box in boxes
            )
            if not touched and patch.std() > FLAT_SD and n_left:
                n_left -= 1
                small = cv2.resize(patch, (PATCH_PX, PATCH_PX), interpolation=cv2.INTER_AREA)
                yield to_rgb(small)


def seen(picture: np.ndarray, use: Detectors) -> tuple[bool, bool, bool]:
    """Whether each of WAYS finds a face."""
    small_px, face_mesh.SMALL_PX = face_mesh.SMALL_PX, 0
    without_border = use.mesh.find(picture) is not None
    face_mesh.SMALL_PX = small_px
    reason = measuring.measure([picture], use)[0].reason
    return without_border, reason != measuring.NO_MESH, reason is None


def rate(found: tuple[bool, ...]) -> str:
    low, high = wilson_interval(sum(found), len(found))
    return f"{np.mean(found):.1%} ({low:.1%}–{high:.1%})"


if __name__ == "__main__":
    main()
