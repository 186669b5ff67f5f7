"""The promotion gate: its metric has to be one that the versions have, and it has to decide something."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_pipeline.params.places import listed, shown
from personalize_rules.recipe_metrics import DEFAULT_METRIC, metrics_of
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import Problem
from personalize_rules.spelling import closest


def check(
    solution: Mapping[str, Any], place: str, trained: Sequence[tuple[Recipe, Mapping[str, Any]]]
) -> Iterator[Problem]:
    """Check the gate against the recipes that are trained: any of them may be the one to be served.

    `trained`: each recipe with the solution that it is trained in.
    """
    chooses = "candidates" in solution
    if "promotion" not in solution and not chooses:
        return
    gate = inner(solution, "promotion")
    place = f"{place}.promotion"
    if gate and not solution.get("campaigns") and not chooses:
        message = "it decides which version the campaigns serve, and this solution has none."
        yield Problem(place, message, "Add campaigns, or remove it.")
    if "atLeast" not in gate and "maxDrop" not in gate and not chooses:
        message = "without atLeast and maxDrop it lets every version through."
        yield Problem(place, message, "Give one of them or both, or remove it.")
    metric = gate.get("metric", DEFAULT_METRIC)
    without: dict[str, tuple[str, ...]] = {}
    common: set[str] = set()
    for number, (recipe, made) in enumerate(trained):
        metrics = metrics_of(
            recipe,
            objective="optimizationObjective" in inner(made, "solutionConfig"),
            event_weights="eventsConfig" in inner(made, "solutionConfig"),
        )
        common = common & set(metrics) if number else set(metrics)
        if metric not in metrics:
            without[recipe.name] = metrics
    if without:
        meant = closest(metric, common)
        advice = f"Did you mean '{meant}'? " if meant else ""
        message = f"{shown(metric)} is not a metric of {listed(list(without))}"
        message += "." if "metric" in gate else ", and it is what counts if nothing else is given."
        together = "They all have" if len(trained) > 1 else "It has"
        yield Problem(f"{place}.metric", message, f"{advice}{together} {listed(sorted(common))}.")
