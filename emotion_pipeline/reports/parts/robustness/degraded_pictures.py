"""One test picture in every domain, to see what a severity looks like."""

import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.reports.base import Pictures
from emotion_pipeline.reports.parts import contact
from emotion_pipeline.reports.parts.robustness.numbers import Robustness
from emotion_pipeline.reports.parts.sections import Strip

SEVERITY = 3


def strip(one: Robustness, pictures: Pictures) -> Strip | None:
    """The first test picture by a hash of its name, with what the model says of it.

    Original, gray, and each corruption at the severity that is nearest to `SEVERITY`. None where
    the picture is not to be had.
    """
    names = one.outcomes.sample_ids.to_numpy(object)
    row = int(pd.util.hash_array(names).argmin())
    emotions = one.model.emotions
    found = []
    for domain in _shown(one):
        picture = pictures(one.model.pictures_from, domain, [names[row]]).get(names[row])
        if picture is not None:
            said = emotions[one.outcomes.said[row, one.outcomes.on(domain)]]
            label = domain.replace("_", " ").replace("-", ", severity ")
            captioned = contact.Captioned(picture, f"{label}: said to be {said}", label, said)
            found.append(captioned)
    if not found:
        return None
    truth = emotions[one.outcomes.truth[row]]
    title = f"{names[row]}: {truth}. Below each picture: what {one.model.recipe} says"
    return contact.strip(title, found)


def _shown(one: Robustness) -> list[str]:
    plain = [domain for domain in (ORIGINAL, GRAYSCALE) if domain in one.outcomes.domains]
    nearest = {
        corruption: min(levels, key=lambda level: abs(level - SEVERITY))
        for corruption, levels in one.severities.items()
    }
    return [*plain, *(Degradation(name, level).key for name, level in nearest.items())]
