"""The campaigns of a solution: its recipe has to be one that campaigns can serve, with these settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks import exploration
from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import DatasetType, Problem


def check(solution: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data) -> Iterator[Problem]:
    """Check the campaigns against the recipes of the solution; any of those may be the one that is served."""
    for inner_place, campaign in entries(solution, "campaigns", place):
        for recipe in recipes:
            if not recipe.campaign and not recipe.domain:
                message = (
                    f"{recipe.name} makes user segments, and those come from batch jobs, not from campaigns."
                )
                yield Problem(inner_place, message, "Remove the campaign.")
        yield from _check_config(campaign, f"{inner_place}.campaignConfig", recipes, data)


def _check_config(
    campaign: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data
) -> Iterator[Problem]:
    config = inner(campaign, "campaignConfig")
    yield from exploration.check(config, place, recipes, "aws-user-personalization")
    if config.get("enableMetadataWithRecommendations") and DatasetType.ITEMS not in data.present:
        message = "metadata comes from the Items dataset, and there is none."
        yield Problem(
            f"{place}.enableMetadataWithRecommendations", message, "Add datasets.Items, or remove it."
        )
    if config.get("syncWithLatestSolutionVersion"):
        message = (
            "the pipeline moves the campaign to each version that it trained; Personalize must not do so too."
        )
        yield Problem(f"{place}.syncWithLatestSolutionVersion", message, "Remove it, or set it to false.")
