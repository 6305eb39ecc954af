"""Models that others have trained, to stand beside the project's own: arrays in, probabilities out.

A published predictor runs exactly as its publisher runs it; files of the user, tables of
predictions and networks, are a stranger's and are checked. Files come as paths. Only this folder
knows the libraries that they need.
"""
