"""Trained models in use, outside of the lake: with neither torch nor Dagster."""
