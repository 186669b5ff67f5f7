"""What is around the results in every mail: the subject, and where to look at the run."""

from dataclasses import dataclass

from personalize_pipeline.reporting.console_links import execution_command, execution_link
from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.text import section

MAX_SUBJECT = 100  # SNS: fewer than 100 ASCII characters and no line breaks, else Publish fails


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, and what the execution ends with if the run failed."""

    subject: str
    body: str
    error: str = ""
    cause: str = ""


def subject(outcome: str, title: str, reason: str) -> str:
    """The subject, in the form that SNS takes."""
    text = " ".join(part for part in (f"{outcome}: {title}", reason) if part)
    # What is not ASCII or breaks the line makes SNS refuse the whole mail.
    text = "".join(char if " " <= char <= "~" else "?" for char in " ".join(text.split()))
    return text if len(text) < MAX_SUBJECT else f"{text[: MAX_SUBJECT - 4]}..."


def about(ending: Ending, *, console: bool) -> str:
    """Where the run can be looked at, and what it was started with."""
    run = ending.run
    lines = [place(run.execution, console=console)]
    if run.bucket and run.key:
        version = f" (version {run.version_id})" if run.version_id else ""
        lines.append(f"params file: s3://{run.bucket}/{run.key}{version}")
    return section("The run", lines)


def place(execution: str, *, console: bool) -> str:
    """Where an execution can be looked at: a page of the console, or a command."""
    link = execution_link(execution) if console else None
    return link or execution_command(execution)
