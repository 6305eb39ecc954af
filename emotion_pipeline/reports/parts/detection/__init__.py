"""The report on face detection: its numbers, figures and words."""
