"""How what the program tells is written: lines for people, or JSON for collectors of logs.

A record that is about an asset carries `asset`, `partition` and `figures` as extra fields.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime

NAME = "emotion_pipeline"
FIELDS = ("asset", "partition", "figures")


class JsonLines(logging.Formatter):
    """One JSON object per line: time (ISO 8601, UTC), level, logger, message, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def configure(log_format: str) -> None:
    """Write the project's log to standard error, for `human` or as `json`."""
    handler = _for_collectors() if log_format == "json" else _for_people()
    logger = logging.getLogger(NAME)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _for_people() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    # `refresh` has a line of its own for every asset.
    handler.addFilter(lambda record: not hasattr(record, "asset"))
    return handler


def _for_collectors() -> logging.Handler:
    # Dagster sends standard error into a file while it makes an asset; this stays where it was.
    handler = logging.StreamHandler(os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8"))
    handler.setFormatter(JsonLines())
    return handler
