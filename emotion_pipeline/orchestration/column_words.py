"""What the columns of the lake's tables hold, in words for the Dagster UI.

They are kept away from the schemas, whose code counts for what is stale.
"""

COLUMN_WORDS = {
    "sample_id": "Name of the picture, the same in all tables: dataset and number or path.",
    "input_digest": "Digest of what the row was made from; it is computed again when that changes.",
    "split": "train, validation or test.",
    "emotion": "The true emotion by the dataset's labels; for votes, the majority or null.",
    "image": "The encoded picture and a file name, as Hugging Face datasets reads it.",
    "width_px": "Width of the picture in pixels.",
    "height_px": "Height of the picture in pixels.",
    "image_digest": "Digest of the encoded picture.",
    "color_mode": "How the raw picture stores its pixels: gray, rgb and so on.",
    "pixel_min": "Darkest gray value, 0 to 255.",
    "pixel_max": "Brightest gray value, 0 to 255.",
    "pixel_sd": "Standard deviation of the gray values; near 0 for an empty picture.",
    "synthetic": "Whether the face is drawn by a program: its numbers say nothing about people.",
    # Datasets
    "valence": "How pleasant the expression is, -1 to 1; null where it was not annotated.",
    "arousal": "How excited the expression is, -1 to 1; null where it was not annotated.",
    "face_box": "The published box around the face, in pixels, clipped to the picture.",
    "landmarks_px": "The published landmarks, x and y in pixels.",
    "annotation": "manual or automatic.",
    "person_id": "Who is shown.",
    "gender": "The published gender of the person.",
    "session": "In which of the two sessions the picture was taken.",
    "angle": "From which side the face is seen.",
    "sequence_id": "The sequence that the frame is from.",
    "take_id": "The recording that the frame is from; a take is in one split only.",
    "frame": "Number of the frame in its recording.",
    "boxes": "Boxes of faces in pixels, right and lower edge not included.",
    "n_boxes_published": "Faces in the published file, before boxes that cannot be were left out.",
    "undecided": "Why the votes give no emotion; null where they do.",
    "votes_*": "How many taggers said so.",
    # Copies
    "group_digest": "The image_digest of all pictures of the group.",
    "n_copies": "How many pictures of the dataset have it.",
    "crosses_splits": "Whether copies are in more than one split.",
    "conflicting_emotions": "Whether copies are labelled differently.",
    # Faces and landmarks
    "n_faces": "How many faces were found.",
    "faces": "Box, score and upright square of each face; the one the label is about comes first.",
    "detected": "Whether the landmarker found a face.",
    "reason": "Why there are no landmarks; null where there are.",
    "landmarks": "478 points, x, y and z in widths and heights of the picture.",
    "blendshapes": "52 shares of facial movements, 0 to 1.",
    "pose": "How the head lies: a matrix of 4 x 4, row by row.",
    # Predictions
    "seed": "The seed of the training.",
    "share_*": "Share of the taggers who said so; NaN where nobody voted.",
    "p_*": "The model's probability of this emotion.",
    "seen_in_training": "Whether the model has learned from a copy of the picture.",
    "truth": "The true boxes, in pixels.",
    "scores": "The detector's score of each box, 0 to 1, highest first.",
}
"""Words by column; `votes_*` stands for all columns that begin so."""


def words_of(column: str) -> str | None:
    """What a column holds; None where nobody has said so."""
    return COLUMN_WORDS.get(column) or COLUMN_WORDS.get(f"{column.partition('_')[0]}_*")
