"""The mail of a run that takes a dataset group apart."""

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.frame import Mail, about, subject
from personalize_pipeline.reporting.mail.parts import parts
from personalize_pipeline.reporting.mail.text import bullet, join, section
from personalize_pipeline.reporting.mail.what_failed import cause, error, not_begun, short_reason, what_failed


def deletion_mail(ending: Ending, took: str, *, console: bool) -> Mail:
    """What is gone, or what is not, and why."""
    gone, notes = parts(ending, "What is gone"), section("Notes", map(bullet, ending.notes))
    if ending.succeeded:
        what = "is deleted" if ending.worked else "was gone already: there was nothing to delete"
        body = join(f"{ending.title} {what}. It took {took}.", gone, notes, about(ending, console=console))
        return Mail(subject("Deleted", ending.title, ""), body)
    advice = f"Remove the cause, then delete the rest: personalize destroy {ending.title}"
    how_much = f"{ending.title} is not deleted, or not all of it."
    if error(ending) == "ParamsInvalid":  # the input of the execution: it may name no dataset group
        advice = "Start it again with such an input, or with the command: personalize destroy GROUP"
        how_much = f"{ending.title}: nothing was deleted."
    body = join(
        f"{how_much} It took {took}.",
        what_failed(ending, console=console),
        not_begun(ending),
        section("What to do next", [bullet(advice)]),
        gone,
        notes,
        about(ending, console=console),
    )
    head = subject("Not deleted", ending.title, short_reason(ending))
    return Mail(head, body, error(ending), cause(ending))
