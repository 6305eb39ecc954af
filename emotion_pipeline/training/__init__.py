"""Training and prediction: plain Python on torch and Lightning, with no knowledge of the lake."""
