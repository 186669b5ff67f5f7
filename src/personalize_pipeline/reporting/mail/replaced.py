"""What took the place of something that cannot be changed: schemas and filters."""

from datetime import datetime

from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.text import duration, section
from personalize_pipeline.resources.resource import tail


def schemas(ending: Ending) -> str:
    """The datasets that were given more columns."""
    lines: list[str] = []
    for item in ending.of("Dataset"):
        if former := item.details.get("formerSchemaArn"):
            lines += [
                f"{item.name} has new columns: {', '.join(item.details['columns'])}",
                f"  schema  {item.details['schema']}",
                f"  before  {tail(former).partition('/')[2]}, {item.details.get('former', 'kept')}",
                "",
            ]
    if lines:
        lines += [
            "Solutions and recommenders that were there before train with the new columns only if their",
            "trainingDataConfig says so; new ones train with all columns.",
        ]
    return section("Schemas that were replaced", lines)


def filters(ending: Ending) -> str:
    """The filters that got another expression, and what applications saw of it."""
    lines: list[str] = []
    for item in ending.of("Filter"):
        if item.details.get("was"):
            lines += [
                item.name,
                f"  is      {item.details.get('is')}",
                f"  was     {item.details['was']}",
                *_seen(item),
                "",
            ]
    return section("Filters that were replaced", lines)


def _seen(item: Outcome) -> list[str]:
    deleted, active = item.details.get("deletedAt"), item.details.get("activeAt")
    if not deleted or not active:
        return []
    began, ended = datetime.fromisoformat(deleted), datetime.fromisoformat(active)
    stand_in = item.details.get("standIn")
    when = f"{duration(ended - began)}, from {began:%H:%M:%S} to {ended:%H:%M:%S} (UTC)"
    return [
        f"  Requests with {item.name} were refused for {when};",
        f"  meanwhile {stand_in} did the same. It is deleted.",
    ]
