"""The way of the FER+ authors' data generator, written anew as the yardstick of `ingest.py`.

For comparison only. `fer2013.csv` is read row by row with `csv`; the pixels of a row go through
`np.asarray(text.split())` into a PIL picture, which is stored uncompressed as a PNG file of its
own, under the name that `fer2013new.csv` gives to the row of the same position. Rows without a
name are left out; of two rows with one name the later wins. A `label.csv` beside the pictures
has their votes.

    python benchmarks/ferplus_generator.py RAW OUT

RAW holds `fer2013/fer2013.csv`, and `fer2013new.csv` beside it or in `ferplus/`. OUT has to be
empty or new.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

FOLDERS = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
BOX = "(0, 0, 48, 48)"


def generate(faces: Path, votes: Path, out: Path) -> int:
    """Write a picture per named row and a label file per folder; the number of pictures."""
    labels: dict[str, dict[str, list[str]]] = {folder: {} for folder in FOLDERS.values()}
    for folder in labels:
        (out / folder).mkdir(parents=True)
    with faces.open(newline="") as pixel_file, votes.open(newline="") as vote_file:
        rows = zip(csv.DictReader(pixel_file), csv.reader(vote_file.readlines()[1:]), strict=True)
        for row, (_, name, *counts) in rows:
            if name.strip():
                folder = FOLDERS[row["Usage"]]
                picture(row["pixels"]).save(out / folder / name.strip(), compress_level=0)
                labels[folder][name.strip()] = counts
    for folder, named in labels.items():
        with (out / folder / "label.csv").open("w", newline="") as file:
            csv.writer(file).writerows([name, BOX, *counts] for name, counts in named.items())
    return sum(map(len, labels.values()))


def picture(text: str) -> Image.Image:
    """The gray picture that 2,304 numbers with blanks between them describe."""
    return Image.fromarray(np.asarray(text.split(), dtype=np.uint8).reshape(48, 48))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("raw", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    faces = arguments.raw / "fer2013" / "fer2013.csv"
    places = [arguments.raw / folder / "fer2013new.csv" for folder in ("ferplus", "fer2013")]
    votes = next((place for place in places if place.is_file()), None)
    if not faces.is_file() or votes is None:
        raise SystemExit(f"expected {faces} and {places[1]}, which are not both there")
    if arguments.out.is_dir() and any(arguments.out.iterdir()):
        raise SystemExit(f"{arguments.out} is not empty")
    print(f"{generate(faces, votes, arguments.out)} pictures in {arguments.out}")


if __name__ == "__main__":
    main()
