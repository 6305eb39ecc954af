"""AffectNet's smaller release: pictures of cropped faces, each with up to four .npy files.

`train_set/images/<id>.jpg` with `train_set/annotations/<id>_{exp,val,aro,lnd}.npy`: the code of the
emotion, valence, arousal and 68 landmarks; `val_set` likewise. The numbers are stored as numbers in
some files and as text in others. They are read in the workers, once per picture.
"""

import os
import re
from pathlib import PurePath

import numpy as np

from emotion_pipeline.datasets.affectnet_labels import (
    N_LANDMARKS,
    RAW_COLUMNS,
    affect_of,
    as_landmarks,
    below,
    emotion_of,
    sample_id,
    split_of,
)
from emotion_pipeline.datasets.base import Reject, Rows, Unusable
from emotion_pipeline.datasets.picture_files import Labels, raw_rows, read_limited
from emotion_pipeline.datasets.raw_files import PICTURES, SYNTHETIC_MARK, RawFile, is_synthetic
from emotion_pipeline.digests import combined

PARTS = {"train_set": "train", "val_set": "test"}
READS = (*PICTURES, ".npy")
MAX_NPY_BYTES = 16 << 10
LANDMARK_SHAPES = ((2 * N_LANDMARKS,), (N_LANDMARKS, 2))
_ANNOTATION = re.compile(r"(.+)_(exp|val|aro|lnd)\.npy", re.IGNORECASE)
# Numbers and text only. What a header says is matched, not evaluated.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)"
    rb"\{'descr': '(?P<type>[<>|=]?(?:f[248]|[iu][1248]|[SU]\d{1,4}))',"
    rb" 'fortran_order': (?P<columns_first>False|True),"
    rb" 'shape': \((?P<shape>|\d{1,3},|\d{1,3}, \d{1,3})\), \} *\n",
    re.DOTALL,
)
_ENCODINGS = {"S": "ascii", "U": "utf-32-le"}
_Key = tuple[str, str]  # part and id


def is_there(files: list[RawFile]) -> bool:
    """Whether a file lies below a folder `train_set` or `val_set`."""
    return any(below(file.name, PARTS) for file in files)


def scan(files: list[RawFile]) -> Rows:
    """One raw row per picture that has a label."""
    pictures: list[tuple[_Key, RawFile]] = []
    annotations: dict[_Key, dict[str, RawFile]] = {}
    rejects: list[Reject] = []
    for file in files:
        match below(file.name, PARTS):
            case [part, folder, name] if folder.lower() == "images" and file.is_picture:
                pictures.append(((part, name.rpartition(".")[0]), file))
            case [part, folder, name] if folder.lower() == "annotations" and (
                parsed := _ANNOTATION.fullmatch(name)
            ):
                annotations.setdefault((part, parsed[1]), {})[parsed[2].lower()] = file
            case _ if file.name != SYNTHETIC_MARK:
                detail = "expected <part>/images/<id>.jpg or <part>/annotations/<id>_<kind>.npy"
                rejects.append(Reject(file.name, None, "outside_layout", detail))
    rejects += _without_picture(annotations, {key for key, _ in pictures})
    found: list[RawFile] = []
    labels: list[Labels] = []
    synthetic = {"synthetic": is_synthetic(files)}
    for key, file in pictures:
        try:
            labels.append(_labels(key, file, annotations.get(key, {})) | synthetic)
        except Unusable as bad:
            rejects.append(Reject(file.name, None, *bad.args))
        else:
            found.append(file)
    rows = raw_rows(found, labels, RAW_COLUMNS)
    return Rows(rows.good, rejects + rows.rejects)


def read(annotations: dict[str, bytes | None]) -> Labels:
    """The labels in the .npy files of one picture, by kind; Unusable for what is none."""
    arrays = {
        kind: _array(os.fsdecode(path)) for kind, path in annotations.items() if path is not None
    }
    return {
        "emotion": emotion_of(_scalar(arrays["exp"])),
        "valence": affect_of(_scalar(arrays["val"])) if "val" in arrays else None,
        "arousal": affect_of(_scalar(arrays["aro"])) if "aro" in arrays else None,
        "landmarks_px": _landmarks(arrays["lnd"]) if "lnd" in arrays else None,
    }


def array_in(data: bytes) -> np.ndarray:
    """The numbers or the text in a .npy file; ValueError for anything else, and for a file that
    is not exactly as long as its header says."""
    header = _HEADER.match(data)
    if header is None or int.from_bytes(header["length"], "little") != header.end() - 10:
        raise ValueError(f"no .npy file of numbers or text: starts with {data[:8]!r}")
    shape = [int(n_values) for n_values in header["shape"].split(b",") if n_values]
    values = np.frombuffer(data, header["type"].decode(), offset=header.end())
    return values.reshape(shape, order="F" if header["columns_first"] == b"True" else "C")


def _labels(key: _Key, file: RawFile, annotations: dict[str, RawFile]) -> Labels:
    """What is known of a picture before its annotations are read."""
    part, name = key
    if "exp" not in annotations:
        raise Unusable("no_label", f"expected {name}_exp.npy")
    kinds = sorted(annotations)
    return {
        "sample_id": sample_id(part, f"{name}{file.suffix}"),
        "split": split_of(PARTS[part], file),
        "annotation": "manual",
        "annotations": {kind: os.fsencode(annotations[kind].path) for kind in kinds},
        "annotations_digest": combined(
            f"{kind} {annotations[kind].digest.hex()}" for kind in kinds
        ),
    }


def _without_picture(
    annotations: dict[_Key, dict[str, RawFile]], pictures: set[_Key]
) -> list[Reject]:
    """One reject per picture that is annotated but is not there."""
    return [
        Reject(min(found.values()).name, None, "picture_missing", f"expected a picture {key[1]}")
        for key, found in annotations.items()
        if key not in pictures
    ]


def _array(path: str) -> np.ndarray:
    try:
        return array_in(read_limited(path, MAX_NPY_BYTES))
    except (ValueError, Unusable) as error:
        reason = error.args[-1]
        raise Unusable("bad_annotation", f"{PurePath(path).name}: {reason}") from error


def _scalar(array: np.ndarray) -> str | float:
    """The one value of an array, as text if it is stored as text."""
    if array.size != 1:
        raise Unusable("bad_annotation", f"expected one value, found shape {array.shape}")
    if array.dtype.kind not in _ENCODINGS:
        return float(array.item())
    encoded = array.astype(array.dtype.newbyteorder("<")).tobytes()
    try:  # not by numpy, which breaks down over text beyond Unicode
        return encoded.decode(_ENCODINGS[array.dtype.kind]).rstrip("\0")
    except UnicodeDecodeError as error:
        raise Unusable("bad_annotation", "expected a number, found damaged text") from error


def _landmarks(array: np.ndarray) -> list[list[float]]:
    if array.dtype.kind not in "fiu" or array.shape not in LANDMARK_SHAPES:
        found = f"{array.dtype} {array.shape}"
        raise Unusable("bad_landmarks", f"expected {N_LANDMARKS} points, found {found}")
    return as_landmarks(array.astype(np.float64))
