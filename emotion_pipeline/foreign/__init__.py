"""Predictors that others have trained and published, to stand beside the project's own models.

Each file runs one of them exactly as its publisher does: arrays in, probabilities out. Model files
come as paths. Only this folder knows the libraries that they need.
"""
