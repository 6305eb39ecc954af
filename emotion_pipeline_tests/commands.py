"""Commands of the command line in this process; those that would end it with a traceback fail."""

import logging

import pytest

from emotion_pipeline.cli import main


def caller(monkeypatch, capfd):
    """A function of a command's words that gives its exit code, and all that it printed."""
    monkeypatch.setattr(logging.getLogger("emotion_pipeline"), "handlers", [])

    def command(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main(arguments)
        return end.value.code, "".join(capfd.readouterr())

    return command
