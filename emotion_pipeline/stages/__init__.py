"""The stages of the pipeline as plain functions: read the lake, call pure code, write the lake.

Here the folders that know nothing of each other are put together. `graph` says which stage
follows from which; `orchestration` makes Dagster assets of it, and the command line can run a
stage without Dagster.
"""
