"""`python -m emotion_pipeline` is the command line."""

from emotion_pipeline.cli import main

main(prog_name="emotion-pipeline")
