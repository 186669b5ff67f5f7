"""The solutions: recipe, data and settings have to fit each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_pipeline.params.bake_off import variations
from personalize_pipeline.params.candidates import METRICS, auto_ml_recipes, candidates
from personalize_pipeline.params.checks import bake_off, batch_jobs, campaigns, promotion, solution_config
from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.places import listed, shown
from personalize_rules.recipes import RECIPES, Recipe, find_recipe
from personalize_rules.schemas import DatasetType, Problem
from personalize_rules.spelling import closest

OWN_TRAININGS: Final = "AUTOTRAIN is the mode of Personalize's own trainings (performAutoTraining)."


@dataclass(frozen=True, slots=True)
class _Choice:
    """A recipe that a solution asks for, and where."""

    place: str
    recipe: Recipe


def check(document: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """Check every solution with its campaigns."""
    filters = batch_jobs.filters_of(document)
    for place, solution in entries(document, "solutions"):
        trained: list[tuple[Recipe, Mapping[str, Any]]] = []
        if "candidates" in solution:
            yield from _candidates(solution, place, data, trained)
        else:
            yield from _one(solution, place, data, trained)
        recipes = list(dict.fromkeys(recipe for recipe, _ in trained))
        yield from campaigns.check(solution, place, recipes, data)
        yield from promotion.check(solution, place, trained)
        yield from batch_jobs.check(solution, place, recipes, data, filters)


def _candidates(
    solution: Mapping[str, Any], place: str, data: Data, trained: list[tuple[Recipe, Mapping[str, Any]]]
) -> Iterator[Problem]:
    """Check every candidate as the solution that it becomes, and that they fit each other."""
    if solution.get("performAutoML"):
        message = "the candidates are what is compared; both cannot be given."
        yield Problem(f"{place}.performAutoML", message, "Remove one of the two.")
        return
    made = variations(solution)
    for position, variation in made:
        yield from _one(variation, f"{place}.candidates[{position}]", data, trained)
    yield from bake_off.alike([recipe for recipe, _ in trained], f"{place}.candidates")
    yield from bake_off.names(made, place)


def _one(
    solution: Mapping[str, Any], place: str, data: Data, trained: list[tuple[Recipe, Mapping[str, Any]]]
) -> Iterator[Problem]:
    """Check what is trained; `trained` gets its recipes, with the solution."""
    choices: list[_Choice] = []
    for found in _recipes(solution, place):
        if isinstance(found, _Choice):
            choices.append(found)
        else:
            yield found
    for choice in choices:
        yield from _fits(choice, data)
    yield from _training(solution, place, choices, data)
    recipes = _used(solution, choices)
    for made in candidates(solution).solutions[:1]:
        yield from solution_config.check(made, solution, place, recipes, data)
    trained += [(recipe, solution) for recipe in recipes]


def _used(solution: Mapping[str, Any], choices: list[_Choice]) -> list[Recipe]:
    """Give the recipes that are trained in the end."""
    if solution.get("performAutoML") is True:
        return auto_ml_recipes(solution)
    return [RECIPES[choice.recipe.replaced_by or choice.recipe.name] for choice in choices]


def _recipes(solution: Mapping[str, Any], place: str) -> Iterator[_Choice | Problem]:
    arn = solution.get("recipeArn")
    auto_ml = inner(solution, "solutionConfig", "autoMLConfig")
    if solution.get("performAutoML") is True:
        if arn is not None:
            message = "with performAutoML the recipe is chosen by comparison; both cannot be given."
            yield Problem(f"{place}.recipeArn", message, "Remove one of the two.")
        yield from _auto_ml(auto_ml, f"{place}.solutionConfig.autoMLConfig", place)
        return
    if auto_ml:
        message = "it counts only with performAutoML: true."
        yield Problem(f"{place}.solutionConfig.autoMLConfig", message, "Remove it, or set performAutoML.")
    if arn is not None:
        yield _choice(arn, f"{place}.recipeArn")
    else:
        advice = f'Add "recipeArn": "{RECIPES["aws-user-personalization-v2"].arn}" or another recipe.'
        yield Problem(f"{place}.recipeArn", "missing: there is nothing to train.", advice)


def _auto_ml(config: Mapping[str, Any], place: str, solution_place: str) -> Iterator[_Choice | Problem]:
    metric = config.get("metricName")
    if metric is not None and metric not in METRICS:
        meant = closest(metric, METRICS)
        advice = f"Did you mean '{meant}'?" if meant else f"There are {listed(METRICS)}."
        yield Problem(
            f"{place}.metricName", f"{shown(metric)} is not a metric that recipes can be compared by.", advice
        )
    found = [
        _choice(arn, f"{place}.recipeList[{index}]")
        for index, arn in enumerate(config.get("recipeList", []))
        if arn is not None
    ]
    choices = [choice for choice in found if isinstance(choice, _Choice)]
    yield from found
    yield from bake_off.alike([choice.recipe for choice in choices], f"{place}.recipeList")
    if not found:
        for recipe in auto_ml_recipes({}):
            yield _Choice(f"{solution_place}.performAutoML", recipe)


def _choice(arn: str, place: str) -> _Choice | Problem:
    recipe = find_recipe(arn)
    if recipe is None:
        meant = closest(
            arn.rpartition("/")[2], [name for name, known in RECIPES.items() if not known.retired]
        )
        advice = (
            f"Did you mean {RECIPES[meant].arn}?" if meant else "`aws personalize list-recipes` shows all."
        )
        return Problem(place, f"{shown(arn)} is not a recipe of Amazon Personalize.", advice)
    return _Choice(place, recipe)


def _fits(choice: _Choice, data: Data) -> Iterator[Problem]:
    recipe = choice.recipe
    if recipe.domain:
        message = f"{recipe.name} is a use case of the domain {recipe.domain}; solutions cannot train it."
        yield Problem(choice.place, message, "It belongs into 'recommenders'.")
        return
    missing = [kind.word for kind in recipe.required_datasets if kind not in data.present]
    if missing:
        message = (
            f"{recipe.name} needs the {'dataset' if len(missing) == 1 else 'datasets'} {listed(missing)}."
        )
        yield Problem(choice.place, message, f"Add {listed([f'datasets.{word}' for word in missing])}.")
    items = data.schemas.get(DatasetType.ITEMS)
    if items is None:
        return
    if recipe.name == "aws-semantic-similarity":
        for flag, there in (
            ("itemName", any(field.item_name for field in items.fields)),
            ("textual", any(field.textual for field in items.fields)),
        ):
            if not there:
                yield Problem(choice.place, f'{recipe.name} needs an Items field with "{flag}": true.')
    if recipe.name == "aws-item-attribute-affinity" and not any(
        not field.textual and field.name not in ("ITEM_ID", "CREATION_TIMESTAMP") for field in items.fields
    ):
        yield Problem(choice.place, f"{recipe.name} needs an Items field beside ITEM_ID that is not textual.")


def _training(
    solution: Mapping[str, Any], place: str, choices: list[_Choice], data: Data
) -> Iterator[Problem]:
    """Check the settings beside solutionConfig."""
    recipes = _used(solution, choices)
    interactions = data.schemas.get(DatasetType.INTERACTIONS)
    if "eventType" in solution and interactions and not interactions.field("EVENT_TYPE"):
        message = "training on one event type needs the field EVENT_TYPE in the Interactions schema."
        yield Problem(f"{place}.eventType", message, "Add the field, or remove eventType.")
    mode = inner(solution, "solutionVersion").get("trainingMode")
    if mode == "AUTOTRAIN":
        yield Problem(f"{place}.solutionVersion.trainingMode", OWN_TRAININGS, "Use FULL.")
    retired = any(choice.recipe.retired for choice in choices)
    for recipe in recipes:
        if (
            solution.get("performHPO")
            and not recipe.hpo
            and not retired
            and not solution.get("performAutoML")
        ):
            yield Problem(
                f"{place}.performHPO", f"{recipe.name} has nothing that could be tuned.", "Remove it."
            )
        if solution.get("performIncrementalUpdate") and not recipe.incremental_update:
            message = f"{recipe.name} cannot be updated incrementally; only aws-semantic-similarity can."
            yield Problem(f"{place}.performIncrementalUpdate", message, "Remove it.")
        if mode == "UPDATE" and not recipe.update_training:
            message = f"{recipe.name} cannot be trained with UPDATE; only aws-user-personalization can."
            yield Problem(f"{place}.solutionVersion.trainingMode", message, "Use FULL.")
