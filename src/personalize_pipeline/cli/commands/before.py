"""What can be asked before a run: check, plan, estimate; and a params file of an older form, migrated."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from personalize_pipeline.cli.commands.shared import STACK, FolderToRun, Stack
from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

app = typer.Typer()


@app.command(short_help="Check params.json and the CSV files; no AWS is needed.")
def check(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A folder with params.json and its data, or a params file of any name.",
            show_default=False,
        ),
    ],
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Check params.json and the first lines of the CSV files; nothing is uploaded, no AWS is needed.

    All problems are listed at once. Exit code 1 if there is one. Of a params file alone, the data beside it
    is checked as far as it is there. What lies in S3 is named; `personalize plan` looks at it.

    \b
    Examples:
        personalize check example
        personalize check old.json     a params file alone, in any form
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

    Compares FOLDER with what there is on Amazon Personalize, and looks at data in S3 that the params file
    names. Your credentials are used for that; to describe, to list and to read that data is all that they
    must allow. Exit code 0 if the run can do what is planned, also if that is nothing; 1 if not.

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
