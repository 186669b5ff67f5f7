"""What Amazon provides and nobody creates: recipes, algorithms, feature transformations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from personalize_local.service.errors import ResourceNotFoundException
from personalize_local.service.pages import make_token, read_token
from personalize_local.service.resource import Answer, Context, operation
from personalize_rules.recipes import RECIPES, Hyperparameter, Recipe, find_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

# The service shows dates of its own making; any will do, as long as it does not change.
_TIMES = {
    "creationDateTime": datetime(2019, 6, 10, tzinfo=UTC),
    "lastUpdatedDateTime": datetime(2025, 11, 30, tzinfo=UTC),
}
_PROVIDER = "SERVICE"


class Recipes:
    """ListRecipes, DescribeRecipe, DescribeAlgorithm, DescribeFeatureTransformation."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @operation
    def list_recipes(
        self,
        *,
        recipeProvider: str = _PROVIDER,
        domain: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """All that can be used; with a domain, its use cases. Retired ones only if they still work here."""
        scope = f"recipes|{recipeProvider}|{domain or ''}"
        found = [
            recipe
            for recipe in RECIPES.values()
            if (self.context.settings.legacy_recipes or not recipe.retired)
            and recipeProvider == _PROVIDER
            and (domain is None or recipe.domain == domain)
        ]
        start = read_token(nextToken, scope)
        end = start + (maxResults or self.context.settings.page_size)
        answer: Answer = {"recipes": [_summary(recipe) for recipe in found[start:end]]}
        if end < len(found):
            answer["nextToken"] = make_token(end, scope)
        return answer

    @operation
    def describe_recipe(self, *, recipeArn: str) -> Answer:
        """One recipe; also a retired one, which solutions of old may name."""
        recipe = find_recipe(recipeArn) if ":recipe/" in recipeArn else None
        if recipe is None:
            raise ResourceNotFoundException.of(recipeArn)
        answer = {
            "name": recipe.name,
            "recipeArn": recipe.arn,
            "algorithmArn": recipe.algorithm_arn,
            "featureTransformationArn": recipe.feature_transformation_arn,
            "status": "ACTIVE",
            "description": recipe.description,
            "recipeType": recipe.type,
            **_TIMES,
        }
        return {"recipe": {key: value for key, value in answer.items() if value is not None}}

    @operation
    def describe_algorithm(self, *, algorithmArn: str) -> Answer:
        """The defaults and ranges of its hyperparameters."""
        recipe = self._by(lambda recipe: recipe.algorithm_arn, algorithmArn)
        parameters = [p for p in recipe.hyperparameters if p.place == "algorithm"]
        return {
            "algorithm": {
                "name": recipe.algorithm or recipe.name,
                "algorithmArn": algorithmArn,
                "defaultHyperParameters": {p.name: p.default for p in parameters if not p.only_tuned},
                "defaultHyperParameterRanges": _ranges(parameters),
                **_TIMES,
            }
        }

    @operation
    def describe_feature_transformation(self, *, featureTransformationArn: str) -> Answer:
        """The defaults of its parameters."""
        recipe = self._by(lambda recipe: recipe.feature_transformation_arn, featureTransformationArn)
        return {
            "featureTransformation": {
                "name": recipe.feature_transformation,
                "featureTransformationArn": featureTransformationArn,
                "defaultParameters": {
                    p.name: p.default for p in recipe.hyperparameters if p.place == "featureTransformation"
                },
                "status": "ACTIVE",
                **_TIMES,
            }
        }

    @staticmethod
    def _by(arn_of: Callable[[Recipe], str | None], arn: str) -> Recipe:
        for recipe in RECIPES.values():
            if arn_of(recipe) == arn:
                return recipe
        raise ResourceNotFoundException.of(arn)


def _summary(recipe: Recipe) -> Answer:
    summary: Answer = {"name": recipe.name, "recipeArn": recipe.arn, "status": "ACTIVE", **_TIMES}
    if recipe.domain:
        summary["domain"] = str(recipe.domain)
    return summary


def _ranges(parameters: list[Hyperparameter]) -> dict[str, list[dict[str, Any]]]:
    ranges: dict[str, list[dict[str, Any]]] = {
        f"{kind}HyperParameterRanges": [] for kind in ("integer", "continuous", "categorical")
    }
    for p in parameters:
        entry: dict[str, Any] = {"name": p.name, "isTunable": p.tunable}
        if p.type == "categorical":
            entry["values"] = list(p.values)
        else:
            number = int if p.type == "integer" else float
            if p.minimum is not None:
                entry["minValue"] = number(p.minimum)
            if p.maximum is not None:
                entry["maxValue"] = number(p.maximum)
        ranges[f"{p.type}HyperParameterRanges"].append(entry)
    return ranges
