"""Made-up people, and results with gaps between them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.fairness import render
from emotion_pipeline.reports.parts.fairness.numbers import numbers_of
from emotion_pipeline.reports.parts.groups import groups
from emotion_pipeline_tests.reports import made_up

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
SLUG = "kdef_eight_emotions"
SOME = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5", "low_light-3")
N, N_PERSONS = 600, 40


def people(n=N, n_persons=N_PERSONS, levels=("female", "male"), **columns):
    person = np.arange(n) % n_persons
    return pd.DataFrame(
        {
            "sample_id": [f"test-{number:05d}" for number in range(n)],
            "person_id": [f"P{one:03d}" for one in person],
            "gender": np.array(levels, dtype=object)[person % len(levels)],
            "session": np.where(np.arange(n) < n / 2, "A", "B"),
            "angle": np.where(np.arange(n) % 3 > 0, "straight", "half left"),
            **columns,
        }
    )


def evaluated(recipe="kdef_cnn", n=N, **others):
    return made_up.result(recipe, n=n, **{"labels_from": "kdef", "pictures_from": "kdef"} | others)


def spoilt(model, wrong):
    """The same with wrong answers where `wrong`, a function of the rows, says so."""
    rows = model.predictions.copy()
    place = rows["emotion"].map(model.emotions.index).to_numpy()
    columns = [f"p_{emotion}" for emotion in model.emotions]
    hit = np.asarray(wrong(rows), dtype=bool)
    rows.loc[hit, columns] = np.eye(len(columns), dtype="f4")[(place[hit] + 1) % len(columns)]
    return replace(model, predictions=rows)


def planted(model, told, share, level="male", *, emotion=None, domain=None, seed=0):
    """A share of wrong answers on pictures of one group."""
    group = told.set_index("sample_id")["gender"]

    def wrong(rows):
        by_chance = np.random.default_rng(seed).random(len(rows)) < share
        here = by_chance & (rows["sample_id"].map(group) == level).to_numpy()
        for column, value in (("emotion", emotion), ("domain", domain)):
            here = here & (rows[column] == value).to_numpy() if value else here
        return here

    return spoilt(model, wrong)


def unfair_and_fair(told):
    """A model that is worse for men, and one that is not."""
    unfair = planted(evaluated("unfair", skill=3.5, domains=SOME, seeds=(0, 1, 2)), told, 0.3)
    return [unfair, evaluated("fair", domains=SOME)]


def numbers(told, *models):
    (group,) = groups(models)
    return numbers_of(group, {"kdef": told})


def rendered(*models, told=None, **others):
    return render(
        Results(models=list(models), people={} if told is None else {"kdef": told}, **others)
    )
