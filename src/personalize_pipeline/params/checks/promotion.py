"""The promotion gate: its metric has to be one that the versions have, and it has to decide something."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_pipeline.params.places import listed, shown
from personalize_rules.recipe_metrics import DEFAULT_METRIC, metrics_of
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import Problem
from personalize_rules.spelling import closest


def check(solution: Mapping[str, Any], place: str, recipes: list[Recipe]) -> Iterator[Problem]:
    """Check the gate against the recipes that are trained: any of them may be the one to be served."""
    gate = solution.get("promotion")
    if gate is None:
        return
    place = f"{place}.promotion"
    chooses = bool(solution.get("candidates"))
    if not solution.get("campaigns") and not chooses:
        message = "it decides which version the campaigns serve, and this solution has none."
        yield Problem(place, message, "Add campaigns, or remove it.")
    if "atLeast" not in gate and "maxDrop" not in gate and not chooses:
        message = "without atLeast and maxDrop it lets every version through."
        yield Problem(place, message, "Give one of them or both, or remove it.")
    metric = gate.get("metric", DEFAULT_METRIC)
    for recipe in recipes:
        metrics = metrics_of(
            recipe,
            objective="optimizationObjective" in inner(solution, "solutionConfig"),
            event_weights="eventsConfig" in inner(solution, "solutionConfig"),
        )
        if metric not in metrics:
            meant = closest(metric, metrics)
            advice = f"Did you mean '{meant}'? " if meant else ""
            message = f"{shown(metric)} is not a metric of {recipe.name}"
            message += "." if "metric" in gate else ", and it is what counts if nothing else is given."
            yield Problem(f"{place}.metric", message, f"{advice}It has {listed(metrics)}.")
