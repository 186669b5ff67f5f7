"""The mail at the end of a run: what was built and how good it is, or what failed and what to do about it.

Plain text, because SNS sends nothing else. A pure function: the same input and time give the same mail.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, Field

from personalize_pipeline.context import Did, Message, Run
from personalize_pipeline.reporting.console_links import execution_command, execution_link
from personalize_pipeline.reporting.failures import Failure, understand
from personalize_pipeline.reporting.runtime_commands import runtime_command
from personalize_pipeline.resources.resource import tail

MAX_SUBJECT = 100  # SNS: fewer than 100 ASCII characters and no line breaks, else Publish fails
# SNS takes 256 KB; but the mail is in the function's answer too, with the cause, and Step Functions takes
# 256 KiB of that: more would end the execution with an error that no state can catch.
MAX_BODY_BYTES = 100_000
MAX_CAUSE = 30_000  # Step Functions: 32,768 characters in a Fail state's Cause

_WORDS = {
    "DatasetGroup": "dataset group",
    "DatasetImport": "import",
    "EventTracker": "event tracker",
    "SolutionVersion": "solution version",
    "BestVersion": "choice",
    "BatchInferenceJob": "batch inference job",
    "BatchSegmentJob": "batch segment job",
    "MetricAttribution": "metric attribution",
}
_CUT = "\n\n(The rest is left out: the history of the execution has all of it.)\n"
_SAME = 0.00005  # metrics have four decimals


class Outcome(Message):
    """What became of one resource: an output of `ensure`, or its failure."""

    resource: str
    name: str = ""
    arn: str = ""
    status: str = ""
    did: Did | None = None
    seconds: float | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    failed: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """What it is, in words: `solution version movies-for-you`."""
        return f"{_WORDS.get(self.resource, self.resource.lower())} {self.name}".strip()


class Skipped(Message):
    """What was not begun, because something that it needs failed."""

    resource: str
    name: str = ""
    reason: str = ""


class Ending(Message):
    """What `notify` is told about the run."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    run: Run
    status: Literal["SUCCEEDED", "FAILED"]
    dataset_group: str = ""
    notes: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    problem: dict[str, Any] | None = None
    deletes: bool = False
    """Whether the run takes the dataset group apart."""

    @cached_property
    def failures(self) -> list[tuple[str, Failure]]:
        """Everything that failed, with its title; what ended the run first."""
        of_run = [("the run", understand(self.problem))] if self.problem else []
        failed = [item for item in self.outcomes if item.failed]
        return of_run + [(item.title, understand(item.failed)) for item in failed]

    @property
    def worked(self) -> list[Outcome]:
        """Everything that is as wanted."""
        return [item for item in self.outcomes if not item.failed]

    @property
    def succeeded(self) -> bool:
        """Whether all of it is: a run with a failure in it never counts as succeeded."""
        return self.status == "SUCCEEDED" and not self.failures

    @property
    def title(self) -> str:
        """What the run was about, as well as it is known: a params file that cannot be read names nothing."""
        return self.dataset_group or (self.run.prefix or "").strip("/") or self.run.key or self.run.id


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, and what the execution ends with if the run failed."""

    subject: str
    body: str
    error: str = ""
    cause: str = ""


def write_mail(ending: Ending, now: datetime, *, console: bool = True) -> Mail:
    """Write the mail of a run that ends `now`.

    `console`: whether there is an AWS console to link to; on the local stack commands are given instead.
    """
    took = _duration(now - ending.run.start_time)
    if ending.deletes:
        return _deletion_mail(ending, took, console=console)
    if ending.succeeded:
        body = _join(
            f"{ending.title} is {'live' if _is_live(ending) else 'ready'}. The run took {took}.",
            *_results(ending),
            _about(ending, console=console),
        )
        return Mail(_subject("Succeeded", ending.title, ""), body)
    error = ending.failures[0][1].error if ending.failures else "RunFailed"
    worked = list(_results(ending))
    body = _join(
        f"{ending.title} failed. The run took {took}.",
        _what_failed(ending, console=console),
        _section("Not begun because of this", (_skipped_line(item) for item in ending.skipped)),
        _what_to_do(ending),
        "WHAT WORKED NEVERTHELESS" if ending.worked else "",
        *worked,
        _about(ending, console=console),
    )
    return Mail(_subject("Failed", ending.title, _short_reason(ending)), body, error, _cause(ending))


def _deletion_mail(ending: Ending, took: str, *, console: bool) -> Mail:
    gone, notes = _parts(ending, "What is gone"), _section("Notes", map(_bullet, ending.notes))
    about = _about(ending, console=console)
    if ending.succeeded:
        what = "is deleted" if ending.worked else "was gone already: there was nothing to delete"
        return Mail(
            _subject("Deleted", ending.title, ""),
            _join(f"{ending.title} {what}. It took {took}.", gone, notes, about),
        )
    advice = f"Remove the cause, then delete the rest: personalize destroy {ending.title}"
    body = _join(
        f"{ending.title} is not deleted, or not all of it. It took {took}.",
        _what_failed(ending, console=console),
        _section("Not begun because of this", (_skipped_line(item) for item in ending.skipped)),
        _section("What to do next", [_bullet(advice)]),
        gone,
        notes,
        about,
    )
    error = ending.failures[0][1].error if ending.failures else "RunFailed"
    subject = _subject("Not deleted", ending.title, _short_reason(ending))
    return Mail(subject, body, error, _cause(ending))


def _results(ending: Ending) -> Iterator[str]:
    yield _live(ending)
    yield _recommenders(ending)
    yield _batch_jobs(ending)
    yield _trackers(ending)
    yield from _metrics(ending)
    yield from _metrics_of_recommenders(ending)
    yield _section(
        "How the best candidate was chosen",
        (f"{item.name}: {item.details.get('reason', '')}" for item in _of(ending, "BestVersion")),
    )
    yield _parts(ending)
    yield _section("Notes", (_bullet(note) for note in ending.notes))


# What failed


def _what_failed(ending: Ending, *, console: bool) -> str:
    lines: list[str] = []
    for title, failure in ending.failures:
        lines += [f"{title}: {failure.error}", *_indent(failure.reason)]
        if failure.execution:
            lines += ["  Look at:", f"    {_place(failure.execution, console=console)}"]
        lines.append("")
    return _section("What failed, and why", lines or ["The execution gives no reason. Look at its history."])


def _what_to_do(ending: Ending) -> str:
    advice = dict.fromkeys(failure.what_to_do for _, failure in ending.failures)
    return _section("What to do next", (_bullet(line) for line in advice))


def _short_reason(ending: Ending) -> str:
    if not ending.failures:
        return ""
    title, failure = ending.failures[0]
    if len(ending.failures) > 1:
        return f"({len(ending.failures)} parts of it: {title}, ...)"
    return f"({failure.error})" if title == "the run" else f"({title}: {failure.error})"


def _cause(ending: Ending) -> str:
    failed = [f"{title}: {failure.error}: {failure.reason}" for title, failure in ending.failures]
    worked = [f"{item.title}: {item.did or item.status}" for item in ending.worked]
    skipped = [_skipped_line(item) for item in ending.skipped]
    text = _join(
        "Failed:\n" + "\n".join(failed),
        "Worked:\n" + "\n".join(worked) if worked else "",
        "Not begun:\n" + "\n".join(skipped) if skipped else "",
    )
    return text if len(text) <= MAX_CAUSE else f"{text[:MAX_CAUSE]}..."


def _skipped_line(item: Skipped) -> str:
    title = f"{_WORDS.get(item.resource, item.resource.lower())} {item.name}".strip()
    return f"{title}: {item.reason}" if item.reason else title


# What worked


def _live(ending: Ending) -> str:
    recipes = {item.arn: item.details.get("recipeArn") for item in _of(ending, "SolutionVersion")}
    lines: list[str] = []
    for item in _of(ending, "Campaign"):
        version = item.details.get("solutionVersionArn", "")
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        if version:
            lines.append(f"  serves {tail(version)}")
        lines += [f"  {runtime_command(item.arn, recipes.get(version), ending.run.examples)}", ""]
    return _section("Campaigns, and how to ask them", lines)


def _is_live(ending: Ending) -> bool:
    running = [item for item in _of(ending, "Recommender") if item.status == "ACTIVE"]
    return bool(_of(ending, "Campaign") or running)


def _recommenders(ending: Ending) -> str:
    lines: list[str] = []
    for item in _of(ending, "Recommender"):
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        if item.status == "ACTIVE":
            recipe = item.details.get("recipeArn")
            lines.append(f"  {runtime_command(item.arn, recipe, ending.run.examples)}")
        else:
            lines.append("  is stopped: it answers nothing and costs nothing")
            lines += [f"  when it is started: {change}" for change in item.details.get("whenStarted", ())]
        lines.append("")
    return _section("Recommenders, and how to ask them", lines)


def _batch_jobs(ending: Ending) -> str:
    lines: list[str] = []
    for item in (*_of(ending, "BatchInferenceJob"), *_of(ending, "BatchSegmentJob")):
        lines += [
            item.name,
            f"  read     {item.details.get('input')}",
            f"  wrote    {item.details.get('output')}",
            f"  version  {tail(item.details.get('solutionVersionArn', ''))}",
            "",
        ]
    return _section("Batch jobs, and where their results are", lines)


def _trackers(ending: Ending) -> str:
    lines: list[str] = []
    for item in _of(ending, "EventTracker"):
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        lines.append(f"  tracking ID for PutEvents: {item.details.get('trackingId', 'not known')}")
    return _section("Where to send events", lines)


def _metrics(ending: Ending) -> Iterator[str]:
    for item in _of(ending, "SolutionVersion"):
        metrics: dict[str, float] = item.details.get("metrics", {})
        previous: dict[str, Any] = item.details.get("previous") or {}
        before: dict[str, float] = previous.get("metrics", {})
        recipe = item.details.get("recipeArn")
        lines = [f"version  {item.arn}"]
        if recipe:
            lines.append(f"recipe   {tail(recipe).partition('/')[2]}")
        if hours := item.details.get("trainingHours"):
            # The -v2 recipes are billed by interactions instead.
            billed = "" if str(recipe).endswith("-v2") else " (what AWS bills)"
            lines.append(f"trained  {hours:g} training hours{billed}")
        if previous:
            lines.append(f"before   {previous.get('arn')}")
        if metrics:
            header = ("metric", "now", "before", "change") if previous else ("metric", "now")
            rows = [_metric_row(name, metrics[name], before.get(name), bool(previous)) for name in metrics]
            lines += ["", *_table([header, *rows])]
        else:
            lines.append("Amazon Personalize gives no metrics.")
        yield _section(f"How good is {item.name}", lines)


def _metrics_of_recommenders(ending: Ending) -> Iterator[str]:
    for item in _of(ending, "Recommender"):
        if metrics := item.details.get("metrics"):
            recipe = tail(item.details.get("recipeArn") or "").partition("/")[2]
            rows = [_metric_row(name, metrics[name], None, compare=False) for name in metrics]
            yield _section(
                f"How good is {item.name}", [f"recipe   {recipe}", "", *_table([("metric", "now"), *rows])]
            )


def _metric_row(name: str, now: float, before: float | None, compare: bool) -> tuple[str, ...]:  # noqa: FBT001
    if not compare:
        return (name, f"{now:.4f}")
    if before is None:
        return (name, f"{now:.4f}", "-", "new")
    change = now - before
    if abs(change) < _SAME:
        return (name, f"{now:.4f}", f"{before:.4f}", "same")
    return (name, f"{now:.4f}", f"{before:.4f}", f"{change:+.4f} {'better' if change > 0 else 'worse'}")


def _parts(ending: Ending, title: str = "What was done") -> str:
    parts = [item for item in ending.worked if item.resource != "BestVersion"]
    if not parts:
        return ""
    rows = [
        (
            item.did or item.status.lower(),
            _WORDS.get(item.resource, item.resource.lower()),
            item.name,
            "" if item.seconds is None else _duration(timedelta(seconds=item.seconds)),
            tail(item.arn) + _size(item),
        )
        for item in parts
    ]
    return _section(title, _table([("", "what", "name", "took", "where"), *rows]))


def _size(item: Outcome) -> str:
    files, size = item.details.get("files"), item.details.get("bytes")
    if not files or size is None:
        return ""
    amount = f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
    return f" ({files} file{'s' if files > 1 else ''}, {amount})"


def _of(ending: Ending, resource: str) -> list[Outcome]:
    return [item for item in ending.worked if item.resource == resource]


# Frame


def _about(ending: Ending, *, console: bool) -> str:
    run = ending.run
    lines = [_place(run.execution, console=console)]
    if run.bucket and run.key:
        version = f" (version {run.version_id})" if run.version_id else ""
        lines.append(f"params file: s3://{run.bucket}/{run.key}{version}")
    return _section("The run", lines)


def _place(execution: str, *, console: bool) -> str:
    link = execution_link(execution) if console else None
    return link or execution_command(execution)


def _subject(outcome: str, title: str, reason: str) -> str:
    text = " ".join(part for part in (f"{outcome}: {title}", reason) if part)
    # What is not ASCII or breaks the line makes SNS refuse the whole mail.
    text = "".join(char if " " <= char <= "~" else "?" for char in " ".join(text.split()))
    return text if len(text) < MAX_SUBJECT else f"{text[: MAX_SUBJECT - 4]}..."


def _join(*sections: str) -> str:
    text = "\n\n".join(section for section in sections if section) + "\n"
    if len(text.encode()) <= MAX_BODY_BYTES:
        return text
    return text.encode()[: MAX_BODY_BYTES - len(_CUT)].decode(errors="ignore") + _CUT


def _section(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(lines).rstrip("\n")
    return f"{title}\n{'-' * len(title)}\n{text}" if text else ""


def _bullet(text: str) -> str:
    return "- " + text.replace("\n", "\n  ")


def _indent(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side; those with numbers under a heading to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [all(_numeric(cell) for cell in column[1:]) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if numbers else cell.ljust(width)
            for cell, width, numbers in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _numeric(cell: str) -> bool:
    return cell == "-" or cell.replace(".", "", 1).lstrip("+-").isdigit()


def _duration(time: timedelta) -> str:
    seconds = max(0, round(time.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
