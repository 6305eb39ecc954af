"""A run that is killed at any moment, in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake.tables import Table
from emotion_pipeline_tests.lake.tables_made_up import N_BUCKETS, files_of, names_in
from emotion_pipeline_tests.lake.test_compute import again

DIES = """
import os, signal, sys
from pathlib import Path
from emotion_pipeline.lake.compute import run
from emotion_pipeline_tests.lake.tables_made_up import *

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def dies_in_the_third_bucket(rows):
    if names_in(2)[0] in rows["sample_id"].to_pylist():
        if sys.argv[2] == "computing":
            die()
        Path.replace = die
    return upside_down(rows)

run(derivation(Path(sys.argv[1]), FACES, dies_in_the_third_bucket), ALONE)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("moment", ["computing", "renaming"])
def test_a_killed_run_loses_one_bucket_and_the_next_run_finishes(tmp_path, moment):
    command = [sys.executable, "-c", DIES, str(tmp_path), moment]
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert died.returncode == -signal.SIGKILL
    target = Table(tmp_path / "upside_down", schema.PICTURES, N_BUCKETS)
    finished = {target.path(0).name, target.path(1).name}
    strays = list(target.folder.glob(".*.unfinished"))
    assert len(strays) == 1
    before = files_of(target.folder)
    assert before.keys() == finished | {path.name for path in strays}
    _, seen, after = again(tmp_path)
    assert sorted(seen) == sorted(names_in(2) + names_in(3))
    assert len(after) == N_BUCKETS
    assert {name: after[name] for name in finished} == {name: before[name] for name in finished}
    assert again(tmp_path)[1] == []
