"""What the leaderboard says in words."""

from collections.abc import Iterator

import pandas as pd

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.leaderboard.numbers import GroupNumbers

MIN_SEEDS = 3
FEW_ROWS = 300
ALPHA = 0.05

DEFINITIONS = {
    "Order": "Best on validation first. Test results choose nothing: whoever picks the best of many"
    " models by their test results picks luck with it.",
    "95 % interval, below a number": "What another test sample of this size could have given:"
    " Wilson's interval (Wilson 1927) for accuracy, a percentile bootstrap over the test rows"
    " (Efron 1979; 1,000 resamples) for the rest. Another training seed is a different uncertainty:"
    " see mean ± sd.",
    "Leak free": "The same metric without the test rows whose exact pixels also stand in the"
    " training rows that were used.",
    "Mean ± sd": "Over all seeds of a recipe, sd with n - 1. Every other number belongs to the"
    " lowest seed, which no result has chosen.",
    "Accuracy": "Share of test rows whose most probable emotion is the true one.",
    "Macro F1, weighted F1": "Mean over the classes that occur in the test rows of F1, the harmonic"
    " mean of precision and recall (van Rijsbergen 1979): every class counts the same, or as much"
    " as it has rows. Precision and recall are averaged in the same two ways in the table of all"
    " scores.",
    "Balanced accuracy": "Mean recall over the classes that occur, the same as macro recall"
    " (Brodersen et al. 2010).",
    "Jensen shannon": "Mean Jensen-Shannon divergence in bits between the predicted probabilities"
    " and the shares of human votes (Lin 1991): 0 is equal, 1 is disjoint, lower is better. Votes"
    " for an emotion that the model does not know count as missed.",
    "Family of domains": "Original, gray, or one corruption: the mean over its severities, on the"
    " pictures that the model was given in every domain.",
    "Difference": "This model minus the other on exactly the same rows. Accuracy: exact McNemar"
    " test (McNemar 1947), how likely two equally good models would split the rows that only one"
    " of them got right so unevenly. Macro F1 and Jensen-Shannon divergence: paired bootstrap"
    " (Efron and Tibshirani 1993), the same rows drawn for both. Above 0 this model is better; for"
    " Jensen-Shannon divergence it is below 0.",
    "p value, Holm": "Adjusted for the number of models in the table (Holm 1979): below 0.05, a"
    " difference this large would come by chance in fewer than 5 of 100 tables. Before that, a"
    " bootstrap's p-value is 0.002 at the least.",
    "Baseline": "The model with the fewest parameters that was trained here.",
    "Parameters, MB, ms": "Parameters of the network, size of its weights' file, and the median"
    " time for one face alone, from the face picture's pixels to probabilities, all its test views"
    " included, with one thread, after a warm-up; below it the quartiles of the runs. Measured once"
    " for the weights, on the processor that the table of costs names, however busy it was: times"
    " of different processors or runtimes are not comparable.",
    "On front": "Costs for which no other model is at least as accurate and no dearer (Pareto"
    " front). It is read off the test rows and so describes; it does not choose.",
}


def lead(found: list[GroupNumbers]) -> str:
    """The answer in a line: the best on validation of the first group."""
    if not found:
        return (
            "No model has been evaluated yet: run `emotion-pipeline refresh` for a recipe's"
            " predictions, then build this report again."
        )
    return _best(found[0])


def below_lead(found: list[GroupNumbers]) -> tuple[str, ...]:
    """What else is on the page."""
    if not found:
        return ()
    about = f"That is {found[0].group.title}."
    if len(found) == 1:
        return (about,)
    n_models = sum(len(one.group.models) for one in found)
    return (
        about,
        f"{n_models} models in {len(found)} groups. Results of different class sets, labels or"
        " pictures are not comparable and stand apart.",
    )


def _best(numbers: GroupNumbers) -> str:
    row, n_models = numbers.overview.iloc[0], len(numbers.group.models)
    who = f"Best on validation of {n_models} models" if n_models > 1 else "One model"
    score, low, high = (page.percent(row[f"accuracy_score{end}"]) for end in ("", "_low", "_high"))
    return (
        f"{who}: {row['recipe']}, right on {score} % of {page.count(row['n'])} test pictures"
        f" (95 % interval {low} to {high}), {page.percent(row['leak_free_accuracy_score'])} % of"
        f" the {page.count(row['leak_free_n'])} that training had not seen."
    )


def main_lines(numbers: GroupNumbers, *, led: bool) -> list[str]:
    """Above the main table of a group; of the one that was `led` with, its best is known."""
    n = page.count(numbers.overview.iloc[0]["n"])
    noise = f"At n = {n}, differences under about {page.percent(numbers.noise)} points are noise."
    return [noise] if led else [_best(numbers), noise]


def scores_in_words(overview: pd.DataFrame) -> str:
    """Accuracy and its leak-free twin of every model."""
    return "; ".join(
        f"{row['recipe']} {page.percent(row['accuracy_score'])} %,"
        f" leak-free {page.percent(row['leak_free_accuracy_score'])} %"
        for row in overview.to_dict("records")
    )


def front_in_words(overview: pd.DataFrame, axis: str) -> str:
    """The models on the front of one cost."""
    named = overview["on_front"].str.split(", ").map(lambda names: axis in names)
    return ", ".join(overview.loc[named.astype(bool), "recipe"])


def comparison_lines(numbers: GroupNumbers, role: str) -> list[str]:
    """What a table of comparisons found."""
    table, other = numbers.comparisons[role], numbers.against[role].recipe
    compared = {other, *table["recipe"]}
    left_out = [one.recipe for one in numbers.group.models if one.recipe not in compared]
    lines = [_sure(table, other)] if len(table) else []
    if left_out:
        lines.append(f"Tested on other rows, so not compared with it: {', '.join(left_out)}.")
    return lines


def _sure(table: pd.DataFrame, other: str) -> str:
    sure = table[table["p_value_accuracy_holm"] < ALPHA]
    better, worse = (
        sure.loc[sign * sure["accuracy_score_difference"] > 0, "recipe"].tolist()
        for sign in (1, -1)
    )
    parts = [
        f"{len(names)} {how} accurate ({', '.join(names)})"
        for how, names in (("more", better), ("less", worse))
        if names
    ]
    n_unsure = len(table) - len(sure)
    parts += [f"{n_unsure} not told apart from it by these rows"] if n_unsure else []
    return f"Against {other}, of {len(table)} models: {'; '.join(parts)}."


def cautions(models: list[ModelResult]) -> tuple[str, ...]:
    """Reasons to believe the numbers less."""
    return tuple(_cautions(models))


def _cautions(models: list[ModelResult]) -> Iterator[str]:
    drawn = [one.recipe for one in models if one.synthetic]
    if drawn:
        yield f"Drawn faces, so nothing here is about people: {', '.join(drawn)}."
    few = [one.recipe for one in models if not one.foreign and len(one.seeds) < MIN_SEEDS]
    if few:
        yield (
            f"Fewer than {MIN_SEEDS} seeds, so the spread between trainings is hardly known:"
            f" {', '.join(few)}."
        )
    foreign = [one.recipe for one in models if one.foreign]
    if foreign:
        yield (
            "Trained elsewhere; which pictures they have learned from is not known:"
            f" {', '.join(foreign)}."
        )
    yield from _leaks(models)
    small = [f"{one.recipe} ({n})" for one in models if (n := len(one.rows())) < FEW_ROWS]
    if small:
        yield f"Fewer than {FEW_ROWS} test rows, so intervals are wide: {', '.join(small)}."
    unvalidated = [one.recipe for one in models if one.rows("validation").empty]
    if unvalidated:
        yield f"No validation rows, so nothing says where they rank: {', '.join(unvalidated)}."


def _leaks(models: list[ModelResult]) -> Iterator[str]:
    seen = {one.recipe: int(one.rows()["seen_in_training"].sum()) for one in models}
    for foreign, was in ((False, "was also"), (True, "may have been")):
        names: dict[str, list[str]] = {}
        for one in models:
            if one.foreign == foreign and seen[one.recipe]:
                share = f"{seen[one.recipe]:,} of {len(one.rows()):,}"
                names.setdefault(share, []).append(one.recipe)
        some = "; ".join(f"{share} ({', '.join(recipes)})" for share, recipes in names.items())
        if some:
            yield (
                f"Test rows that show a picture which {was} trained on, so believe the leak-free"
                f" numbers: {some}."
            )
