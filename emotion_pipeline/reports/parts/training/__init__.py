"""The report on trainings: its numbers, figures and words."""
