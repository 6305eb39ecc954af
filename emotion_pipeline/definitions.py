"""What `workspace.yaml` names and Dagster loads."""

from emotion_pipeline.orchestration.build import build_definitions

defs = build_definitions()
