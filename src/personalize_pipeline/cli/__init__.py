"""The `personalize` command."""

try:
    from personalize_pipeline.cli.main import app
except KeyboardInterrupt:  # Ctrl-C while the command is still being loaded
    raise SystemExit(130) from None
except ModuleNotFoundError as error:
    if error.name != "typer":
        raise
    raise SystemExit(
        "Error: the command personalize needs typer, which is not installed. "
        "Install the project with its extra 'cli' too: pip install '.[cli,local]'"
    ) from None

__all__ = ["app"]
