"""Facial emotion recognition from raw datasets to reports that can be believed.

`docs/architecture.md` draws the map: which folder holds what, and which may import which.
"""
