"""The commands: each parses, calls one library function, prints. What is slow to import is imported late."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from personalize_pipeline.cli import local
from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

if TYPE_CHECKING:
    from personalize_pipeline.cli.promoting import Move
    from personalize_pipeline.cli.runs import Follower

app = typer.Typer(
    name="personalize",
    help="From CSV files and one params.json to a live recommender: on AWS, or on this computer first.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help as plain text, with the examples as they are written
    pretty_exceptions_enable=False,  # a bug keeps its plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(local.app)


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


FolderToRun = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A folder with params.json and its data.", show_default=False)
]
Stack = Annotated[
    str, typer.Option("--stack", envvar="PERSONALIZE_STACK", help="The deployed CloudFormation stack.")
]
STACK = "personalize-pipeline"


@app.command(short_help="Check params.json and the CSV files; no AWS is needed.")
def check(folder: FolderToRun, json_: Annotated[bool, JSON] = False) -> None:
    """Check params.json and the first lines of the CSV files; nothing is uploaded, no AWS is needed.

    All problems are listed at once. Exit code 1 if there is one.

    \b
    Example:
        personalize check example
    """
    with errors_for_people():
        from personalize_pipeline.cli import checking

        report = checking.check(folder)
        if json_:
            result_json(asdict(report))
        else:
            result(report.text())
        if report.problems:
            raise typer.Exit(1)


@app.command(short_help="Say what a run would create, update, retrain, delete, and what it costs.")
def plan(
    folder: FolderToRun,
    stack: Stack = STACK,
    prefix: Annotated[
        str | None, typer.Option(help="The folder in the bucket. Default: the name of FOLDER.")
    ] = None,
    detailed: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit code 2, not 0, if there is anything to do."),
    ] = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Say what a run of FOLDER would do now, why, and what it costs; nothing is changed.

    Compares FOLDER with what there is on Amazon Personalize. Your credentials are used for that; to describe
    and to list is all that they must allow. Exit code 0 if the run can do what is planned, also if that is
    nothing; 1 if not.

    \b
    Examples:
        personalize plan example                 what would be done, and why
        personalize plan example --detailed-exitcode     2 if there is something to do
    """
    with errors_for_people():
        from personalize_pipeline.cli import deployment, planning
        from personalize_pipeline.reporting.mail.plan_lines import lines

        answer = planning.look(folder, deployment.find(stack), prefix)
        if json_:
            result_json(answer.json())
        else:
            result("\n".join([f"Dataset group {answer.group}:", *lines(answer.planned)]))
            for text in answer.notes:
                note(f"Note: {text}")
        if answer.planned.failures or answer.planned.quotas:
            raise typer.Exit(1)
        if detailed and answer.planned.changes:
            raise typer.Exit(2)


@app.command(short_help="Say what a folder costs on AWS; no AWS is needed.")
def estimate(
    folder: FolderToRun,
    region: Annotated[
        str, typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Whose prices.")
    ] = "us-east-1",
    prices: Annotated[
        Path | None, typer.Option(help="A price list of your own, in the form of costs/prices.toml.")
    ] = None,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Say what FOLDER costs on AWS: importing and training once, campaigns and recommenders every day.

    Everything is counted as new; `personalize plan` counts only what a run would do. No AWS is needed, unless
    the data lies there. What is not known (a price, or how long a training takes) is named, not guessed.

    \b
    Examples:
        personalize estimate example
        personalize estimate example --region eu-west-1 --prices my-prices.toml
    """
    with errors_for_people():
        from personalize_pipeline.cli import estimating
        from personalize_pipeline.reporting.mail.cost_lines import lines

        found = estimating.look(folder, region, prices)
        if json_:
            result_json(estimating.as_json(found))
        else:
            result("\n".join(lines(found)))


@app.command(short_help="Rewrite a params file of an older form in the form of this pipeline.")
def migrate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A params file of any form, or a folder with one.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The new file. Default: standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Rewrite a params file of an older form in the form of this pipeline, and say what was changed.

    Both files bring about the same. A file with problems is not written; they are listed, with their places
    in the old file. Exit code 1 if there is one.

    \b
    Examples:
        personalize migrate old.json     the new file to standard output, notes to standard error
        personalize migrate old.json --output params.json
    """
    with errors_for_people():
        from personalize_pipeline.cli import migrating

        made = migrating.migrate(file)
        if not made.problems and output is not None:
            if output.exists() and not force:
                raise CommandError(f"{output} is there already. Give another name, or --force.")
            output.write_text(made.text, encoding="utf-8")
        if json_:
            result_json(asdict(made) | {"output": output and str(output)})
        else:
            note(made.explanation())
            if output is not None and not made.problems:
                note(f"{output} is written.")
            elif not made.problems:
                result(made.text)
        if made.problems:
            raise typer.Exit(1)


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
            raise CommandError(report.text())
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
        _follow(runs.Follower(target, arn), json_=json_)


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
        _follow(runs.Follower(target, runs.named(target, execution)), json_=json_)


@app.command(short_help="Ask a campaign for recommendations, with titles.")
def recommend(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or ARN.", show_default=False)],
    user: Annotated[str | None, typer.Option(help="For whom.")] = None,
    item: Annotated[str | None, typer.Option(help="Similar to what.")] = None,
    items: Annotated[str | None, typer.Option(help="Rank these: item IDs with commas between.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=500, help="How many.")] = 10,
    filter_: Annotated[str | None, typer.Option("--filter", help="Name or ARN of a filter.")] = None,
    value: Annotated[
        list[str] | None, typer.Option(help="A value for the filter: NAME=VALUE. Can be repeated.")
    ] = None,
    titles: Annotated[
        Path | None,
        typer.Option(help="The folder whose Items file has the titles. Default: here, or example/."),
    ] = None,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Ask a campaign or a recommender for recommendations, and print them with their titles.

    \b
    Examples:
        personalize recommend films-for-you --user user-042
        personalize recommend films-like-this --item film-017 -n 5
        personalize recommend ranking --user 7 --items 1,50,260
    """
    with errors_for_people():
        from personalize_pipeline.cli import recommending

        question = recommending.Question(
            campaign=campaign,
            user=user,
            item=item,
            items=tuple(items.split(",")) if items else (),
            count=count,
            filter=filter_,
            values=tuple(value or ()),
        )
        answer = recommending.ask(question, titles)
        if json_:
            result_json([asdict(one) for one in answer])
        elif answer:
            result(recommending.table(answer))
        else:
            note("No recommendations: the filter leaves no item.")


CampaignToMove = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its name or ARN.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command(short_help="Move a campaign to another version by hand.")
def promote(
    campaign: CampaignToMove,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="[VERSION]",
            help="Its identifier, SOLUTION/IDENTIFIER or ARN. Default: the newest of the solution.",
            show_default=False,
        ),
    ] = None,
    yes: Yes = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Move CAMPAIGN to a version of its solution, whatever `promotion` in the params file says.

    The old version answers until the new one does. The next run moves the campaign to the newest version, if
    `promotion` lets it; a version to stay at is `solutionVersionArn` in the params file.

    \b
    Examples:
        personalize promote films-for-you                to the newest version
        personalize promote films-for-you 1a2b3c4d       to this one
    """
    with errors_for_people():
        from personalize_pipeline.cli import promoting

        _move(promoting.promotion(campaign, version), yes=yes, json_=json_)


@app.command(short_help="Move a campaign back to the version before.")
def rollback(
    campaign: CampaignToMove, stack: Stack = STACK, yes: Yes = False, json_: Annotated[bool, JSON] = False
) -> None:
    """Move CAMPAIGN back to the version that it served before, as the stack's runs tell.

    If they do not (they are remembered for 90 days), to the newest version that is older than the present
    one. The present version answers until the other one does. The next run moves the campaign to the newest
    one again, if `promotion` lets it; a version to stay at is `solutionVersionArn` in the params file.

    \b
    Examples:
        personalize rollback films-for-you           asks, moves it, and waits until it answers
        personalize rollback films-for-you --yes     does not ask
    """
    with errors_for_people():
        from personalize_pipeline.cli import promoting

        _move(promoting.rollback(campaign, stack), yes=yes, json_=json_)


def _move(move: "Move", *, yes: bool, json_: bool) -> None:
    from personalize_pipeline.cli import promoting

    seconds = 0.0
    if move.needed:
        note(move.text())
        if not yes:
            note("Type yes to move it:")
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was changed. (--yes does not ask.)")
        seconds = promoting.carry_out(move, note)
    if json_:
        answer = {"campaign": move.campaign, "arn": move.arn, "from": move.now.arn, "to": move.to.arn}
        result_json(answer | {"moved": move.needed, "seconds": round(seconds, 1)})
    elif move.needed:
        result(f"{move.campaign} serves {move.to.short}.")
        note(
            "The next run moves it to the newest version, if promotion in the params file lets it. To stay "
            f'here, write into its section: "solutionVersionArn": "{move.to.arn}"'
        )
    else:
        result(f"{move.campaign} serves {move.to.short} already.")


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
        _follow(runs.Follower(target, arn), json_=json_)


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
            note(f"{file} is written. Apply it: personalize run {file.parent}")


def _follow(follower: "Follower", *, json_: bool) -> None:
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
