"""What several commands take and do."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from personalize_pipeline.cli.output import note, result, result_json

if TYPE_CHECKING:
    from personalize_pipeline.cli.runs import Follower

FolderToRun = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A folder with params.json and its data.", show_default=False)
]
Stack = Annotated[
    str, typer.Option("--stack", envvar="PERSONALIZE_STACK", help="The deployed CloudFormation stack.")
]
STACK = "personalize-pipeline"


def follow_run(follower: "Follower", *, json_: bool) -> None:
    """Show a run until its end, then its mail. Exit code 1 if it failed, 130 if the person goes."""
    from personalize_pipeline.cli.following import show

    try:
        run = show(follower)
    except KeyboardInterrupt:
        note(f"\nThe run itself goes on. Follow it again: personalize watch {follower.named}")
        raise typer.Exit(130) from None
    if json_:
        result_json(asdict(run))
    elif run.mail:
        result(f"{run.mail['subject']}\n\n{run.mail['body']}")
    elif not run.succeeded:
        note(f"The run ended as {run.status} without a mail. {run.error or ''}\n{run.cause or ''}")
    if not run.succeeded:
        raise typer.Exit(1)
