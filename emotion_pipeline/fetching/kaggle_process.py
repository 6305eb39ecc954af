"""One download by kagglehub: what `kaggle` runs in a process of its own.

The last argument names a file for the answer: null, or what went wrong, as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(kind: str, handle: str, file: str, folder: str, answer: str) -> None:
    """Download a file, or everything if its name is empty, into a folder."""
    try:
        import kagglehub

        download = {
            "competition": kagglehub.competition_download,
            "dataset": kagglehub.dataset_download,
        }[kind]
        download(handle, file or None, output_dir=folder)
        error = None
    except Exception as raised:  # those of kagglehub have no base of their own
        error = _described(raised)
    Path(answer).write_text(json.dumps(error))


def _described(error: BaseException) -> dict[str, Any]:
    """The names of its classes, its text, that of its first cause, and the HTTP status if any."""
    first = error
    while (cause := first.__cause__ or first.__context__) is not None:
        first = cause
    return {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "text": " ".join(str(error).split()).rstrip("."),
        "cause": " ".join(str(first).split()).rstrip("."),
        "status": getattr(getattr(error, "response", None), "status_code", None),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
