"""The campaigns of a solution: its recipe has to be one that campaigns can serve, with these settings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.candidates import candidates
from personalize_pipeline.params.checks import exploration
from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.places import listed, shown
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import DatasetType, Problem

LATEST = "$LATEST"
_VERSION = re.compile(
    r"arn:aws[a-z-]*:personalize:[^:]+:[^:]+:solution/(?P<solution>[^/]+)/(?P<version>[^/]+)"
)


def check(solution: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data) -> Iterator[Problem]:
    """Check the campaigns against the recipes of the solution; any of those may be the one that is served."""
    for inner_place, campaign in entries(solution, "campaigns", place):
        for recipe in recipes:
            if not recipe.campaign and not recipe.domain:
                message = (
                    f"{recipe.name} makes user segments, and those come from batch jobs, not from campaigns."
                )
                yield Problem(inner_place, message, "Remove the campaign.")
        made = [one.get("name", "") for one in candidates(solution).solutions]
        yield from _check_version(campaign, inner_place, made)
        yield from _check_config(campaign, f"{inner_place}.campaignConfig", recipes, data)


def _check_version(campaign: Mapping[str, Any], place: str, solutions: list[str]) -> Iterator[Problem]:
    """Check the version that the campaign is to stay at: one of this solution."""
    arn = campaign.get("solutionVersionArn")
    follows = inner(campaign, "campaignConfig").get("syncWithLatestSolutionVersion", False)
    found = _VERSION.fullmatch(arn or "")
    if arn is not None and not found:
        message = f"{shown(arn)} is not the ARN of a solution version."
        advice = f"It ends in :solution/<solution>/<version>; or in /{LATEST}, for the newest at any time."
        yield Problem(f"{place}.solutionVersionArn", message, advice)
        return
    if found and found["solution"] not in solutions:
        message = f"it is a version of the solution {found['solution']}, and this one is {listed(solutions)}."
        advice = "Move the campaign to that solution, or remove the key."
        yield Problem(f"{place}.solutionVersionArn", message, advice)
    latest = found is not None and found["version"] == LATEST
    sync = f"{place}.campaignConfig.syncWithLatestSolutionVersion"
    if latest and not follows:
        message = f"Personalize takes {LATEST} only together with this."
        yield Problem(sync, message, "Set it to true, or give one version.")
    elif follows and arn is None:
        message = (
            "the pipeline moves the campaign to each version that it trained; Personalize must not do so too."
        )
        advice = f"Remove it; or leave it to Personalize alone: solutionVersionArn: <solutionArn>/{LATEST}."
        yield Problem(sync, message, advice)
    elif follows and not latest:
        message = "the campaign cannot stay at one version and follow the solution."
        yield Problem(sync, message, f"Remove it, or end solutionVersionArn in /{LATEST}.")


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
