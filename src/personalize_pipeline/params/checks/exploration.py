"""`itemExplorationConfig` and `rankingInfluence`, of campaigns, recommenders and batch jobs."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_pipeline.params.checks.solution_config import hyperparameter
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import Problem


def check(config: Mapping[str, Any], place: str, recipes: list[Recipe], example: str) -> Iterator[Problem]:
    """Check both against the recipes; `example` is one that has exploration."""
    for recipe in recipes:
        if config.get("itemExplorationConfig") and not recipe.exploration:
            message = f"{recipe.name} has no exploration that could be set; {example} has."
            yield Problem(f"{place}.itemExplorationConfig", message, "Remove it.")
        elif recipe.exploration:
            for name, value in inner(config, "itemExplorationConfig").items():
                yield from hyperparameter(
                    name, value, recipe, "campaign", f"{place}.itemExplorationConfig.{name}"
                )
        if config.get("rankingInfluence") and not recipe.ranking_influence:
            message = f"{recipe.name} has no ranking influence; aws-semantic-similarity has."
            yield Problem(f"{place}.rankingInfluence", message, "Remove it.")
