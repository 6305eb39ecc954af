"""The report on explanations: its numbers, figures and words."""
