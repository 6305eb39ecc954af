"""A page per model: its numbers, figures and words."""
