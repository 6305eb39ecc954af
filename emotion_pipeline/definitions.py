"""What `workspace.yaml` names and Dagster loads."""

from emotion_pipeline.logs import configure
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.settings import Settings

if Settings().log_format == "json":  # lines for people are Dagster's own
    configure("json")
defs = build_definitions()
