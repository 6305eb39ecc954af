"""Champions: chosen on validation, blocked by the test pictures, and told of line by line."""

import json

import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.schema import table as table_of
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import champion_files, champions, model_folders, predictions
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import load_all

NAME = "ferplus_fer2013_eight_emotions"
N = 100


def recipe(*seeds):
    values = {
        "description": "made up",
        "data": {"labels": "ferplus", "pictures": "fer2013", "vote_rule": "distribution"},
        "model": {"name": "cnn5", "widths": [2, 2, 2, 2, 2], "input_px": 32},
        "optimiser": {"name": "sgd", "learning_rate": 0.01},
        "epochs": 1,
        "batch_size": 16,
        "seeds": seeds,
        "evaluate_on": [ORIGINAL],
    }
    return Recipe.model_validate(values)


GROUP = {"ferplus_cnn5_a": recipe(1, 2), "ferplus_cnn5_b": recipe(1, 2)}
A, B = GROUP


@pytest.fixture
def workspace(tmp_path):
    return Workspace(Settings(lake=tmp_path))


def predict(workspace, name, seed, validation, test, *, synthetic=False, leaking=0, emotion=0):
    """Weights, and predictions of which the first so many of 100 are right, per split."""
    weights = model_folders.artifact(workspace, name, seed)
    with weights.replace("inputs", "code") as folder:
        (folder / "weights").write_text(f"{name} {seed} {validation} {test}")
    splits = ["validation"] * N + ["test"] * N
    right = [row < n_right for n_right in (validation, test) for row in range(N)]
    said = np.where(right, emotion, (emotion + 1) % len(EMOTIONS))
    columns = {
        "sample_id": [f"fer2013-{row:06}" for row in range(2 * N)],
        "input_digest": [b"\0" * 16] * 2 * N,
        "seed": [seed] * 2 * N,
        "split": splits,
        "emotion": [EMOTIONS[emotion]] * 2 * N,
        **{f"share_{name}": [float("nan")] * 2 * N for name in EMOTIONS},
        **{f"p_{name}": (said == place).astype(np.float32) for place, name in enumerate(EMOTIONS)},
        "seen_in_training": [False] * N + [row < leaking for row in range(N)],
        "synthetic": [synthetic] * 2 * N,
    }
    rows = table_of(predictions_schema(EMOTIONS), columns)
    target = predictions.table(workspace, name, GROUP[name], ORIGINAL, seed)
    target.write(0, [rows], f"{validation} {test}", "code")


def predict_all(workspace, a=(50, 50), b=(40, 90), **more):
    for seed in (1, 2):
        predict(workspace, A, seed, *a, **more)
        predict(workspace, B, seed, *b, **more)


def make(workspace):
    return champions.make(workspace, NAME, GROUP)


def record(workspace):
    return champion_files.read(champion_files.artifact(workspace, NAME))


def decisions(workspace):
    return [one["decision"] for one in record(workspace).history]


def test_recipes_that_may_be_compared_are_groups_and_foreign_ones_are_in_none():
    found = champions.groups(load_all())
    assert "ferplus_cnn5" in found[NAME]
    assert not any("deepface" in name for group in found.values() for name in group)
    assert not any(one.data.leave_out for group in found.values() for one in group.values())
    assert len({name for group in found.values() for name in group}) == sum(
        map(len, found.values())
    )


def test_without_any_model_there_is_no_champion_and_nothing_wrong(workspace):
    produced = make(workspace)
    assert produced.summary == "no model to choose from"
    assert record(workspace).champion is None
    assert champions.refusal(workspace, NAME) is None


def test_the_best_on_validation_is_champion_whatever_it_does_on_test(workspace):
    predict_all(workspace, a=(50, 20), b=(40, 90))
    make(workspace)
    champion = record(workspace).champion
    assert (champion.recipe, champion.validation.accuracy_score) == (A, 0.5)
    assert champion.test.accuracy_score == 0.2
    assert champion.test.low < 0.2 < champion.test.high


def test_the_mean_over_seeds_chooses_the_recipe_and_validation_its_seed(workspace):
    predict_all(workspace, a=(50, 50), b=(45, 50))
    predict(workspace, B, 2, 54, 50)
    make(workspace)
    assert (record(workspace).champion.recipe, record(workspace).champion.seed) == (A, 1)
    predict(workspace, B, 2, 56, 50)
    make(workspace)
    assert (record(workspace).champion.recipe, record(workspace).champion.seed) == (B, 2)
    assert record(workspace).champion.validation_over_seeds == pytest.approx(0.505)


def test_a_recipe_that_lacks_a_seed_is_no_candidate(workspace):
    predict(workspace, A, 1, 90, 90)
    make(workspace)
    assert record(workspace).champion is None


def test_rows_that_training_has_seen_are_left_out_of_the_leak_free_accuracy(workspace):
    predict_all(workspace, a=(50, 50), leaking=20)
    make(workspace)
    champion = record(workspace).champion
    assert champion.test_without_leaks.n == N - 20
    assert champion.test_without_leaks.accuracy_score == pytest.approx(30 / 80)


def test_a_better_candidate_and_one_that_chance_explains_are_promoted(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    predict_all(workspace, a=(60, 47))
    make(workspace)
    assert record(workspace).champion.test.accuracy_score == 0.47
    assert decisions(workspace) == ["promoted", "promoted"]
    assert record(workspace).history[1]["comparison"]["n_only_accepted"] == 3


def test_a_candidate_that_is_worse_is_refused_and_the_champion_stays(workspace):
    predict_all(workspace, a=(50, 50))
    version = make(workspace).version
    predict_all(workspace, a=(60, 30))
    assert make(workspace).version == version
    refused = champions.refusal(workspace, NAME)
    assert refused.candidate.test.accuracy_score == 0.3
    assert refused.comparison.n == N
    assert refused.comparison.n_only_accepted == 20
    assert refused.comparison.p_value == pytest.approx(0.5**20)
    assert refused.lost["sample_id"].to_pylist() == [
        f"fer2013-{N + row:06}" for row in range(30, 50)
    ]
    assert record(workspace).champion.test.accuracy_score == 0.5
    assert decisions(workspace) == ["promoted", "refused"]
    lines = (champion_files.artifact(workspace, NAME).folder / "history.jsonl").read_text()
    assert [json.loads(line)["decision"] for line in lines.splitlines()] == decisions(workspace)


def test_a_candidate_that_is_good_again_ends_the_refusal(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    predict_all(workspace, a=(60, 30))
    make(workspace)
    predict_all(workspace, a=(60, 50))
    make(workspace)
    assert champions.refusal(workspace, NAME) is None
    assert decisions(workspace) == ["promoted", "refused", "promoted"]


def test_the_old_champion_again_is_no_news(workspace):
    predict_all(workspace, a=(50, 50))
    version = make(workspace).version
    predict_all(workspace, a=(60, 30))
    make(workspace)
    predict_all(workspace, a=(50, 50))
    assert make(workspace).version == version
    assert champions.refusal(workspace, NAME) is None
    assert decisions(workspace) == ["promoted", "refused"]


def test_what_was_refused_can_be_accepted_with_a_reason(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    predict_all(workspace, a=(60, 30))
    make(workspace)
    champions.accept(workspace, NAME, GROUP, "labels were cleaned")
    assert record(workspace).champion.test.accuracy_score == 0.3
    assert champions.refusal(workspace, NAME) is None
    assert record(workspace).history[-1]["why"].endswith(": labels were cleaned")
    version = champion_files.artifact(workspace, NAME).version()
    assert make(workspace).version == version
    assert decisions(workspace) == ["promoted", "refused", "promoted"]


def test_nothing_refused_and_another_candidate_cannot_be_accepted(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    with pytest.raises(champions.AcceptError, match="no candidate was refused"):
        champions.accept(workspace, NAME, GROUP, "because")
    predict_all(workspace, a=(60, 30))
    make(workspace)
    predict_all(workspace, a=(70, 31))
    with pytest.raises(champions.AcceptError, match=f"refresh champions/{NAME}"):
        champions.accept(workspace, NAME, GROUP, "because")


@pytest.mark.parametrize("change", [{"synthetic": True}, {"emotion": 3}])
def test_other_pictures_and_other_truths_are_not_compared(workspace, change):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    predict_all(workspace, a=(60, 0), **change)
    make(workspace)
    assert record(workspace).history[-1]["decision"] == "promoted"
    assert record(workspace).history[-1]["comparison"]["n"] == 0


def test_drawn_faces_are_said_to_be_and_people_come_first(workspace):
    predict_all(workspace, a=(90, 90), synthetic=True)
    make(workspace)
    assert "drawn faces" in str(record(workspace).champion)
    for seed in (1, 2):
        predict(workspace, B, seed, 40, 40)
    make(workspace)
    assert (record(workspace).champion.recipe, record(workspace).champion.synthetic) == (B, False)


def test_the_version_says_who_is_champion_and_not_when(workspace, tmp_path):
    predict_all(workspace)
    other = Workspace(Settings(lake=tmp_path / "other"))
    predict_all(other)
    first = make(workspace)
    folder = champion_files.artifact(workspace, NAME).folder
    assert "at" not in json.loads((folder / "champion.json").read_text())
    assert make(other).version == first.version
    predict_all(workspace, b=(41, 90))
    assert make(workspace).version == first.version


def test_the_accepted_answers_are_a_table_of_every_test_picture(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    answers = record(workspace).answers
    assert answers.num_rows == N
    assert pa.compute.sum(answers["right"]).as_py() == 50


def flip_a_byte(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    "name",
    [
        champion_files.CHAMPION,
        champion_files.HISTORY,
        champion_files.REFUSED,
        champion_files.LOST,
        "provenance.json",
    ],
)
@pytest.mark.parametrize("damage", [flip_a_byte, lambda file: file.unlink()])
def test_damage_promotes_nobody_who_was_refused(workspace, name, damage):
    predict_all(workspace, a=(50, 50))
    version = make(workspace).version
    predict_all(workspace, a=(60, 30))
    make(workspace)
    damage(champion_files.artifact(workspace, NAME).folder / name)
    assert make(workspace).version == version
    assert record(workspace).champion.test.accuracy_score == 0.5
    assert champions.refusal(workspace, NAME).candidate.test.accuracy_score == 0.3
    assert "refused" in decisions(workspace)


def test_what_the_champion_said_is_asked_again_or_no_other_is_compared_with_it(workspace):
    predict_all(workspace, a=(50, 50))
    version = make(workspace).version
    accepted = champion_files.artifact(workspace, NAME).folder / champion_files.ACCEPTED
    flip_a_byte(accepted)
    assert make(workspace).version == version
    assert record(workspace).answers.num_rows == N
    predict_all(workspace, a=(60, 30))
    flip_a_byte(accepted)
    with pytest.raises(champions.BaselineLost, match=r"accepted\.parquet is damaged"):
        make(workspace)


def test_a_death_while_a_champion_is_replaced_loses_no_history(workspace):
    predict_all(workspace, a=(50, 50))
    make(workspace)
    place = champion_files.artifact(workspace, NAME).place
    place.rename(place.with_name(f".{NAME}.replaced"))
    predict_all(workspace, b=(60, 90))
    make(workspace)
    assert decisions(workspace) == ["promoted", "promoted"]
