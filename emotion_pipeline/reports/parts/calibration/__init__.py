"""The report on calibration and votes: its numbers, figures and words."""
