"""Hyperparameter search: random settings within their ranges, judged on the inner users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.recipes import INTEGERS, RecipeModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from personalize_local.engine.models.inner_split import InnerSplit
    from personalize_local.engine.trainers import Trainer

DEFAULT_TRIALS = 8
MOST_TRIALS = 40
"""The service's limit of maxNumberOfTrainingJobs."""

Ranges = dict[str, tuple[float, float] | list[str]]


def search(
    recipe: RecipeModel,
    make: Callable[[Mapping[str, str]], Trainer],
    inner: InnerSplit,
    *,
    fixed: Mapping[str, str],
    config: Mapping[str, Any] | None,
    seed: int,
) -> dict[str, str]:
    """Return the best hyperparameters found, the tuned ones only; given ones or defaults come first.

    Args:
        recipe: what to train.
        make: makes its trainer from hyperparameters.
        inner: where to judge.
        fixed: hyperparameters as the solution gives them.
        config: `hpoConfig` of the solution; without ranges, those of the recipe.
        seed: draws the trials.

    """
    ranges = _ranges(recipe, config)
    if not ranges:
        return {}
    resources = (config or {}).get("hpoResourceConfig") or {}
    trials = min(MOST_TRIALS, max(1, int(resources.get("maxNumberOfTrainingJobs", DEFAULT_TRIALS))))
    random = np.random.default_rng(seed)
    start = {**recipe.defaults, **fixed}
    candidates = [{name: _clipped(name, start[name], ranges[name]) for name in ranges}]
    candidates.extend(
        {name: _drawn(name, space, random) for name, space in ranges.items()} for _ in range(trials - 1)
    )
    qualities = [make({**fixed, **one}).learn(inner).quality for one in candidates]
    return candidates[int(np.argmax(qualities))]


def _ranges(recipe: RecipeModel, config: Mapping[str, Any] | None) -> Ranges:
    given = (config or {}).get("algorithmHyperParameterRanges") or {}
    ranges: Ranges = {}
    for kind in ("integerHyperParameterRanges", "continuousHyperParameterRanges"):
        for one in given.get(kind) or []:
            ranges[one["name"]] = (float(one["minValue"]), float(one["maxValue"]))
    for one in given.get("categoricalHyperParameterRanges") or []:
        ranges[one["name"]] = list(one["values"])
    known = {name: space for name, space in ranges.items() if name in recipe.tunable}
    return known if ranges else dict(recipe.tunable)


def _drawn(name: str, space: tuple[float, float] | list[str], random: np.random.Generator) -> str:
    if isinstance(space, list):
        return str(space[int(random.integers(len(space)))])
    if name in INTEGERS:
        return str(int(random.integers(int(space[0]), int(space[1]) + 1)))
    return f"{random.uniform(*space):.4f}"


def _clipped(name: str, value: str, space: tuple[float, float] | list[str]) -> str:
    if isinstance(space, list):
        return value if value in space else space[0]
    clipped = min(max(float(value), space[0]), space[1])
    return str(int(clipped)) if name in INTEGERS else str(clipped)
