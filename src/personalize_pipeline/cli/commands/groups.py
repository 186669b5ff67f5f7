"""A whole dataset group: delete it, write its params file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from personalize_pipeline.cli.commands.shared import STACK, Stack, follow_run
from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

app = typer.Typer()


@app.command(short_help="Delete a dataset group with everything in it.")
def destroy(
    group: Annotated[
        str, typer.Argument(metavar="GROUP", help="The name of a dataset group.", show_default=False)
    ],
    stack: Stack = STACK,
    data: Annotated[
        bool, typer.Option("--data", help="Also the files in the input bucket that were imported last.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    follow: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Delete a dataset group with everything in it, in the right order.

    Campaigns, recommenders, solutions (trainings that run are stopped), event tracker, metric attribution,
    filters, datasets, the group, and the schemas that no other dataset uses. Waits for runs on this group.
    Can be repeated. Exit code 0 if nothing is left, 1 if something could not be deleted.

    \b
    Examples:
        personalize destroy films --dry-run     what would go
        personalize destroy films               asks, deletes, and says what is gone
        personalize destroy films --data        its files in the input bucket too
    """
    with errors_for_people():
        from personalize_pipeline.cli import deployment, destroying, runs
        from personalize_pipeline.deletion.plan import plan_json

        target = deployment.find(stack)
        plan = destroying.look(target, group, data=data)
        if dry_run or not plan.things:
            if json_:
                result_json(plan_json(plan))
            else:
                result(destroying.text(group, plan))
            return
        if not yes:
            note(destroying.text(group, plan))
            note("It cannot be undone. Type the group's name to delete it:")
            typed = sys.stdin.readline().strip()
            if typed != group:
                raise CommandError(f"{typed!r} is not {group!r}: nothing was deleted. (--yes does not ask.)")
        arn = destroying.start(target, group, plan, data=data)
        if not follow:
            if json_:
                result_json({"name": arn.rpartition(":")[2], "arn": arn})
            else:
                result(arn)
                note(f"Follow it: personalize watch {arn}")
            return
        follow_run(runs.Follower(target, arn), json_=json_)


@app.command(name="export", short_help="Write the params file of a dataset group that exists.")
def export_(
    group: Annotated[
        str,
        typer.Argument(metavar="GROUP", help="The name of a dataset group, or its ARN.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write. Default: it is printed.", show_default=False),
    ] = None,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Write the params file of a dataset group that exists, however it was made; nothing is changed.

    A run of the file changes nothing either: it imports nothing, trains nothing, and finds all as it is
    wanted. What a params file cannot say is named on stderr. Exit code 1 if `personalize check` refuses it.

    \b
    Examples:
        personalize export films                            print it
        personalize export films --output films/params.json
    """
    with errors_for_people():
        from personalize_pipeline.cli import exporting

        file = exporting.new_file(output) if output else None
        made = exporting.export(group)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made.text, encoding="utf-8")
        if json_:
            result_json(made.json())
        elif not file:
            result(made.text)
        note("\n".join(f"Note: {line}" for line in made.notes))
        if made.problems:
            note("\n".join(["`personalize check` refuses it:", *(f"- {one}" for one in made.problems)]))
            raise typer.Exit(1)
        if file:
            note(f"{file} is written. {exporting.how_to_apply(file)}")
