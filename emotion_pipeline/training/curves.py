"""Learning curves: one row per finished epoch, and the decisions that follow from them alone.

Which epoch was best and whether training has ended are read off the curves, in one place, so that
a run that goes on after a crash decides exactly as one that never stopped.
"""

from typing import Any

from emotion_pipeline.training.values import Trained

Row = dict[str, Any]


def best_epoch(rows: list[Row]) -> int:
    """The first epoch, counted from 1, with the lowest validation loss; 0 without any epoch."""
    return min(rows, key=lambda row: row["validation_loss"])["epoch"] if rows else 0


def has_ended(rows: list[Row], recipe: Trained) -> bool:
    """Whether all epochs are done, or the recipe's patience is exhausted."""
    stopping = recipe.early_stopping
    patience = stopping.patience_epochs if stopping else recipe.epochs
    return len(rows) >= min(recipe.epochs, best_epoch(rows) + patience)
