"""Rows of `schema.PICTURES` from rows with pictures and the `faces` in them; runs in workers."""

import pyarrow as pa

from emotion_pipeline.imaging.align import Square, crop
from emotion_pipeline.imaging.codec import decode, encode_png
from emotion_pipeline.imaging.pictures import as_rows


def cut_out(face_px: int, margin: float, every: bool, rows: pa.Table) -> pa.Table:
    """The first of the faces of each row, or every one as `<sample_id>#<number>`.

    They are upright squares of `face_px`; `margin` is a fraction of the face's side. Without
    `input_digest`.
    """
    names, encoded = [], []
    for row in rows.select(["sample_id", "image", "faces"]).to_pylist():
        image = decode(row["image"]["bytes"])
        for number, face in enumerate(row["faces"] if every else row["faces"][:1]):
            names.append(f"{row['sample_id']}#{number:03d}" if every else row["sample_id"])
            square = Square(*(face[field] for field in Square._fields)).with_margin(margin)
            encoded.append(encode_png(crop(image, square, face_px)))
    return as_rows(names, encoded, [(face_px, face_px)] * len(names))
