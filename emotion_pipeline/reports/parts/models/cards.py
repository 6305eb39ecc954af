"""What somebody has to know before using a model: its card, cautions, and where it comes from.

Only what the result itself says; what nobody has recorded is said to be unknown. After Mitchell et
al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.models import classes, key_numbers
from emotion_pipeline.reports.parts.recipe_values import runs
from emotion_pipeline.reports.parts.sections import Section, Shown

MIN_SEEDS = 3
UNKNOWN_IF_FOREIGN = "not known: trained elsewhere"
NOT_RECORDED = "not recorded"

# What stands on the card, by its name in a model's description (see `training/model_card.py`).
_RECORDED = {
    "inputs": "recipe.data.inputs",
    "color": "recipe.data.color",
    "input_px": "input_px",
    "normalisation": "normalisation",
    "training domains": "recipe.data.domains",
    "vote rule in training": "recipe.data.vote_rule",
    "rows trained on": "n_training_rows",
    "rows validated on": "n_validation_rows",
    "epochs": "recipe.epochs",
    "epoch kept": "epoch",
    "calibrated on validation": "recipe.calibrated",
}


def cautions(model: ModelResult, numbers: pd.DataFrame) -> list[str]:
    """Reasons to believe the numbers less, in words; `numbers` as `key_numbers` gives them."""
    return list(_cautions(model, numbers.set_index("rows")))


def _cautions(model: ModelResult, numbers: pd.DataFrame) -> Iterator[str]:
    n, n_unseen, n_validation = (int(one) for one in numbers["n"])
    if model.synthetic:
        yield "The faces are drawn. Nothing here is about people."
    if model.foreign:
        yield "Trained elsewhere: which pictures it has learned from is not known."
    elif len(model.seeds) < MIN_SEEDS:
        yield (
            f"Fewer than {MIN_SEEDS} seeds ({len(model.seeds)}): the spread between trainings is"
            " hardly known."
        )
    if n_unseen < n:
        verb = "may have been" if model.foreign else "was also"
        yield (
            f"{n - n_unseen:,} of {n:,} test rows show a picture that {verb} trained on. Believe"
            f" the line “{key_numbers.LEAK_FREE}”."
        )
    if not n_validation:
        yield "There are no validation rows, so nothing shows how the model was chosen."
    counts = model.rows()["emotion"].value_counts().reindex(model.emotions, fill_value=0)
    if few := [f"{name} ({n})" for name, n in counts.items() if n < classes.MIN_ROWS]:
        yield f"{classes.FEW_ROWS.capitalize()} to test on: {', '.join(few)}."


def card(model: ModelResult) -> Section:
    """Intended use, limits, data and conditions, as far as they are known."""
    lines = [
        f"Intended use: research. For a face picture it says which of {len(model.emotions)}"
        f" expressions people would name, as the labels of {model.labels_from} name them.",
        "Limits: it does not tell what somebody feels. The same expression can mean different"
        " things, and the same feeling shows in different expressions (Barrett et al. 2019,"
        " “Emotional Expressions Reconsidered”). Decide nothing about a person by it.",
        f"It was tested on pictures of {model.pictures_from} alone, in the domains that this page"
        " names. On other pictures, other people and other cameras it can be worse.",
        "Conditions of the numbers: test pictures of the published split with a decided label, the"
        f" most probable expression counts, seed {model.shown_seed} unless a mean over seeds is"
        " given. Another set of classes makes other numbers, which may not be compared.",
        f"Licences: what those of {model.labels_from} and {model.pictures_from} allow, also for"
        " models trained on them, is not recorded here; read them where the data came from.",
    ]
    if model.foreign:
        lines.append(
            "Unknown, because it was trained elsewhere: its training pictures and labels, how it"
            " was selected, and whether test pictures were among them. There are no learning"
            " curves and no other seeds."
        )
    table = pd.DataFrame(_card_rows(model), columns=["fact", "value"])
    shown = Shown(f"card_{model.recipe}", "The model and its data, as recorded.", table)
    return Section.of("Model card", *lines, tables=[shown])


def _card_rows(model: ModelResult) -> list[tuple[str, str]]:
    meta = runs(model).get(model.shown_seed, model.meta)
    unknown = UNKNOWN_IF_FOREIGN if model.foreign else NOT_RECORDED
    recorded = {name: _found(meta, path) for name, path in _RECORDED.items()}
    return [
        ("emotions", ", ".join(model.emotions)),
        ("label space", model.label_space),
        ("labels", model.labels_from),
        ("pictures", model.pictures_from),
        ("trained", "elsewhere" if model.foreign else "in this pipeline"),
        ("seeds", ", ".join(map(str, model.seeds))),
        ("parameters", page.count(model.n_parameters)),
        *((name, value or unknown) for name, value in recorded.items()),
        ("test rows", page.count(len(model.rows()))),
        ("domains tested", page.count(len(model.domains))),
    ]


def _found(meta: Mapping[str, Any], path: str) -> str:
    """The value under a dotted path as text; empty where there is none."""
    value: Any = meta
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else page.count(value) if isinstance(value, int) else str(value)


def provenance(model: ModelResult) -> Section:
    """Everything that was recorded; what is the same for every seed stands once."""
    by_seed = {seed: page.flattened(one) for seed, one in runs(model).items()}
    if len(by_seed) == len(model.meta):
        table = _of_all_seeds(by_seed)
    else:
        table = pd.DataFrame(page.flattened(model.meta), columns=["name", "value"])
    caption = "What was recorded when the model was made."
    lines = [] if len(table) else ["Nothing was recorded."]
    columns = ("name", "value") if len(model.seeds) == 1 else ()
    shown = Shown(f"provenance_{model.recipe}", caption, table, columns=columns)
    return Section.of("Provenance", *lines, tables=[shown])


def _of_all_seeds(lines: dict[int, list[tuple[str, str]]]) -> pd.DataFrame:
    """Columns name, value and seeds: `every`, or those of which the value is true."""
    holders: dict[tuple[str, str], list[int]] = {}
    for seed, told in lines.items():
        for line in told:
            holders.setdefault(line, []).append(seed)
    rows = [
        (name, value, "every" if len(seeds) == len(lines) else ", ".join(map(str, seeds)))
        for (name, value), seeds in sorted(holders.items())
    ]
    return pd.DataFrame(rows, columns=["name", "value", "seeds"])
