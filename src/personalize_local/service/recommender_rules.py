"""What a recommender may be made of and configured with, given its use case and the data of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.service.exploration_rules import exploration_problems
from personalize_local.service.solution_rules import column_problems
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_local.service.solution_rules import Schemas
    from personalize_rules.recipes import Recipe


def use_case_problems(recipe: Recipe, domain: str | None) -> Iterator[str]:
    """Whether the recipe is a use case of the group's domain."""
    if recipe.domain is None:
        yield f"Recipe {recipe.arn} is not a use case of a domain. Use CreateSolution"
    elif domain is None:
        yield (
            f"Recommender for {recipe.name}: the dataset group has no domain. Recommenders are made in "
            f"dataset groups of domain {recipe.domain}; in a custom one use CreateSolution"
        )
    elif recipe.domain != domain:
        yield f"Recipe {recipe.arn} is a use case of domain {recipe.domain}, the dataset group has {domain}"


def config_problems(recipe: Recipe, config: Mapping[str, Any], schemas: Schemas) -> list[str]:
    """Everything that is wrong with a recommenderConfig."""
    problems = [
        f"recommenderConfig.{problem}"
        for problem in exploration_problems(recipe, config.get("itemExplorationConfig"))
    ]
    problems += [
        f"recommenderConfig.{problem}"
        for problem in column_problems(config.get("trainingDataConfig"), schemas)
    ]
    if config.get("enableMetadataWithRecommendations") and DatasetType.ITEMS not in schemas:
        problems.append("recommenderConfig.enableMetadataWithRecommendations needs an Items dataset")
    return problems
