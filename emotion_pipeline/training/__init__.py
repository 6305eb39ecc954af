"""Training and prediction: plain Python on torch and Lightning, with no knowledge of the lake."""

import os

# cuBLAS reads it once, at its first use in a process, which may be a prediction before a training.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
