"""The only folder that imports Dagster: it makes assets, checks and schedules of the stages."""
