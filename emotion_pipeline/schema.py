"""Arrow schemas of the tables that stages hand to one another, and builders of empty tables.

A table is always made through one of these schemas, so that a table of no rows has its columns.
Images are the struct that Hugging Face `datasets` reads as an Image; Parquet readers that know
nothing of it see a struct of bytes and a file name.
"""

import json

import pyarrow as pa

from emotion_pipeline.blendshapes import BLENDSHAPES
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.votes import VOTE_CLASSES

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
DIGEST_BYTES = 16
DIGEST = pa.binary(DIGEST_BYTES)

SPLITS: tuple[str, ...] = ("train", "validation", "test")

_ROW = [("sample_id", pa.string()), ("input_digest", DIGEST)]
_PICTURE = [
    ("image", IMAGE),
    ("width_px", pa.int32()),
    ("height_px", pa.int32()),
    ("image_digest", DIGEST),
]
# Color mode as stored, and the range (0 to 255) and standard deviation of the gray values.
_MEASURED = [
    ("color_mode", pa.string()),
    ("pixel_min", pa.uint8()),
    ("pixel_max", pa.uint8()),
    ("pixel_sd", pa.float32()),
]
_HUGGING_FACE = {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}})}

# Where a face is: pixels of the upright picture, the right and lower edge not included.
BOX = pa.struct([(f"{name}_px", pa.int32()) for name in ("left", "top", "right", "bottom")])

# One row per usable picture of a dataset. `synthetic` marks drawn faces: their numbers say
# nothing about people, and every report that shows one has to say so.
SAMPLES = pa.schema(
    [
        *_ROW,
        ("split", pa.string()),
        ("emotion", pa.string()),
        *_PICTURE,
        *_MEASURED,
        ("synthetic", pa.bool_()),
    ]
)


def samples_with(**columns: pa.DataType) -> pa.Schema:
    """`SAMPLES` with what a dataset publishes besides, such as `person_id`."""
    return pa.schema([*SAMPLES, *columns.items()])


def labels_of(samples: pa.Schema) -> pa.Schema:
    """The columns of a samples schema that a reader gives; the others come from the picture."""
    made = {"input_digest", *(name for name, _ in (*_PICTURE, *_MEASURED))}
    return pa.schema([field for field in samples if field.name not in made])


# One row per picture that taggers voted on; `emotion` is Microsoft's majority, or null where
# `undecided` says why there is none. The pictures stand in the dataset that was voted on.
VOTES = pa.schema(
    [
        *_ROW,
        ("split", pa.string()),
        ("emotion", pa.string()),
        ("undecided", pa.string()),
        *((f"votes_{name}", pa.int16()) for name in VOTE_CLASSES),
        ("synthetic", pa.bool_()),
    ]
)

# Pictures only: faces, gray pictures, degraded pictures.
PICTURES = pa.schema([*_ROW, *_PICTURE])

# A face in a picture: its box, the detector's score (0 to 1), and the square that holds it upright:
# centre, side, and how far it is turned clockwise. `has_mesh`: landmarks told how it lies.
FACE = pa.struct(
    [
        ("box", BOX),
        ("score", pa.float32()),
        ("center_x_px", pa.float32()),
        ("center_y_px", pa.float32()),
        ("side_px", pa.float32()),
        ("roll_degrees", pa.float32()),
        ("has_mesh", pa.bool_()),
    ]
)

# Where the faces of each picture are: the one that its label is about first, then by size.
DETECTIONS = pa.schema([*_ROW, ("n_faces", pa.int32()), ("faces", pa.list_(FACE))])

# Landmarks of each face picture, or the reason why there are none. `landmarks` are 478 points of
# x, y and z in widths and heights of the picture; `blendshapes` are 0 to 1, in the order of
# BLENDSHAPES; `pose` is a 4 x 4 matrix, row by row. See `landmarks.face_mesh`.
LANDMARKS = pa.schema(
    [
        *_ROW,
        ("detected", pa.bool_()),
        ("reason", pa.string()),
        ("landmarks", pa.list_(pa.float32(), 478 * 3)),
        ("blendshapes", pa.list_(pa.float32(), len(BLENDSHAPES))),
        ("pose", pa.list_(pa.float32(), 16)),
    ]
)

# Rows of the raw files that could not be used.
REJECTS = pa.schema(
    [("source", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("detail", pa.string())]
)

# Pictures that occur more than once: every member of every group of equal pixels.
DUPLICATES = pa.schema(
    [
        ("group_digest", DIGEST),
        ("sample_id", pa.string()),
        ("split", pa.string()),
        ("emotion", pa.string()),
        ("n_copies", pa.int32()),
        ("crosses_splits", pa.bool_()),
        ("conflicting_emotions", pa.bool_()),
    ]
)


def predictions_schema(emotions: tuple[str, ...]) -> pa.Schema:
    """One row per seed and picture: truth, human shares where there are votes, probabilities."""
    return pa.schema(
        [
            *_ROW,
            ("seed", pa.int32()),
            ("split", pa.string()),
            ("emotion", pa.string()),
            *((f"share_{name}", pa.float64()) for name in EMOTIONS),
            *((f"p_{name}", pa.float32()) for name in emotions),
            ("seen_in_training", pa.bool_()),
            ("synthetic", pa.bool_()),
        ]
    )


# A box that a detector of a recipe found; parts of a pixel count.
FOUND_BOX = pa.struct([(field.name, pa.float32()) for field in BOX])

# One row per seed and picture: the true boxes, and what was found, surest box first.
BOX_PREDICTIONS = pa.schema(
    [
        *_ROW,
        ("seed", pa.int32()),
        ("split", pa.string()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("truth", pa.list_(BOX)),
        ("boxes", pa.list_(FOUND_BOX)),
        ("scores", pa.list_(pa.float32())),
        ("synthetic", pa.bool_()),
    ]
)


# Why a model said what it said of some test pictures, one row per picture and domain. `map` says
# what speaks for the predicted emotion, and `redrawn_map` what does in a network with re-drawn
# weights: squares of one byte per pixel that the network sees, row by row, 255 where it speaks
# most. `grid_px` is the side of the feature maps that they come from. The checks, from
# `redrawn_similarity` on, are explained in `training.explain`.
EXPLANATIONS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("seed", pa.int32()),
        ("domain", pa.string()),
        ("emotion", pa.string()),
        *((name, pa.string()) for name in ("predicted", "layer")),
        *((name, pa.float32()) for name in ("p_predicted", "p_true")),
        ("grid_px", pa.int32()),
        *((name, pa.binary()) for name in ("map", "redrawn_map")),
        *((name, pa.float32()) for name in ("redrawn_similarity", "salient_drop", "random_drop")),
        ("synthetic", pa.bool_()),
    ]
)

# The mean map of the rightly predicted test pictures of an emotion, and their mean gray picture.
MEAN_MAPS = pa.schema(
    [
        ("emotion", pa.string()),
        ("n_pictures", pa.int32()),
        ("map", pa.binary()),
        ("face", pa.binary()),
    ]
)


def with_image_feature(schema: pa.Schema) -> pa.Schema:
    """The schema with the note that makes `datasets` decode its `image` column."""
    return schema.with_metadata(_HUGGING_FACE) if "image" in schema.names else schema


def table(schema: pa.Schema, columns: dict[str, object]) -> pa.Table:
    """A table of exactly the schema's columns; ValueError names what is missing or surplus."""
    if set(columns) != set(schema.names):
        missing = sorted(set(schema.names) - set(columns))
        surplus = sorted(set(columns) - set(schema.names))
        raise ValueError(f"columns missing: {missing}; not in the schema: {surplus}")
    return pa.table(
        [pa.array(columns[field.name], type=field.type) for field in schema],
        schema=with_image_feature(schema),
    )
