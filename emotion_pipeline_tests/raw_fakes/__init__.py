"""Tiny raw folders that are laid out as the published ones; one file per dataset."""
