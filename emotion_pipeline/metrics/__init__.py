"""Numbers about predictions: arrays in, arrays out. No tables, no files, no models.

A name that ends in `_score` is better when larger, `_error` when smaller; fractions are 0 to 1.
"""
