"""What the daemon would make by itself: what `status` names, once what is above it has been made.

A tick is one evaluation of all conditions; what it requests is made before the next one.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import dagster as dg
import pytest

from emotion_pipeline.orchestration import automation
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.look import Look, record_observations
from emotion_pipeline.orchestration.refresh import refresh
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline_tests.orchestration.small import RECIPE, Small, made

pytestmark = pytest.mark.slow

MODEL = "models/ferplus_cnn5_tiny"
REPORTS = ("reports/leaderboard",)
"""Those that are kept, since drawing all of them takes long."""
MOST_TICKS = 20
Place = tuple[str, str | None]


@dataclass
class Automation:
    """The sensor `keep_fresh` over a small pipeline, with its cursor."""

    small: Small
    on_demand: tuple[str, ...] = ()
    """Recipes of which a refresh of everything makes nothing."""
    cursor: object = None
    requested: list[set[Place]] = field(default_factory=list)

    def pipeline(self):
        pipeline = self.small.pipeline()
        graph = {
            key: replace(stage, by_default=()) if key.endswith(self.on_demand or "?") else stage
            for key, stage in pipeline.graph.items()
            if stage.group != "reports" or key in REPORTS
        }
        return replace(pipeline, graph=graph)

    def tick(self):
        """What is requested now, after the sensor for raw files has looked."""
        pipeline = self.pipeline()
        record_observations(self.look(pipeline))
        found = dg.evaluate_automation_conditions(
            build_definitions(pipeline),
            self.small.instance,
            asset_selection=dg.AssetSelection.all(include_sources=True),
            cursor=self.cursor,
        )
        self.cursor = found.cursor
        places = {
            (one.asset_key.to_user_string(), one.partition_key)
            for result in found.results
            for one in result.true_subset.expensively_compute_asset_partitions()
        }
        self.requested.append(places)
        return places

    def run(self, places):
        """As the daemon does, in any order."""
        pipeline = self.pipeline()
        for key, partition in sorted(places, key=str):
            result = dg.materialize(
                [*pipeline.sources, *pipeline.assets, *pipeline.checks],
                selection=dg.AssetSelection.assets(key),
                partition_key=partition,
                instance=self.small.instance,
                raise_on_error=False,
            )
            yield key, partition, result.success

    def until_quiet(self):
        """Tick until two in a row request nothing; how often each partition was made."""
        counts = Counter()
        for _ in range(MOST_TICKS):
            places = self.tick()
            counts.update((key, partition) for key, partition, _ in self.run(places))
            if len(self.requested) > 1 and not self.requested[-1] and not self.requested[-2]:
                return counts
        raise AssertionError(f"still not quiet: {self.requested[-3:]}")

    def refresh(self, *patterns):
        pipeline = self.pipeline()
        return refresh(pipeline, self.small.instance, select(pipeline, patterns))

    def look(self, pipeline):
        return Look(pipeline, self.small.instance, select(pipeline, []))

    def due(self):
        """What `status` names."""
        look = self.look(self.pipeline())
        found = (one for stage in look.stages for one in look.standings(stage))
        return {(one.key, one.partition) for one in found if one.due}

    def to_be_made_now(self, due):
        """What is due and follows from nothing that is due; not what makes do with any need."""
        graph = self.pipeline().graph

        def waits(key, partition):
            return any(
                (needs.key, name) in due
                for needs in graph[key].needs
                if needs.key in graph
                for name in (
                    needs.partitions_for(partition, graph[needs.key].partitions)
                    if graph[needs.key].partitions
                    else (None,)
                )
            )

        ordinary = {place for place in due if not graph[place[0]].needs_any}
        return {place for place in ordinary if not waits(*place)}


@pytest.fixture
def automatic(everything_made, tmp_path):
    """Everything is made, and automation has just been switched on."""
    found = Automation(everything_made.copy(tmp_path / "copy"))
    assert found.tick() == set()
    return found


def invert_pixels(fields):
    fields[1] = " ".join(str(255 - int(value)) for value in fields[1].split())


def change_a_picture(small):
    small.edit_row(59, invert_pixels)


def change_votes(small):
    votes = slice(2, None)
    small.edit_row(7, lambda fields: fields.__setitem__(votes, ["10", *["0"] * 9]), "ferplus")


def edit_the_recipe(small):
    small.recipes = {"ferplus_cnn5_tiny": RECIPE.model_copy(update={"batch_size": 8})}


def edit_code_above(small):
    small.changed_code = ("faces/fer2013",)


def edit_code_of_partitions(small):
    small.changed_code = ("degraded/fer2013", "reports/leaderboard")


def change_nothing(_):
    pass


@pytest.mark.parametrize(
    "change",
    [
        change_nothing,
        change_a_picture,
        change_votes,
        edit_the_recipe,
        edit_code_above,
        edit_code_of_partitions,
    ],
)
def test_tick_by_tick_it_makes_what_status_names_and_then_rests(automatic, change):
    change(automatic.small)
    for _ in range(MOST_TICKS):
        due = automatic.due()
        expected = automatic.to_be_made_now(due)
        requested = automatic.tick()
        graph = automatic.pipeline().graph
        assert {place for place in requested if not graph[place[0]].needs_any} == expected
        assert requested <= due
        assert all(succeeded for *_, succeeded in automatic.run(requested))
        if not due:
            break
    assert automatic.due() == set()
    assert automatic.tick() == set()


def test_what_comes_out_the_same_makes_nothing_below_again(automatic):
    edit_code_above(automatic.small)
    assert set(automatic.until_quiet()) == {("faces/fer2013", None)}


def test_nothing_is_made_twice_nor_left_to_a_refresh(automatic):
    change_a_picture(automatic.small)
    counts = automatic.until_quiet()
    assert {(MODEL, "1"), ("reports/leaderboard", None)} <= counts.keys()
    assert set(counts.values()) == {1}
    assert made(automatic.refresh()) == {}


def test_an_empty_lake_is_filled(small):
    small.recipes = {}
    automatic = Automation(small)
    automatic.until_quiet()
    assert {key.partition("/")[0] for key, _ in automatic.due()} <= {"reports"}
    assert ("grayscale/fer2013", None) in set().union(*automatic.requested)


def test_it_trains_no_recipe_that_nobody_asked_for(small):
    automatic = Automation(small, on_demand=("ferplus_cnn5_tiny",))
    automatic.until_quiet()
    change_a_picture(small)
    edit_the_recipe(small)
    automatic.until_quiet()
    everything = set().union(*automatic.requested)
    assert ("faces/fer2013", None) in everything
    assert not {key for key, _ in everything if key.endswith("ferplus_cnn5_tiny")}


def test_what_was_asked_for_once_is_kept_fresh_and_its_other_partitions_are_not_made(small):
    small.recipes = {}
    automatic = Automation(small)
    assert automatic.refresh().succeeded
    assert automatic.refresh("degraded/fer2013[jpeg-2]").succeeded
    automatic.tick()
    change_a_picture(small)
    counts = automatic.until_quiet()
    assert {name for key, name in counts if key == "degraded/fer2013"} == {"jpeg-2"}


def test_failed_checks_hold_back_all_but_those_who_look_for_the_fault(automatic):
    automatic.small.darken(*range(10))
    made_after = {key for key, _ in automatic.until_quiet()}
    assert {"samples/fer2013", "duplicates/fer2013", "exploration/fer2013"} <= made_after
    assert not made_after & {"faces/fer2013", "grayscale/fer2013", MODEL}
    automatic.small.draw()
    assert not {key for key, _ in automatic.until_quiet()} & {MODEL}
    assert automatic.due() == set()


def test_an_edit_while_an_asset_is_being_made_is_not_lost(automatic):
    change_a_picture(automatic.small)
    first = automatic.tick()
    assert list(automatic.run(first)) == [("samples/fer2013", None, True)]
    automatic.small.edit_row(58, invert_pixels)  # before the next tick, after the run has read
    automatic.until_quiet()
    assert automatic.due() == set()


def test_the_sensor_is_off_until_somebody_switches_it_on():
    sensor = automation.keep_fresh()
    assert sensor.name == "keep_fresh"
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
