"""From a solution of the file to the solutions that are really made.

Mostly they are the same. `candidates` are several. `performAutoML: true` becomes several too, and a retired
recipe becomes its successor: the service no longer does either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_pipeline.params.bake_off import variations
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.params.places import listed
from personalize_pipeline.params.shapes import call_keys
from personalize_rules.recipe_metrics import DEFAULT_METRIC
from personalize_rules.recipes import RECIPES, Recipe, find_recipe

METRICS: Final = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
)
"""Metrics that all recipes that recommend items have, so that versions can be compared by them."""

AUTO_ML_RECIPES: Final = ("aws-user-personalization-v2", "aws-popularity-count")
"""The best of the recipes for any data, and the baseline that it has to beat to be worth its price."""

_FILLED_IN = frozenset({"datasetGroupArn"})
# Parts of solutionConfig that belong to one recipe.
_OF_A_RECIPE = ("algorithmHyperParameters", "featureTransformationParameters", "hpoConfig")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The solutions made for one solution of the file; the best by `metric` is served."""

    solutions: tuple[Mapping[str, Any], ...]
    """Arguments of CreateSolution."""
    metric: str = DEFAULT_METRIC
    notes: tuple[str, ...] = ()


def candidates(solution: Mapping[str, Any]) -> Candidates:
    """Decide what is made for `solution`, which has passed the check of its shape.

    Recipes that nobody knows are left out here; `checks` reports them.
    """
    keys = call_keys("CreateSolution") - _FILLED_IN
    arguments = {key: value for key, value in solution.items() if key in keys}
    # Personalize's own default is true: train every seven days from now on, at the user's cost.
    arguments.setdefault("performAutoTraining", False)
    if "candidates" in solution:
        return _bake_off(solution)
    if arguments.get("performAutoML") is True:
        return _auto_ml(arguments)
    recipe = find_recipe(arguments.get("recipeArn", ""))
    if recipe is None or recipe.replaced_by is None:
        return Candidates((arguments,))
    return _successor(arguments, recipe, RECIPES[recipe.replaced_by])


def _bake_off(solution: Mapping[str, Any]) -> Candidates:
    made = [candidates(variation) for _, variation in variations(solution)]
    return Candidates(
        tuple(one for chosen in made for one in chosen.solutions),
        solution.get("promotion", {}).get("metric", DEFAULT_METRIC),
        tuple(note for chosen in made for note in chosen.notes),
    )


def auto_ml_recipes(solution: Mapping[str, Any]) -> list[Recipe]:
    """Give the recipes that `performAutoML: true` compares, with successors for retired ones, each once."""
    listed_arns = (
        solution.get("solutionConfig", {}).get("autoMLConfig", {}).get("recipeList") or AUTO_ML_RECIPES
    )
    found = [find_recipe(arn) for arn in listed_arns if arn is not None]
    return list(dict.fromkeys(RECIPES[recipe.replaced_by or recipe.name] for recipe in found if recipe))


def _auto_ml(arguments: Mapping[str, Any]) -> Candidates:
    name = arguments.get("name", "")
    config = arguments.get("solutionConfig", {})
    auto_ml = config.get("autoMLConfig", {})
    metric = auto_ml.get("metricName", DEFAULT_METRIC)
    recipes = auto_ml_recipes(arguments)
    common = {
        key: value for key, value in arguments.items() if key not in ("performAutoML", "solutionConfig")
    }
    made = []
    for recipe in recipes:
        one = {
            **common,
            "name": derived_name(name, recipe.name.removeprefix("aws-")),
            "recipeArn": recipe.arn,
        }
        if not recipe.hpo:
            one.pop("performHPO", None)
        made.append(one)
    trained = [f"{one['name']} ({recipe.name})" for one, recipe in zip(made, recipes, strict=True)]
    explanation = (
        f"{name}: performAutoML made Amazon Personalize choose among the HRNN recipes, which are no longer "
        f"available. Instead the pipeline trains {listed(trained)}, and serves the best by {metric}. "
        "Each of them is trained, and paid for."
    )
    asked_for = [find_recipe(arn) for arn in auto_ml.get("recipeList", []) if arn is not None]
    replaced = [
        f"{name}: {recipe.name} of recipeList is no longer available; {recipe.replaced_by} is used."
        for recipe in asked_for
        if recipe and recipe.replaced_by
    ]
    notes = [explanation, *replaced]
    if unused := [f"solutionConfig.{key}" for key in config if key != "autoMLConfig"]:
        notes.append(
            f"{name}: with performAutoML only solutionConfig.autoMLConfig counts, as in Amazon Personalize. "
            f"Not used: {listed(unused)}."
        )
    if arguments.get("performHPO") and (without := [recipe.name for recipe in recipes if not recipe.hpo]):
        notes.append(f"{name}: performHPO is not used for {listed(without)}, which cannot be tuned.")
    return Candidates(tuple(made), metric, tuple(notes))


def _successor(arguments: Mapping[str, Any], retired: Recipe, recipe: Recipe) -> Candidates:
    config = arguments.get("solutionConfig", {})
    unused = [f"solutionConfig.{key}" for key in config if key in _OF_A_RECIPE]
    made = {**arguments, "recipeArn": recipe.arn}
    if kept := {key: value for key, value in config.items() if key not in _OF_A_RECIPE}:
        made["solutionConfig"] = kept
    else:
        made.pop("solutionConfig", None)
    if made.get("performHPO") and not recipe.hpo:
        del made["performHPO"]
        unused.append("performHPO")
    name = arguments.get("name", "")
    note = f"{name}: {retired.name} is no longer available for new solutions; {recipe.name} is used."
    if unused:
        note += f" Left out, because only the old recipe has it: {listed(unused)}."
    return Candidates((made,), notes=(note,))
