"""Pictures in, pictures out: arrays of uint8, gray (height, width) or RGB (height, width, 3).

No tables and no files; `codec` is the only place that knows of encoded bytes.
"""
