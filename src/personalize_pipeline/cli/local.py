"""`personalize local`: the AWS on this computer."""

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

if TYPE_CHECKING:
    from personalize_pipeline.local_stack.process import Process
    from personalize_pipeline.local_stack.stack import LocalStack

app = typer.Typer(
    name="local",
    help="The AWS on this computer: MiniStack (S3, Lambda, Step Functions, ...) and Personalize Local.",
    short_help="The AWS on this computer: start, stop, look into it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Option("--name", help="Several stacks can run side by side, each with a name.")]
# A profile or a session token of the real AWS would be taken before the keys of the local stack.
_UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


def _stack(name: str) -> "LocalStack":
    from personalize_pipeline.local_stack.stack import LocalStack

    return LocalStack(name)


@app.command()
def up(
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- OPTIONS",
            show_default=False,
            help="Of the command personalize-local: --legacy-recipes, --rate-limits, --quota ...",
        ),
    ] = None,
    name: Name = "default",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of the local AWS. Default: 4566, or a free one.")
    ] = None,
    personalize_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Of Personalize Local. Default: 4567, or a free one."),
    ] = None,
    durations: Annotated[
        str | None,
        typer.Option(
            metavar="realistic[/SPEED]",
            help="Take as long as Amazon Personalize does; realistic/60 is sixty times as fast."
            " Default: as long as the work takes.",
        ),
    ] = None,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Start the local stack; what an earlier one held is there again.

    \b
    Examples:
        personalize local up
        personalize local up --name other      a second one beside it, on free ports
        personalize local up --durations realistic/60    an hour of AWS is a minute
        personalize local up -- --legacy-recipes --quota campaigns=20
    """
    with errors_for_people():
        stack = _stack(name)
        started = stack.up(
            aws_port=port,
            personalize_port=personalize_port,
            options=[*(("--durations", durations) if durations else ()), *(options or ())],
            report=note,
        )
        status = stack.status()
        if json_:
            result_json(asdict(status) | {"started": started})
            return
        state = "is up" if started else "was up already"
        result(f"The local stack {name!r} {state}: AWS on {status.aws}, Personalize on {status.personalize}")
        option = "" if name == "default" else f" --name {name}"
        note(f'Next: eval "$(personalize local env{option})"; then aws, sam and personalize talk to it.')


@app.command()
def down(
    name: Name = "default",
    all_: Annotated[bool, typer.Option("--all", help="Every stack of this folder.")] = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Stop the local stack; what is in it is kept for the next `up`.

    \b
    Example:
        personalize local down
    """
    with errors_for_people():
        from personalize_pipeline.local_stack.stack import LocalStack, home

        # One that was never up is not running either; only to find that out, no folder is made for it.
        stacks = [stack for stack in LocalStack.all() if all_ or stack.name == _stack(name).name]
        stopped = {stack.name: stack.down() for stack in stacks}
        if json_:
            result_json(stopped)
            return
        if not stopped:
            result(f"There is no local stack{'' if all_ else f' {name!r}'} in {home()}: nothing to stop.")
        for stack_name, ran in stopped.items():
            result(f"The local stack {stack_name!r} {'is stopped' if ran else 'was not running'}.")


@app.command()
def status(json_: Annotated[bool, JSON] = False) -> None:
    """Which local stacks there are, and where they listen.

    \b
    Example:
        personalize local status
    """
    with errors_for_people():
        from personalize_pipeline.local_stack.stack import LocalStack, home

        found = [stack.status() for stack in LocalStack.all()]
        if json_:
            result_json([asdict(one) for one in found])
            return
        if not found:
            result(f"No local stack in {home()}. Start one: personalize local up")
        for one in found:
            where = f"AWS {one.aws}  Personalize {one.personalize}" if one.state != "down" else one.folder
            result(f"{one.name:<12} {one.state:<10} {where}")


@app.command(short_help="Print the variables with which aws, boto3 and others find it.")
def env(name: Name = "default", json_: Annotated[bool, JSON] = False) -> None:
    """Print the variables with which aws, sam, boto3 and personalize talk to the local stack.

    \b
    Example:
        eval "$(personalize local env)"
    """
    with errors_for_people():
        variables = _stack(name).environment()
        if json_:
            result_json(variables)
            return
        result(f"unset {' '.join(_UNSET)}")
        for variable, value in variables.items():
            result(f"export {variable}={shlex.quote(value)}")


@app.command(short_help="What its two servers and the Lambda functions wrote.")
def logs(
    name: Name = "default",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each to begin with.")] = 40,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """What the two servers of the local stack wrote, the functions' own logs included.

    \b
    Example:
        personalize local logs -f
    """
    with errors_for_people():
        stack = _stack(name)
        processes = stack.processes
        if json_:
            written = {process.name: process.lines_since(0)[0] for process in processes}
            result_json({name: its[-lines:] if lines else [] for name, its in written.items()})
            return
        if not any(process.log.exists() for process in processes):
            raise CommandError(f"The local stack {name!r} was never up: {stack.up_command}")
        _print_logs(processes, lines, follow=follow)


@app.command(short_help="Stop the local stack and delete everything in it.")
def reset(
    name: Name = "default",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Stop the local stack and delete everything in it: buckets, functions, data, models.

    \b
    Example:
        personalize local reset --yes
    """
    with errors_for_people():
        stack = _stack(name)
        if stack.ports() is None:
            raise CommandError(f"There is no local stack {name!r} here: personalize local status")
        if not yes:
            typer.confirm(f"Delete everything in the local stack {name!r}?", abort=True, err=True)
        stack.reset()
        if json_:
            result_json({"name": name, "reset": True})
            return
        result(f"The local stack {name!r} is stopped and empty. Start it again: {stack.up_command}")


def _print_logs(processes: "tuple[Process, ...]", lines: int, *, follow: bool) -> None:
    import time

    def show(process: "Process", written: list[str]) -> None:
        for line in written:
            result(f"{process.name:<17} | {line}")

    offsets = {}
    for process in processes:
        written, offsets[process.name] = process.lines_since(0)
        show(process, written[-lines:] if lines else [])
    while follow:
        time.sleep(0.3)
        for process in processes:
            written, offsets[process.name] = process.lines_since(offsets[process.name])
            show(process, written)
