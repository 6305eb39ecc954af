"""Orders in which emotions are commonly listed, to name what was mistaken for what."""

from collections.abc import Sequence

# By the codes of the published files, where they have some.
KNOWN_ORDERS: dict[str, tuple[str, ...]] = {
    "FER+'s columns": (
        *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    ),
    "the alphabet": (
        *("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
    ),
    "FER2013's codes": (
        *("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    ),
    "AffectNet's codes": (
        *("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"),
    ),
    "CK+'s codes": (
        *("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
    ),
    "RAF-DB's codes": (
        *("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"),
    ),
}


def known_orders(emotions: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The orders that know all of these emotions, as positions in `emotions`; others left out."""
    return {
        name: tuple(emotions.index(one) for one in order if one in emotions)
        for name, order in KNOWN_ORDERS.items()
        if set(emotions) <= set(order)
    }
