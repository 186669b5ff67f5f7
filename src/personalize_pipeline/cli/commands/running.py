"""A run: start it, follow it."""

from dataclasses import asdict
from typing import Annotated

import typer

from personalize_pipeline.cli.commands.shared import STACK, FolderToRun, Stack, follow_run
from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

app = typer.Typer()


@app.command(short_help="Upload a folder with params.json, and follow the run.")
def run(
    folder: FolderToRun,
    stack: Stack = STACK,
    prefix: Annotated[
        str | None, typer.Option(help="The folder in the bucket. Default: the name of FOLDER.")
    ] = None,
    follow: Annotated[bool, typer.Option(help="Follow the run to its end.")] = True,
    checked: Annotated[
        bool, typer.Option("--check/--no-check", help="Check the folder first, as `personalize check` does.")
    ] = True,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Upload FOLDER (params.json and its data) and follow the run to its end.

    Safe to repeat: files that did not change are not sent again, finished work is kept, and only
    differences are applied. In the dataset folders of the bucket, data files that FOLDER no longer has
    are removed. Exit code 0 if the run succeeded, 1 if not.

    \b
    Examples:
        personalize run example                 on the AWS that the usual variables point to
        personalize run example --no-follow     upload and return
    """
    with errors_for_people():
        from personalize_pipeline.cli import checking, deployment, runs, sending
        from personalize_pipeline.cli import folder as folders

        given = folders.find(folder)
        if checked and (report := checking.check(folder)).problems:
            raise CommandError(report.error())
        target = deployment.find(stack)
        uploaded, name = sending.send(given, target, sending.prefix_of(given, prefix))
        arn = runs.wait_for(target, name)
        if not follow:
            if json_:
                result_json({"name": name, "arn": arn, "upload": asdict(uploaded)})
            else:
                result(name)
                note(f"Follow it: personalize watch {name}")
            return
        follow_run(runs.Follower(target, arn), json_=json_)


@app.command()
def watch(
    execution: Annotated[
        str | None,
        typer.Argument(
            metavar="[EXECUTION]", help="Name or ARN of a run. Default: the newest.", show_default=False
        ),
    ] = None,
    stack: Stack = STACK,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Follow a run to its end, and print the mail about it.

    Exit code 0 if the run succeeded, 1 if not.

    \b
    Examples:
        personalize watch     the newest run
        personalize watch films-params-0a1b2c3d4e5f     that one
        personalize watch s3://my-bucket/films/params.json     the one that this upload started
    """
    with errors_for_people():
        from personalize_pipeline.cli import deployment, runs

        target = deployment.find(stack)
        follow_run(runs.Follower(target, runs.named(target, execution)), json_=json_)
