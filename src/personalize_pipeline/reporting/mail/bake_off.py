"""Which of several candidates is served, and how all of them compare."""

from collections.abc import Iterator

from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.text import amount, section, table
from personalize_pipeline.resources.resource import tail


def bake_offs(ending: Ending) -> Iterator[str]:
    """A section for each choice: the reason, who competed, and a table of all metrics."""
    for choice in ending.of("BestVersion"):
        lines = [str(choice.details.get("reason", ""))]
        names = choice.details.get("candidates", [])
        competed = [
            item for item in ending.outcomes if item.resource == "SolutionVersion" and item.name in names
        ]
        if competed:
            lines += [
                "",
                *table([("", "candidate", "recipe", "training hours", ""), *_who(choice, competed)]),
            ]
        if measured := [item for item in competed if item.details.get("metrics")]:
            lines += [
                "",
                *table([("metric", *(_number(competed, item) for item in measured)), *_rows(measured)]),
            ]
        yield section(f"How the best candidate for {choice.name} was chosen", lines)


def _who(choice: Outcome, competed: list[Outcome]) -> Iterator[tuple[str, ...]]:
    for item in competed:
        hours = item.details.get("trainingHours")
        became = "failed" if item.failed else "is the best" if item.arn == choice.arn else ""
        yield (
            _number(competed, item),
            item.name,
            tail(item.details.get("recipeArn") or "").partition("/")[2],
            "-" if hours is None else amount(hours),
            became,
        )


def _rows(measured: list[Outcome]) -> Iterator[tuple[str, ...]]:
    metrics = dict.fromkeys(name for item in measured for name in item.details["metrics"])
    for metric in metrics:
        values = (item.details["metrics"].get(metric) for item in measured)
        yield (metric, *("-" if value is None else f"{value:.4f}" for value in values))


def _number(competed: list[Outcome], item: Outcome) -> str:
    return f"({competed.index(item) + 1})"
