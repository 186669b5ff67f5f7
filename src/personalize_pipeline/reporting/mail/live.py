"""What answers now: campaigns, recommenders, event trackers, and how to ask them."""

from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.text import section
from personalize_pipeline.reporting.runtime_commands import runtime_command
from personalize_pipeline.resources.resource import tail
from personalize_pipeline.resources.solution_version import solution_of


def is_live(ending: Ending) -> bool:
    """Whether anything of this run answers requests."""
    running = [item for item in ending.of("Recommender") if item.status == "ACTIVE"]
    return bool(ending.of("Campaign") or running)


def recipe_of(ending: Ending, campaign: Outcome) -> str | None:
    """The recipe of what a campaign serves."""
    # That may be a version that is not of this run; its solution is in the run in any case.
    trained = (*ending.of("Solution"), *ending.of("SolutionVersion"))
    recipes = {item.arn: item.details.get("recipeArn") for item in trained}
    version = campaign.details.get("solutionVersionArn", "")
    return recipes.get(version) or recipes.get(solution_of(version))


def campaigns(ending: Ending) -> str:
    """The campaigns, what they serve, and a command for each."""
    lines: list[str] = []
    for item in ending.of("Campaign"):
        version = item.details.get("solutionVersionArn", "")
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        if version:
            lines.append(f"  serves {tail(version)}")
        lines += [f"  {runtime_command(item.arn, recipe_of(ending, item), ending.run.examples)}", ""]
    return section("Campaigns, and how to ask them", lines)


def recommenders(ending: Ending) -> str:
    """The recommenders, and a command for each that runs."""
    lines: list[str] = []
    for item in ending.of("Recommender"):
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        if item.status == "ACTIVE":
            recipe = item.details.get("recipeArn")
            lines.append(f"  {runtime_command(item.arn, recipe, ending.run.examples)}")
        else:
            lines.append("  is stopped: it answers nothing and costs nothing")
            lines += [f"  when it is started: {change}" for change in item.details.get("whenStarted", ())]
        lines.append("")
    return section("Recommenders, and how to ask them", lines)


def trackers(ending: Ending) -> str:
    """Where events go."""
    lines: list[str] = []
    for item in ending.of("EventTracker"):
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        lines.append(f"  tracking ID for PutEvents: {item.details.get('trackingId', 'not known')}")
    return section("Where to send events", lines)
