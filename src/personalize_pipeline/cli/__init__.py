"""The `personalize` command."""

try:
    from personalize_pipeline.cli.main import app
except KeyboardInterrupt:  # Ctrl-C while the command is still being loaded
    raise SystemExit(130) from None

__all__ = ["app"]
