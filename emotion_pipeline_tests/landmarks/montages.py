"""Pictures put together from heads of photographs, so that it is known where every face is."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from emotion_pipeline.landmarks.yunet import YuNet
from emotion_pipeline.metrics.detection import iou_matrix

SIZE_PX = (1000, 800)
FACES = (2, 6)
FACE_PX = (24, 300)
HAIR = 0.35
"""What is cut out around a face, as a share of its longer side."""


class Head(NamedTuple):
    """A cut-out of a photograph, and the box of the face in it."""

    picture: np.ndarray
    box_px: np.ndarray


class Montage(NamedTuple):
    """A picture, and the boxes (n, 4) of the faces in it."""

    picture: np.ndarray
    boxes_px: np.ndarray


def cut_head(photograph: np.ndarray, yunet: YuNet) -> Head:
    """The surest face of a photograph with what is around it."""
    face = yunet.find(photograph)[0]
    around_px = HAIR * face.side_px
    left, top = np.maximum(face.box_px[:2] - around_px, 0).astype(int)
    right, bottom = (face.box_px[2:] + around_px).astype(int)
    return Head(photograph[top:bottom, left:right], face.box_px - [left, top, left, top])


def compose(heads: Sequence[Head], rng: np.random.Generator) -> Montage:
    """Some heads of 24 to 300 px, none over another, on a plain or a textured ground."""
    width_px, height_px = SIZE_PX
    coarse = rng.integers(0, 256, rng.choice([(1, 1, 3), (20, 25, 3)]), dtype=np.uint8)
    picture = cv2.resize(coarse, SIZE_PX, interpolation=cv2.INTER_CUBIC)
    taken, boxes = np.empty((0, 4)), []
    for number in rng.permutation(len(heads))[: rng.integers(*FACES)]:
        face_px = np.exp(rng.uniform(*np.log(FACE_PX)))
        head = _resized(heads[number], face_px)
        high_px, wide_px = head.picture.shape[:2]
        left, top = rng.integers(0, width_px - wide_px), rng.integers(0, height_px - high_px)
        place = np.array([left, top, left + wide_px, top + high_px], dtype=np.float64)
        if iou_matrix(taken, place[None]).any():
            continue
        picture[top : top + high_px, left : left + wide_px] = head.picture
        taken = np.vstack([taken, place])
        boxes.append(np.add(head.box_px, (left, top, left, top)))
    return Montage(picture, np.array(boxes).reshape(-1, 4))


def _resized(head: Head, face_px: float) -> Head:
    """The same with a face of another longer side."""
    scale = face_px / max(head.box_px[2:] - head.box_px[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return Head(
        cv2.resize(head.picture, None, fx=scale, fy=scale, interpolation=how), head.box_px * scale
    )
