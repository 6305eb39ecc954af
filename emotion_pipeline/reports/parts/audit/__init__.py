"""The audit of claims: its numbers, figures and words."""
