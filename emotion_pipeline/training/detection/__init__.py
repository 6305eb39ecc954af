"""Detectors of faces in whole pictures, in boxes; loading a recipe needs `recipe` alone."""
