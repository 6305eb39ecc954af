"""Worker processes live on for the next table, but no longer than the process they work for."""

from multiprocessing import get_context

import pytest

from emotion_pipeline.lake.compute import Engine

FAR_LESS_THAN_WORKERS_STAY_S = 60


def _double(number):
    return 2 * number


def _work():
    for _ in range(2):
        assert sorted(Engine("loky", 2).map(_double, [1, 2, 3])) == [2, 4, 6]


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_a_child_process_ends_when_its_work_is_done(start):
    process = get_context(start).Process(target=_work)
    process.start()
    process.join(FAR_LESS_THAN_WORKERS_STAY_S)
    ended_with = process.exitcode
    process.kill()
    assert ended_with == 0
