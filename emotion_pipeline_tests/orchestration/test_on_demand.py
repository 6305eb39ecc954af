"""Partitions on demand: made for those who ask or need them, and kept up to date from then on.

The tiny recipe is evaluated on `jpeg-1`; without recipes, nothing needs a degraded picture.
"""

import pytest

from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.console import print_on_demand, print_plan
from emotion_pipeline.orchestration.look import Look
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline_tests.orchestration.small import Small, made

KEY = "degraded/fer2013"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """All that is made where nobody asks for degraded pictures and nothing needs them."""
    found = Small(tmp_path_factory.mktemp("unasked") / "original", recipes={})
    found.draw()
    outcome = found.refresh()
    assert outcome.succeeded
    assert "faces/fer2013" in made(outcome)
    assert KEY not in made(outcome)
    return found


@pytest.fixture
def unasked(original, tmp_path):
    """A copy of the original."""
    return original.copy(tmp_path / "copy")


def degraded(outcome):
    return [done.standing.partition for done in outcome.done if done.standing.key == KEY]


def plan(small, capsys):
    capsys.readouterr()
    pipeline = small.pipeline()
    look = Look(pipeline, small.instance, select(pipeline, []))
    print_plan(look)
    print_on_demand(look)
    return capsys.readouterr().out


def test_what_nobody_asked_for_is_neither_made_nor_missing(unasked, capsys):
    assert unasked.due() == unasked.dagster_says() == set()
    printed = plan(unasked, capsys)
    n_more = len(unasked.pipeline().graph[KEY].partitions)
    assert printed.startswith("0 of ")
    assert f"{KEY}: {n_more} more on demand" in printed


def test_the_command_that_status_proposes_makes_some_of_them(unasked, capsys):
    proposed = plan(unasked, capsys).split("emotion-pipeline refresh '")[1].split("'")[0]
    assert degraded(unasked.refresh(proposed))


def test_what_was_asked_for_once_is_kept_up_to_date(unasked, capsys):
    assert degraded(unasked.refresh(f"{KEY}[jpeg-2]")) == ["jpeg-2"]
    assert unasked.due() == set()
    n_more = len(unasked.pipeline().graph[KEY].partitions) - 1
    assert f"{KEY}: {n_more} more on demand" in plan(unasked, capsys)
    unasked.darken(3)
    assert unasked.due() == {"samples/fer2013"}
    assert degraded(unasked.refresh()) == ["jpeg-2"]
    assert unasked.due() == unasked.dagster_says() == set()


@pytest.mark.parametrize("patterns", [(), ("predictions/*",)])
def test_a_recipe_is_given_what_it_needs_and_no_more(small, patterns):
    assert select(small.pipeline(), patterns)[KEY] == ("jpeg-1",)


def test_the_nightly_job_makes_nothing_that_nobody_asked_for(unasked):
    unasked.refresh(f"{KEY}[jpeg-2]")
    unasked.changed_code = (KEY,)
    job = build_definitions(unasked.pipeline()).resolve_job_def("refresh")
    before = len(unasked.instance.get_runs())
    assert job.execute_in_process(instance=unasked.instance).success
    assert unasked.due() == set()
    runs = unasked.instance.get_runs()[: -before or None]
    assert [run.tags["dagster/partition"] for run in runs if "dagster/partition" in run.tags] == [
        "jpeg-2"
    ]


def test_an_absent_dataset_offers_nothing(small, capsys):
    for file in (small.settings.raw_root / "fer2013").iterdir():
        file.unlink()
    printed = plan(small, capsys)
    assert "on demand" not in printed
    assert KEY in printed.split("not there: ")[1]
