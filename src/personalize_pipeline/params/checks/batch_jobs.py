"""The batch jobs of a solution: its recipe has to have them, with this filter, these places and settings."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_pipeline.params.batch import THEMES, input_path
from personalize_pipeline.params.checks import exploration
from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.checks.in_s3 import check_folder, in_s3
from personalize_pipeline.params.places import listed, shown
from personalize_rules import quotas
from personalize_rules.filters import FilterExpression, FilterSyntaxError, parse_filter
from personalize_rules.recipes import RECIPES, Recipe
from personalize_rules.schemas import DatasetType, Problem
from personalize_rules.spelling import closest

Filters = Mapping[str, FilterExpression | None]
"""The filters of the file by name; None for one that cannot be read, which is reported where it stands."""

_THEME_RECIPE: Final = "aws-similar-items"
# Key, what the jobs make, target of their filters, the most results.
_KINDS: Final = (
    ("batchInferenceJobs", "batch inference", "ItemID", quotas.RESULTS),
    ("batchSegmentJobs", "batch segment", "UserID", quotas.BATCH_SEGMENT_USERS),
)


def filters_of(document: Mapping[str, Any]) -> Filters:
    """Read the filters of the file."""
    found: dict[str, FilterExpression | None] = {}
    for _, section in entries(document, "filters"):
        try:
            found[section.get("name", "")] = parse_filter(section.get("filterExpression", ""))
        except FilterSyntaxError:
            found[section.get("name", "")] = None
    return found


def check(
    solution: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data, filters: Filters
) -> Iterator[Problem]:
    """Check the jobs against the recipes of the solution; any of those may be the one that is used."""
    for key, words, target, most in _KINDS:
        for inner_place, job in entries(solution, key, place):
            for recipe in recipes:
                if not (recipe.batch_inference if target == "ItemID" else recipe.batch_segment):
                    able = [one.name for one in RECIPES.values() if _able(one, target)]
                    message = f"{recipe.name} has no {words} jobs."
                    yield Problem(inner_place, message, f"Remove it, or use one of {listed(able, 'or')}.")
            yield from _filter(job, inner_place, target, recipes, filters)
            yield from _places(job, inner_place)
            if "numResults" in job and not 1 <= job["numResults"] <= most:
                message = f"{job['numResults']} must be from 1 to {most:,}."
                yield Problem(f"{inner_place}.numResults", message)
            yield from exploration.check(
                inner(job, "batchInferenceJobConfig"),
                f"{inner_place}.batchInferenceJobConfig",
                recipes,
                "aws-user-personalization",
            )
            yield from _themes(job, inner_place, recipes, data)


def _able(recipe: Recipe, target: str) -> bool:
    if recipe.domain or recipe.retired:
        return False
    return recipe.batch_inference if target == "ItemID" else recipe.batch_segment


def _filter(
    job: Mapping[str, Any], place: str, target: str, recipes: list[Recipe], filters: Filters
) -> Iterator[Problem]:
    name = job.get("filterArn")
    if name is None or name.startswith("arn:"):
        return
    place = f"{place}.filterArn"
    if name not in filters:
        meant = closest(name, filters)
        there = f"There are {listed(list(filters))}." if filters else "There are none."
        advice = f"Did you mean '{meant}'?" if meant else f"{there} Another one is given by its ARN."
        yield Problem(place, f"{shown(name)} is no filter of this file.", advice)
        return
    found = filters[name]
    if found is None:
        return
    if found.target != target:
        message = f"the filter {name} is for {found.target}, these jobs need one for {target}."
        yield Problem(place, message, "Use another filter.")
    for recipe in recipes:
        if found.uses_current_item and recipe.type != "RELATED_ITEMS":
            message = f"the filter {name} uses CurrentItem, and the lines of {recipe.name} have no item."
            yield Problem(place, message, "Use another filter.")


def _places(job: Mapping[str, Any], place: str) -> Iterator[Problem]:
    source = input_path(job)
    destination = inner(job, "jobOutput", "s3DataDestination").get("path")
    source_place = f"{place}.jobInput.s3DataSource.path"
    place = f"{place}.jobOutput.s3DataDestination.path"
    if source is not None and not in_s3(source):
        advice = "Write s3://bucket/folder/ or s3://bucket/folder/file.json"
        yield Problem(source_place, f"{shown(source)} is no place in S3.", advice)
    if destination is not None:
        yield from check_folder(destination, place)


def _themes(job: Mapping[str, Any], place: str, recipes: list[Recipe], data: Data) -> Iterator[Problem]:
    config = job.get("themeGenerationConfig")
    if job.get("batchInferenceJobMode") != THEMES:
        if config:
            yield Problem(
                f"{place}.themeGenerationConfig",
                f"it counts only with batchInferenceJobMode {THEMES}.",
                "Set the mode, or remove it.",
            )
        return
    for recipe in recipes:
        if recipe.name != _THEME_RECIPE:
            message = f"themes are made by {_THEME_RECIPE} only, not by {recipe.name}."
            yield Problem(f"{place}.batchInferenceJobMode", message, "Remove it.")
    if config is None:
        advice = 'Add {"fieldsForThemeGeneration": {"itemName": "a text column of Items"}}.'
        yield Problem(f"{place}.themeGenerationConfig", f"required by {THEMES}.", advice)
        return
    name = inner(config, "fieldsForThemeGeneration").get("itemName")
    if name is None or not data.known(DatasetType.ITEMS):
        return
    items = data.schemas.get(DatasetType.ITEMS)
    place = f"{place}.themeGenerationConfig.fieldsForThemeGeneration.itemName"
    field = items.find(name) if items else None
    if items is None:
        yield Problem(
            place, "it names a column of Items, and there is no such dataset.", "Add datasets.Items."
        )
    elif field is None:
        known = ", ".join(one.name for one in items.fields)
        yield Problem(place, f"the Items schema has no field {name}.", f"It has {known}.")
    elif field.type != "string":
        yield Problem(place, f"{name} has the type {field.type}; it must be string.", "Name a text column.")
