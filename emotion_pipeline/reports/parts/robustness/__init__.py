"""The report on robustness: its numbers, figures and words."""
