"""The candidates of a solution: they have to be able to stand in for each other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personalize_pipeline.params.places import shown
from personalize_rules.recipes import Recipe
from personalize_rules.schemas import Problem


def answers(recipe: Recipe) -> str:
    """Group types by the request: popular items can be served where personal ones are."""
    return "USER_PERSONALIZATION" if recipe.type == "POPULAR_ITEMS" else recipe.type


def alike(recipes: Sequence[Recipe], place: str) -> Iterator[Problem]:
    """Whether the recipes answer the same question."""
    if len({answers(recipe) for recipe in recipes}) > 1:
        message = "these recipes answer different questions, and cannot stand in for each other."
        kinds = "; ".join(dict.fromkeys(f"{recipe.name} is {recipe.type}" for recipe in recipes))
        yield Problem(place, message, f"Compare recipes of one type: {kinds}.")


def names(variations: Sequence[tuple[int, Mapping[str, Any]]], place: str) -> Iterator[Problem]:
    """Whether each candidate has a name of its own."""
    first: dict[str, int] = {}
    for position, made in variations:
        name = made.get("name")
        if name in first:
            message = f"it would have the name {shown(name)}, as candidates[{first[name]}] has."
            yield Problem(f"{place}.candidates[{position}].name", message, "Give it a name of its own.")
        elif name:
            first[name] = position
