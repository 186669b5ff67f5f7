"""How good the models are: the metrics of versions and recommenders."""

from collections.abc import Iterator
from typing import Any

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.text import amount, section, table
from personalize_pipeline.resources.resource import tail

_SAME = 0.00005  # metrics have four decimals


def versions(ending: Ending) -> Iterator[str]:
    """A section for each solution version, compared with the one before."""
    for item in ending.of("SolutionVersion"):
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
            lines.append(f"trained  {amount(hours)} training hours{billed}")
        if previous:
            lines.append(f"before   {previous.get('arn')}")
        if metrics:
            header = ("metric", "now", "before", "change") if previous else ("metric", "now")
            rows = [_metric_row(name, metrics[name], before.get(name), bool(previous)) for name in metrics]
            lines += ["", *table([header, *rows])]
        else:
            lines.append("Amazon Personalize gives no metrics.")
        yield section(f"How good is {item.name}", lines)


def recommenders(ending: Ending) -> Iterator[str]:
    """A section for each recommender."""
    for item in ending.of("Recommender"):
        if metrics := item.details.get("metrics"):
            recipe = tail(item.details.get("recipeArn") or "").partition("/")[2]
            rows = [_metric_row(name, metrics[name], None, compare=False) for name in metrics]
            yield section(
                f"How good is {item.name}", [f"recipe   {recipe}", "", *table([("metric", "now"), *rows])]
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
