"""Pictures degraded one at a time on one thread: albumentations beside this package.

Each row is one corruption at severity 3, beside the nearest transform of albumentations at the same
strength: the same noise, width of blur, JPEG quality, share of pixels. Both sides degrade the same
decoded pictures, 48 x 48 gray and 562 x 762 RGB. Not the same is:

- Ours draws new numbers for each picture from its key, seeding included. Theirs is seeded once;
  that is the cheaper way, and the row "seeded per picture" adds `set_random_seed` for each picture.
- Their shot noise acts on linear light as our low light does, ours on gray levels.
- Theirs blurs a wide Gaussian, disk or line at full resolution, ours most of it at a lower one. The
  chain "small kernels" shows what is left without that: standard deviation 1.1, radius 3 and a line
  of 7 pixels, JPEG quality 40, half the pixels, at any size of the picture.
- `film_grain` stands beside their noise shared by the colours, which has no clumps, and `vignette`
  beside their Gaussian pattern of light. Nothing stands beside `scratches`. `old_photo` stands
  beside blur, shared noise, contrast and JPEG; vignette and scratches run in ours only.
- Transforms are called one after another, without `Compose`, which would add checks to theirs.

"chain" applies every corruption to the result of the one before; of those, it takes the ones of
which both sides have the same. Times are processor time for a picture, which other work on the
machine disturbs less than wall time, as medians over rounds in alternating order.

    python benchmarks/degrade.py [--faces FILE] [--pictures FOLDER] [--rounds 7]

FILE is a Parquet table with a column `png` (FER2013), else faces are drawn. The *.jpg of FOLDER
are cropped and resized to 562 x 762, else portraits are drawn. Needs the extra `bench`.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for its newest version

import albumentations as alb
import cv2
import numpy as np
import pyarrow.parquet as pq
from ingest import arguments_parser, machine

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.domains import CORRUPTIONS, Degradation
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.degrade.blur import defocus_blur, gaussian_blur, motion_blur
from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.light import low_light
from emotion_pipeline.imaging.degrade.noise import gaussian_noise, shot_noise
from emotion_pipeline.imaging.degrade.resolution import downscale, jpeg
from emotion_pipeline.imaging.degrade.scale import growth, side_px
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline.imaging.degrade.wear import fading

SEVERITY = 3
IN_BOTH = tuple(
    one for one in CORRUPTIONS if one not in ("film_grain", "scratches", "vignette", "old_photo")
)
WIDTH_PX, HEIGHT_PX = 562, 762
N_SMALL, N_LARGE = 256, 4

Change = Callable[[np.ndarray, str], np.ndarray]


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--faces", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--rounds", type=int, default=7, help="Besides the first.")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    libraries = ("numpy", "opencv-contrib-python-headless", "albumentations")
    print(f"{machine(*libraries)}; one thread; median of {arguments.rounds}\n")
    sizes = {
        "48×48 gray": small_faces(arguments.faces),
        f"{WIDTH_PX}×{HEIGHT_PX} RGB": large_pictures(arguments.pictures),
    }
    print("| corruption | pictures | albumentations, µs | this, µs | albumentations / this |")
    print("|---|---|---|---|---|")
    for size, pictures in sizes.items():
        for name, (theirs, ours) in cases(pictures[0]).items():
            reference, candidate = compare(pictures, theirs, ours, arguments.rounds)
            found = f"| {candidate:,.0f} |"
            if reference:
                found = f"{reference:,.0f} {found} {reference / candidate:.1f}"
            print(f"| {name} | {size} | {found} |", flush=True)


def small_faces(file: Path | None) -> list[np.ndarray]:
    if file is None:
        rng = np.random.default_rng(1)
        return [draw_face("happiness", rng) for _ in range(N_SMALL)]
    return [
        decode(data) for data in pq.read_table(file, columns=["png"])["png"][:N_SMALL].to_pylist()
    ]


def large_pictures(folder: Path | None) -> list[np.ndarray]:
    if folder is None:
        rng = np.random.default_rng(2)
        some = [colour_face("happiness", rng, HEIGHT_PX) for _ in range(N_LARGE)]
    else:
        some = [decode(path.read_bytes()) for path in sorted(folder.glob("*.jpg"))[:N_LARGE]]
    return [cropped(picture) for picture in some]


def cropped(picture: np.ndarray) -> np.ndarray:
    """The middle of it in the right shape, resized."""
    height, width = picture.shape[:2]
    scale = min(width / WIDTH_PX, height / HEIGHT_PX)
    wide, high = int(WIDTH_PX * scale), int(HEIGHT_PX * scale)
    left, top = (width - wide) // 2, (height - high) // 2
    part = picture[top : top + high, left : left + wide]
    return cv2.resize(part, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)


def cases(like: np.ndarray) -> dict[str, tuple[Change | None, Change]]:
    """By name of the row: their way, where there is one, and ours."""
    transforms = at_severity(like)
    rows: dict[str, tuple[Change | None, Change]] = {
        name: (calls(transforms[name]) if name in transforms else None, degraded([name]))
        for name in CORRUPTIONS
    }
    chain = [one for name in IN_BOTH for one in transforms[name]]
    rows[f"chain of {len(IN_BOTH)}"] = (calls(chain), degraded(IN_BOTH))
    rows[f"chain of {len(IN_BOTH)}, seeded per picture"] = (seeded(chain), degraded(IN_BOTH))
    rows[f"chain of {len(IN_BOTH)}, small kernels"] = (
        calls(their_small_kernels(like)),
        our_small_kernels(like),
    )
    return rows


def calls(transforms: Sequence[alb.BasicTransform]) -> Change:
    def change(image: np.ndarray, _: str) -> np.ndarray:
        for transform in transforms:
            image = transform(image=image)["image"]
        return image

    return change


def seeded(transforms: Sequence[alb.BasicTransform]) -> Change:
    change = calls(transforms)

    def seeded_change(image: np.ndarray, key: str) -> np.ndarray:
        for transform in transforms:
            transform.set_random_seed(int(key))
        return change(image, key)

    return seeded_change


def degraded(corruptions: Sequence[str]) -> Change:
    some = [Degradation(corruption, SEVERITY) for corruption in corruptions]

    def change(image: np.ndarray, key: str) -> np.ndarray:
        for degradation in some:
            image = degrade(image, degradation, key)
        return image

    return change


def at_severity(like: np.ndarray) -> dict[str, list[alb.BasicTransform]]:
    value = {name: values[SEVERITY - 1] for name, values in SEVERITY_VALUES.items()}
    side, more = side_px(like), growth(like)
    photo = value["old_photo"]
    return {
        "gaussian_noise": [noise(value["gaussian_noise"] * more)],
        "shot_noise": [photons(value["shot_noise"] / more**2)],
        "film_grain": [shared_noise(value["film_grain"])],
        "gaussian_blur": [soft(value["gaussian_blur"] * side)],
        "defocus_blur": [disk(value["defocus_blur"] * side)],
        "motion_blur": [line(value["motion_blur"] * side)],
        "jpeg": [compression(5000 / (value["jpeg"] * more))],
        "downscale": [fewer_pixels(value["downscale"] * side)],
        "fading": [contrast(value["fading"])],
        "vignette": [alb.Illumination(mode="gaussian", p=1)],
        "low_light": [alb.RandomGamma((200, 200), p=1), photons(2000 / more**2)],
        "old_photo": [
            soft(photo.blur * side),
            shared_noise(photo.grain),
            contrast(photo.contrast),
            compression(100 - photo.jpeg * more / 2),
        ],
    }


def their_small_kernels(like: np.ndarray) -> list[alb.BasicTransform]:
    same = at_severity(like)
    return [
        *(same["gaussian_noise"] + same["shot_noise"]),
        *(soft(1.1), disk(3), line(7), compression(40), fewer_pixels(2)),
        *(same["fading"] + same["low_light"]),
    ]


def our_small_kernels(like: np.ndarray) -> Change:
    value = {name: values[SEVERITY - 1] for name, values in SEVERITY_VALUES.items()}
    side = side_px(like)
    chain = [
        (gaussian_noise, value["gaussian_noise"]),
        (shot_noise, value["shot_noise"]),
        (gaussian_blur, 1.1 / side),
        (defocus_blur, 3 / side),
        (motion_blur, 7 / side),
        (jpeg, 125 / growth(like)),
        (downscale, 2 / side),
        (fading, value["fading"]),
        (low_light, value["low_light"]),
    ]

    def change(image: np.ndarray, key: str) -> np.ndarray:
        for corrupt, amount in chain:
            image = corrupt(image, amount, Chance(key, corrupt.__name__))
        return image

    return change


def noise(sd: float) -> alb.BasicTransform:
    return alb.GaussNoise(std_range=(sd / 255,) * 2, per_channel=True, p=1)


def photons(white: float) -> alb.BasicTransform:
    return alb.ShotNoise(scale_range=(1 / white,) * 2, p=1)


def shared_noise(sd: float) -> alb.BasicTransform:
    parameters = {"mean_range": (0.0, 0.0), "std_range": (sd / 255,) * 2}
    return alb.AdditiveNoise("gaussian", "shared", noise_params=parameters, p=1)


def soft(sd_px: float) -> alb.BasicTransform:
    return alb.GaussianBlur(blur_limit=0, sigma_limit=(sd_px, sd_px), p=1)


def disk(radius_px: float) -> alb.BasicTransform:
    return alb.Defocus(radius=(round(radius_px),) * 2, alias_blur=(0.1, 0.1), p=1)


def line(length_px: float) -> alb.BasicTransform:
    return alb.MotionBlur(blur_limit=(max(3, round(length_px) | 1),) * 2, p=1)


def compression(quality: float) -> alb.BasicTransform:
    return alb.ImageCompression(quality_range=(max(1, round(quality)),) * 2, p=1)


def fewer_pixels(factor: float) -> alb.BasicTransform:
    ways = {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}
    return alb.Downscale(scale_range=(1 / factor,) * 2, interpolation_pair=ways, p=1)


def contrast(share: float) -> alb.BasicTransform:
    return alb.RandomBrightnessContrast((0.1, 0.1), (share - 1, share - 1), p=1)


def compare(
    pictures: Sequence[np.ndarray], theirs: Change | None, ours: Change, n_rounds: int
) -> tuple[float | None, float]:
    """Microseconds for a picture: their median, where they have a way, and ours."""
    ways = {name: way for name, way in (("theirs", theirs), ("ours", ours)) if way}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(n_rounds + 1):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            begin = time.process_time()
            for key, picture in enumerate(pictures):
                ways[name](picture, str(key))
            if number:
                taken[name].append((time.process_time() - begin) / len(pictures) * 1e6)
    return median(taken["theirs"]) if theirs else None, median(taken["ours"])


if __name__ == "__main__":
    main()
