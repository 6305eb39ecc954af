import logging
import threading

from emotion_pipeline.lake import Lake


class Heard(logging.Handler):
    """What is logged, and an event for the first of it."""

    def __init__(self):
        super().__init__()
        self.lines, self.first = [], threading.Event()

    def emit(self, record):
        self.lines.append(record.getMessage())
        self.first.set()


def test_one_waits_for_the_other_and_says_so(tmp_path, monkeypatch):
    lake, heard, order = Lake(tmp_path), Heard(), []
    log = logging.getLogger("emotion_pipeline.lake")
    monkeypatch.setattr(log, "handlers", [heard])
    monkeypatch.setattr(log, "level", logging.INFO)

    def second():
        with lake.lock("models/a/1"):
            order.append("second")

    other = threading.Thread(target=second)
    with lake.lock("models/a/1"), lake.lock("models/b/1"):
        assert not heard.lines
        other.start()
        assert heard.first.wait(60)
        order.append("first")
    other.join(60)
    assert order == ["first", "second"]
    assert heard.lines == ["models/a/1: waiting for another process that makes it"]
