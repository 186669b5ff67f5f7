"""BestVersion: of several candidates for one solution, the version to deploy."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from personalize_pipeline.context import Message
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.resources.resource import tail
from personalize_pipeline.resources.solution_version import solution_of
from personalize_rules.recipe_metrics import DEFAULT_METRIC


class Choose(Message):
    """How to compare. All of Personalize's metrics are better when higher."""

    metric: str = DEFAULT_METRIC


class Candidate(Message):
    """What became of one candidate: an output of `ensure`, or its failure."""

    name: str
    arn: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    failed: dict[str, Any] | None = None

    def value(self, metric: str) -> float | None:
        """The metric, if this version has it."""
        value = self.details.get("metrics", {}).get(metric)
        return None if value is None else float(value)


class Candidates(Message):
    """The candidates of a solution, in the order of the params file."""

    name: str
    choose: Choose = Choose()
    candidates: tuple[Candidate, ...]


def best_version(event: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the version with the highest metric; of equal ones the first in the params file.

    Versions without the metric come after all that have it.

    Raises:
        ResourceFailed: no candidate was trained.
    """
    given = Candidates.model_validate(event)
    metric = given.choose.metric
    trained = [candidate for candidate in given.candidates if candidate.arn and not candidate.failed]
    if not trained:
        names = ", ".join(candidate.name for candidate in given.candidates)
        raise ResourceFailed(f"{given.name}: none of its candidates could be trained ({names}).")
    # max() keeps the first of equal ones.
    best = max(trained, key=lambda candidate: _rank(candidate.value(metric)))
    arn = str(best.arn)
    return {
        "arn": arn,
        "solutionArn": solution_of(arn),
        "name": given.name,
        "metric": metric,
        "value": best.value(metric),
        "reason": _reason(given, best),
        "candidates": [candidate.name for candidate in given.candidates],
    }


def _rank(value: float | None) -> tuple[bool, float]:
    return (value is not None, value or 0.0)


def _reason(given: Candidates, best: Candidate) -> str:
    metric = given.choose.metric
    compared = "; ".join(
        f"{_title(candidate)} {_result(candidate, metric)}" for candidate in given.candidates
    )
    if len(given.candidates) == 1:
        return f"{_title(best)} is the only candidate."
    if best.value(metric) is None:
        return f"{_title(best)} is taken, the first one: no candidate has {metric} ({compared})."
    return f"{_title(best)} has the highest {metric} ({compared})."


def _title(candidate: Candidate) -> str:
    recipe = candidate.details.get("recipeArn")
    return tail(recipe).partition("/")[2] if recipe else candidate.name


def _result(candidate: Candidate, metric: str) -> str:
    if candidate.failed or not candidate.arn:
        return "failed"
    value = candidate.value(metric)
    return "has none" if value is None else f"{value:.4f}"
