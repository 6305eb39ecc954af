"""How far a table is, as people see it on a terminal, in a file, and in Dagster."""

from io import StringIO

import pytest

from emotion_pipeline.orchestration.console import Console
from emotion_pipeline.orchestration.progress import MAX_LINES, heard_by, reporter
from emotion_pipeline.orchestration.refresh import refresh
from emotion_pipeline.orchestration.selection import select

EVERY_BUCKET = [f"… faces/fer2013 {done}/16 buckets" for done in range(1, 17)]


class Terminal(StringIO):
    def isatty(self):
        return True


def told_of_faces(small, console):
    """What the console says while `faces` is made, after the samples."""
    pipeline = small.pipeline()
    outcome = refresh(
        pipeline,
        small.instance,
        select(pipeline, ["faces/fer2013"]),
        started=console.started,
        progressed=console.progressed,
        finished=console.finished,
    )
    assert outcome.succeeded
    return [line for line in console.out.getvalue().split("\n") if "faces/fer2013" in line]


def test_a_terminal_shows_the_buckets_of_the_running_table_in_one_line(small):
    (line,) = told_of_faces(small, Console(Terminal()))
    first, *buckets, last = line.split("\r\033[K")
    assert first == "… faces/fer2013"
    assert buckets == EVERY_BUCKET
    assert "✓" in last


def test_a_file_gets_no_line_for_the_buckets_of_quick_tables(small):
    (line,) = told_of_faces(small, Console(StringIO(), every_s=3600))
    assert line.startswith("✓ faces/fer2013")


def test_a_file_gets_a_line_where_a_table_has_been_silent_for_long(small):
    *buckets, last = told_of_faces(small, Console(StringIO(), every_s=0))
    assert buckets == EVERY_BUCKET
    assert last.startswith("✓ faces/fer2013")


def test_dagster_s_log_has_a_line_per_bucket(small):
    assert small.refresh("faces/fer2013").succeeded
    run = small.instance.get_runs(limit=1)[0]
    messages = [event.user_message for event in small.instance.all_logs(run.run_id)]
    told = [message for message in messages if " buckets, " in message]
    assert [message.split(" buckets, ")[0] for message in told[:16]] == [
        f"table: {done} of 16" for done in range(1, 17)
    ]


@pytest.mark.parametrize("n_buckets", [1, 16, 64, 65, 256, 1000])
def test_the_log_of_many_buckets_is_thinned_and_tells_of_the_last(n_buckets):
    lines = []
    report = reporter(lines.append, "jpeg-1")
    for done in range(1, n_buckets + 1):
        report(done, n_buckets)
    assert len(lines) == min(n_buckets, MAX_LINES)
    assert lines[-1].startswith(f"jpeg-1: {n_buckets} of {n_buckets} buckets")


def test_a_listener_hears_every_bucket_and_nothing_afterwards():
    heard = []
    report = reporter(lambda _: None, "table")
    with heard_by(lambda done, of: heard.append((done, of))):
        report(1, 200)
        report(2, 200)
    report(3, 200)
    assert heard == [(1, 200), (2, 200)]
