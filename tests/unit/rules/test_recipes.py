import pytest

from personalize_rules.recipes import RECIPES, find_recipe
from personalize_rules.schemas import DatasetType, Domain

# name: type, what a request carries, campaign, batch inference, batch segment (spec 4.1)
TABLE = {
    "aws-user-personalization-v2": ("USER_PERSONALIZATION", {"userId"}, True, True, False),
    "aws-user-personalization": ("USER_PERSONALIZATION", {"userId"}, True, True, False),
    "aws-personalized-ranking-v2": ("PERSONALIZED_RANKING", {"userId", "inputList"}, True, True, False),
    "aws-personalized-ranking": ("PERSONALIZED_RANKING", {"userId", "inputList"}, True, True, False),
    "aws-similar-items": ("RELATED_ITEMS", {"itemId"}, True, True, False),
    "aws-sims": ("RELATED_ITEMS", {"itemId"}, True, True, False),
    "aws-semantic-similarity": ("RELATED_ITEMS", {"itemId"}, True, True, False),
    "aws-popularity-count": ("USER_PERSONALIZATION", set(), True, True, False),
    "aws-trending-now": ("POPULAR_ITEMS", set(), True, False, False),
    "aws-next-best-action": ("PERSONALIZED_ACTIONS", {"userId"}, True, False, False),
    "aws-item-affinity": ("USER_SEGMENTATION", set(), False, False, True),
    "aws-item-attribute-affinity": ("USER_SEGMENTATION", set(), False, False, True),
}


@pytest.mark.parametrize(("name", "expected"), TABLE.items(), ids=TABLE)
def test_a_recipe_is_as_the_guide_says(name, expected):
    recipe = RECIPES[name]

    found = (recipe.type, set(recipe.request), recipe.campaign, recipe.batch_inference, recipe.batch_segment)
    assert found == expected


def test_the_catalogue_is_complete():
    retired = {name for name, recipe in RECIPES.items() if recipe.retired}
    use_cases = {name for name, recipe in RECIPES.items() if recipe.domain}

    assert retired == {"aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"}
    assert sum(name.startswith("aws-vod-") for name in use_cases) == 5
    assert sum(name.startswith("aws-ecomm-") for name in use_cases) == 5
    assert RECIPES.keys() == TABLE.keys() | retired | use_cases


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_agrees_with_itself(recipe):
    assert set(recipe.required_datasets).isdisjoint(recipe.optional_datasets)
    for parameter in recipe.hyperparameters:
        assert parameter.problem(parameter.default) is None, parameter
    assert recipe.retired == (recipe.replaced_by is not None)
    if recipe.replaced_by:
        assert not RECIPES[recipe.replaced_by].retired
    if recipe.domain:
        prefix = {Domain.ECOMMERCE: "aws-ecomm-", Domain.VIDEO_ON_DEMAND: "aws-vod-"}[recipe.domain]
        assert recipe.name.startswith(prefix)
    tunable = any(parameter.tunable for parameter in recipe.hyperparameters)
    assert recipe.hpo == tunable


def test_only_semantic_similarity_does_without_interactions():
    without = {
        name for name, recipe in RECIPES.items() if DatasetType.INTERACTIONS not in recipe.required_datasets
    }

    assert without == {"aws-semantic-similarity"}


@pytest.mark.parametrize(
    "text",
    ["aws-sims", "arn:aws:personalize:::recipe/aws-sims", "arn:aws-cn:personalize:::recipe/aws-sims"],
    ids=["name", "ARN", "ARN in China"],
)
def test_a_recipe_is_found(text):
    assert find_recipe(text) is RECIPES["aws-sims"]


@pytest.mark.parametrize(
    "text", ["", "sims", "recipe/aws-sims", "arn:aws:personalize:us-east-1::recipe/aws-sims"]
)
def test_what_is_no_recipe_is_not_found(text):
    assert find_recipe(text) is None


def test_arns_of_algorithms_and_feature_transformations():
    assert (
        RECIPES["aws-trending-now"].algorithm_arn == "arn:aws:personalize:::algorithm/aws-trending-now-custom"
    )
    assert RECIPES["aws-sims"].algorithm_arn == "arn:aws:personalize:::algorithm/aws-sims"
    assert (
        RECIPES["aws-sims"].feature_transformation_arn == "arn:aws:personalize:::feature-transformation/sims"
    )
    assert RECIPES["aws-similar-items"].feature_transformation_arn is None


VALUES = {
    "whole number": ("aws-user-personalization", "hidden_dimension", "149", None),
    "lowest": ("aws-user-personalization", "hidden_dimension", "32", None),
    "below": ("aws-user-personalization", "hidden_dimension", "31", "a whole number from 32 to 256"),
    "above": ("aws-user-personalization", "hidden_dimension", "257", "a whole number from 32 to 256"),
    "decimal for a whole number": (
        "aws-user-personalization",
        "hidden_dimension",
        "64.0",
        "a whole number from 32 to 256",
    ),
    "not a number": ("aws-sims", "popularity_discount_factor", "half", "a number from 0 to 1"),
    "not a number by name": ("aws-sims", "popularity_discount_factor", "nan", "a number from 0 to 1"),
    "exponent": ("aws-sims", "popularity_discount_factor", "5e-1", None),
    "empty": ("aws-sims", "popularity_discount_factor", "", "a number from 0 to 1"),
    "choice in another case": ("aws-user-personalization", "recency_mask", "true", None),
    "no choice": (
        "aws-trending-now",
        "trend_discovery_frequency",
        "4 hours",
        "one of 30 minutes, 1 hour, 2 hours, 3 hours, 1 day",
    ),
    "zero where more is wanted": (
        "aws-user-personalization",
        "explorationItemAgeCutOff",
        "0",
        "a number greater than 0",
    ),
    "infinite": ("aws-user-personalization", "explorationItemAgeCutOff", "1e999", "a number greater than 0"),
}


@pytest.mark.parametrize(("recipe", "name", "value", "allowed"), VALUES.values(), ids=VALUES)
def test_a_hyperparameter_tells_what_it_allows(recipe, name, value, allowed):
    parameter = RECIPES[recipe].hyperparameter(name)

    assert parameter
    assert parameter.problem(value) == allowed
