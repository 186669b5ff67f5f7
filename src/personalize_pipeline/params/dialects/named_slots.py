"""The form with a slot for each kind of solution, and a campaign for each slot.

`solutions.userPersonalization|sims|personalizedRanking` and `campaigns.<slot>Campaign`. A slot that names no
recipe stands for the recipe of its name.
"""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_pipeline.params.places import listed, written
from personalize_rules.recipes import RECIPES
from personalize_rules.schemas import Problem
from personalize_rules.spelling import closest

RECIPE_OF_SLOT = {
    "userPersonalization": "aws-user-personalization",
    "sims": "aws-sims",
    "personalizedRanking": "aws-personalized-ranking",
}
_SUFFIX = "Campaign"


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by `solutions` (or `campaigns`) being an object and not a list."""
    return isinstance(document.get("solutions"), Mapping) or (
        isinstance(document.get("campaigns"), Mapping) and "solutions" not in document
    )


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Make a list of the slots, and move each campaign into its solution."""
    slots: Mapping[str, Any] = document.get("solutions", {})
    campaigns = document.get("campaigns", {})
    problems = [_unknown(("solutions", name), RECIPE_OF_SLOT) for name in slots if name not in RECIPE_OF_SLOT]
    if not isinstance(campaigns, Mapping):
        advice = f"Its keys are {listed([slot + _SUFFIX for slot in RECIPE_OF_SLOT])}."
        problems.append(Problem("campaigns", "must be an object, as 'solutions' is.", advice))
        campaigns = {}
    solutions: list[Any] = []
    notes: list[str] = []
    places: dict[str, str] = {}
    for slot, given in slots.items():
        if slot not in RECIPE_OF_SLOT:
            continue
        solution = given
        place = f"solutions[{len(solutions)}]"
        places[place] = f"solutions.{slot}"
        if isinstance(solution, Mapping):
            if "recipeArn" not in solution and solution.get("performAutoML") is not True:
                recipe = RECIPES[RECIPE_OF_SLOT[slot]]
                solution = {**solution, "recipeArn": recipe.arn}
                notes.append(
                    f"solutions.{slot} names no recipe; {recipe.name} is used, as the slot's name says."
                )
            if (key := slot + _SUFFIX) in campaigns:
                inner = list(solution["campaigns"]) if isinstance(solution.get("campaigns"), list) else []
                places[f"{place}.campaigns[{len(inner)}]"] = f"campaigns.{key}"
                solution = {**solution, "campaigns": [*inner, campaigns[key]]}
        solutions.append(solution)
    for key in campaigns:
        slot = key.removesuffix(_SUFFIX)
        if key == slot or slot not in RECIPE_OF_SLOT:
            problems.append(_unknown(("campaigns", key), [name + _SUFFIX for name in RECIPE_OF_SLOT]))
        elif slot not in slots:
            message = "there is no solution that it could serve."
            problems.append(Problem(f"campaigns.{key}", message, f"Add 'solutions.{slot}', or remove it."))
    note = (
        "The file is in the form with named slots. It was read as a list 'solutions', in which each solution "
        "holds its campaign in its list 'campaigns'."
    )
    rest = {key: value for key, value in document.items() if key not in ("solutions", "campaigns")}
    return Upgraded({**rest, "solutions": solutions}, (note, *notes), places, tuple(problems))


def _unknown(path: tuple[str, str], known: Any) -> Problem:
    meant = path[1] + _SUFFIX if path[1] + _SUFFIX in known else closest(path[1], known)
    advice = f"Did you mean '{meant}'?" if meant else f"Known here: {', '.join(known)}."
    return Problem(written(path), "unknown key.", f"{advice} In a list 'solutions' every name is free.")
