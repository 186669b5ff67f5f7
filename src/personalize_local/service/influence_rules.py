"""`rankingInfluence`, of campaigns and batch jobs: what may be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from personalize_rules.recipes import Recipe
    from personalize_rules.schemas import Schema


def influence_problems(
    recipe: Recipe, influence: Mapping[str, float], schemas: Mapping[DatasetType, Schema]
) -> Iterator[str]:
    """Everything that is wrong with it, given the schemas of the dataset group."""
    if not influence:
        return
    if not recipe.ranking_influence:
        yield f"rankingInfluence is not supported by recipe {recipe.name}"
        return
    if influence.get("POPULARITY") and DatasetType.INTERACTIONS not in schemas:
        yield "rankingInfluence.POPULARITY needs an Interactions dataset"
    items = schemas.get(DatasetType.ITEMS)
    if influence.get("FRESHNESS") and (items is None or items.field("CREATION_TIMESTAMP") is None):
        yield "rankingInfluence.FRESHNESS needs an Items dataset with the column CREATION_TIMESTAMP"
