"""What the run was to do: the first thing in the mail."""

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.plan_lines import lines
from personalize_pipeline.reporting.mail.text import section


def forecast(ending: Ending) -> str:
    """The plan, as it was before anything was done."""
    if ending.foreseen.missing:
        return section("The plan", [f"It could not be made: {ending.foreseen.missing}"])
    return section("The plan", lines(ending.foreseen)) if ending.foreseen.entries else ""
