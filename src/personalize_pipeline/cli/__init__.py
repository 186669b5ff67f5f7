"""The `personalize` command."""

from personalize_pipeline.cli.main import app

__all__ = ["app"]
