"""The command `personalize`: its parts are in `commands/` and `local`."""

from typing import Annotated

import typer

from personalize_pipeline.cli import local
from personalize_pipeline.cli.commands import before, groups, running, serving
from personalize_pipeline.cli.output import result

app = typer.Typer(
    name="personalize",
    help="From CSV files and one params.json to a live recommender: on AWS, or on this computer first.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help as plain text, with the examples as they are written
    pretty_exceptions_enable=False,  # a bug keeps its plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (before.app, running.app, serving.app, groups.app, local.app):
    app.add_typer(part)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        result(f"personalize {version('personalize-pipeline')}")
        raise typer.Exit


@app.callback()
def _before_any_command(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
