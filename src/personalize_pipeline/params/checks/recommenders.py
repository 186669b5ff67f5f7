"""The recommenders: use cases of the domain of the dataset group, with the data that they need."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks import exploration, solution_config
from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.places import listed, shown
from personalize_rules import quotas
from personalize_rules.recipes import RECIPES, Recipe, find_recipe
from personalize_rules.schemas import DatasetType, Problem
from personalize_rules.spelling import closest


def check(document: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """Check every recommender, and how many there are."""
    there = list(entries(document, "recommenders"))
    if there and data.domain is None and "datasetGroup" in document:
        message = "recommenders are made in dataset groups of a domain, and this one has none."
        advice = (
            'Add "domain": "ECOMMERCE" or "VIDEO_ON_DEMAND" to datasetGroup (a group that exists cannot get '
            "one), or use 'solutions'."
        )
        yield Problem("recommenders", message, advice)
    for place, section in there:
        if "recipeArn" in section:
            yield from _check(section, place, data)
    if len(there) > quotas.RECOMMENDERS:
        yield Problem(
            "recommenders",
            f"{len(there)} recommenders; a dataset group can have {quotas.RECOMMENDERS}.",
            "Remove some.",
        )


def _check(section: Mapping[str, Any], place: str, data: Data) -> Iterator[Problem]:
    recipe = find_recipe(section["recipeArn"])
    if recipe is None or recipe.domain is None or (data.domain and recipe.domain != data.domain):
        yield _no_use_case(section["recipeArn"], recipe, f"{place}.recipeArn", data)
    if recipe is None or recipe.domain is None:
        return
    missing = [kind.word for kind in recipe.required_datasets if kind not in data.present]
    if missing:
        message = (
            f"{recipe.name} needs the {'dataset' if len(missing) == 1 else 'datasets'} {listed(missing)}."
        )
        advice = f"Add {listed([f'datasets.{word}' for word in missing])}."
        yield Problem(f"{place}.recipeArn", message, advice)
    config = inner(section, "recommenderConfig")
    place = f"{place}.recommenderConfig"
    of_domain = [one.name for one in _use_cases(recipe.domain) if one.exploration]
    yield from exploration.check(config, place, [recipe], listed(of_domain, "or"))
    yield from solution_config.columns(
        inner(config, "trainingDataConfig"), f"{place}.trainingDataConfig", data
    )
    if config.get("enableMetadataWithRecommendations") and DatasetType.ITEMS not in data.present:
        message = "metadata comes from the Items dataset, and there is none."
        advice = "Add datasets.Items, or remove it."
        yield Problem(f"{place}.enableMetadataWithRecommendations", message, advice)


def _no_use_case(arn: str, recipe: Recipe | None, place: str, data: Data) -> Problem:
    known = [one.name for one in _use_cases(data.domain)]
    there = f"The use cases of {data.domain or 'the domains'} are {listed(known)}."
    if recipe is None:
        meant = closest(arn.rpartition("/")[2], known)
        advice = f"Did you mean '{RECIPES[meant].arn}'?" if meant else there
        return Problem(place, f"{shown(arn)} is no recipe of Amazon Personalize.", advice)
    if recipe.domain is None:
        message = f"{recipe.name} is a recipe for solutions, not a use case."
        return Problem(place, message, f"Move it to 'solutions'. {there}")
    return Problem(place, f"{recipe.name} is a use case of {recipe.domain}, not of {data.domain}.", there)


def _use_cases(domain: str | None) -> list[Recipe]:
    return [one for one in RECIPES.values() if one.domain and domain in (None, one.domain)]
