"""The `candidates` of a solution: variations of it, each trained as a solution of its own."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.names import derived_name
from personalize_rules.recipes import find_recipe


def variations(solution: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Give each candidate with its position, as a solution: its keys win over those of the solution.

    A candidate without a name of its own is called after the solution and its recipe, so that the next run
    finds it again, wherever it stands in the list.
    """
    common = {key: value for key, value in solution.items() if key not in ("candidates", "recipeArn", "name")}
    made: list[tuple[int, Mapping[str, Any]]] = []
    for position, candidate in enumerate(solution.get("candidates", [])):
        if candidate is None:
            continue
        arn = candidate.get("recipeArn", solution.get("recipeArn"))
        merged = {**common, **({"recipeArn": arn} if arn else {}), **candidate}
        recipe = find_recipe(arn) if arn else None
        if "name" not in candidate and "name" in solution and recipe:
            used = recipe.replaced_by or recipe.name
            merged["name"] = derived_name(solution["name"], used.removeprefix("aws-"))
        made.append((position, merged))
    return made
