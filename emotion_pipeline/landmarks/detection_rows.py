"""Rows of `schema.DETECTIONS` from rows with pictures.

It runs in workers and imports little, for one that holds the landmarker needs 250 MB as it is.
"""

import pyarrow as pa

from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.landmarks.detectors import ModelPaths, detectors
from emotion_pipeline.landmarks.finding import Face, about, find_faces
from emotion_pipeline.schema import DETECTIONS


def detected(paths: ModelPaths, face_box: str | None, rows: pa.Table) -> pa.Table:
    """The faces of every picture, without `input_digest`.

    `face_box` names the column with the box of the face that a row is about, if there is one.
    """
    use = detectors(paths)
    boxes = rows[face_box].to_pylist() if face_box else [None] * rows.num_rows
    found = []
    for image, box in zip(rows["image"], boxes, strict=True):
        faces = find_faces(to_rgb(decode(image["bytes"].as_py())), use)
        if box is not None:
            faces = about(tuple(box.values()), faces)
        found.append([_as_row(face) for face in faces])
    columns = {
        "sample_id": rows["sample_id"],
        "n_faces": pa.array([len(faces) for faces in found], pa.int32()),
        "faces": pa.array(found, DETECTIONS.field("faces").type),
    }
    return pa.table(columns)


def _as_row(face: Face) -> dict[str, object]:
    edges = zip(("left_px", "top_px", "right_px", "bottom_px"), face.box_px, strict=True)
    return {
        "box": {name: round(edge) for name, edge in edges},
        "score": face.score,
        **face.square._asdict(),
        "has_mesh": face.has_mesh,
    }
