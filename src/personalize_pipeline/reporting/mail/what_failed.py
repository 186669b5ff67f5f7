"""What failed, why, where to look, and what to do next."""

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.frame import place
from personalize_pipeline.reporting.mail.text import bullet, indent, join, section

MAX_CAUSE = 30_000  # Step Functions: 32,768 characters in a Fail state's Cause


def what_failed(ending: Ending, *, console: bool) -> str:
    """Every failure with its reason and its execution."""
    lines: list[str] = []
    for title, failure in ending.failures:
        lines += [f"{title}: {failure.error}", *indent(failure.reason)]
        if failure.execution:
            lines += ["  Look at:", f"    {place(failure.execution, console=console)}"]
        lines.append("")
    return section("What failed, and why", lines or ["The execution gives no reason. Look at its history."])


def not_begun(ending: Ending) -> str:
    """What waits for the next run."""
    return section("Not begun because of this", (item.title for item in ending.not_begun))


def what_to_do(ending: Ending) -> str:
    """The advice for all failures, each once."""
    advice = dict.fromkeys(failure.what_to_do for _, failure in ending.failures)
    return section("What to do next", (bullet(line) for line in advice))


def short_reason(ending: Ending) -> str:
    """What failed, for the subject."""
    if not ending.failures:
        return ""
    title, failure = ending.failures[0]
    if len(ending.failures) > 1:
        return f"({len(ending.failures)} parts of it: {title}, ...)"
    return f"({failure.error})" if title == "the run" else f"({title}: {failure.error})"


def error(ending: Ending) -> str:
    """The name of the error that the execution ends with."""
    return ending.failures[0][1].error if ending.failures else "RunFailed"


def cause(ending: Ending) -> str:
    """What the execution ends with, in full."""
    failed = [f"{title}: {failure.error}: {failure.reason}" for title, failure in ending.failures]
    worked = [f"{item.title}: {item.did or item.status}" for item in ending.worked]
    waiting = [item.title for item in ending.not_begun]
    text = join(
        "Failed:\n" + "\n".join(failed),
        "Worked:\n" + "\n".join(worked) if worked else "",
        "Not begun:\n" + "\n".join(waiting) if waiting else "",
    )
    return text if len(text) <= MAX_CAUSE else f"{text[:MAX_CAUSE]}..."
