"""Show a run while it goes on: a table that changes in a terminal, a line per change anywhere else."""

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from personalize_pipeline.cli.runs import Follower, Resource, Run

_COLOURS = {"done": "green", "failed": "red", "working": "yellow"}


def show(follower: Follower, console: Console | None = None) -> Run:
    """Follow the run to its end; returns it as it ended."""
    console = console or Console(stderr=True)
    console.print(f"Run {follower.name}", highlight=False)
    return _live(follower, console) if console.is_terminal else _lines(follower, console)


def _live(follower: Follower, console: Console) -> Run:
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        for run in follower.follow():
            live.update(_table(run))
    return run


def _lines(follower: Follower, console: Console) -> Run:
    told: dict[tuple[str, str], str] = {}
    for run in follower.follow():
        if run.phase and told.get(("", "")) != run.phase:
            told["", ""] = run.phase
            console.print(f"{run.seconds:6.0f} s  {run.phase}", highlight=False, soft_wrap=True)
        for resource in run.resources:
            line = f"{resource.resource} {resource.name}: {_outcome(resource)}"
            if told.get((resource.resource, resource.name)) != line:
                told[resource.resource, resource.name] = line
                console.print(f"{run.seconds:6.0f} s  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(_ending(run))
    return run


def _table(run: Run) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("resource", "name", "outcome"):
        table.add_column(column)
    table.add_column("seconds", justify="right")
    for resource in run.resources:
        table.add_row(
            resource.resource,
            resource.name,
            Text(_outcome(resource), style=_COLOURS[resource.state]),
            _duration(resource.seconds),
        )
    return Group(table, _ending(run))


def _outcome(resource: Resource) -> str:
    said = resource.status
    if resource.did and resource.state == "done":
        said += f", {resource.did}"
    if resource.reason:
        said += f": {resource.reason}"
    return said


def _ending(run: Run) -> Text:
    if run.ended:
        return Text(
            f"{run.status} after {_duration(run.seconds)}", style="green" if run.succeeded else "bold red"
        )
    return Text(f"{run.phase or run.status} {_duration(run.seconds)}", style="dim")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
