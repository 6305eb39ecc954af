"""The report on fairness: its numbers, figures and words."""
