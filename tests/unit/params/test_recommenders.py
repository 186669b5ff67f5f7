"""What a recommender of the params file has to be, and what is said of one that is not."""

import pytest
from tests.unit.params.documents import RECIPE, domain_group, movies, problems_of, put, recommender


def with_config(use_case="top-picks", **config):
    return domain_group(recommender(use_case, recommenderConfig=config))


FINE = {
    "the least": domain_group(recommender()),
    "stopped": domain_group(recommender(state="INACTIVE")),
    "several": domain_group(
        recommender("top-picks"), recommender("most-popular"), recommender("more-like-x")
    ),
    "exploration": with_config(itemExplorationConfig={"explorationWeight": "0.1"}),
    "requests per second": with_config(minRecommendationRequestsPerSecond=3),
    "columns": with_config(trainingDataConfig={"excludedDatasetColumns": {"Items": ["TITLE"]}}),
    "metadata": with_config(enableMetadataWithRecommendations=True),
    "solutions beside it": domain_group(
        recommender(), solutions=[{"name": "s", "recipeArn": f"{RECIPE}aws-similar-items"}]
    ),
}


@pytest.mark.parametrize("document", FINE.values(), ids=FINE)
def test_a_recommender_that_fits_has_no_problems(document):
    assert problems_of(document) == []


WRONG = {
    "no domain": (
        {**movies(), "recommenders": [recommender()]},
        "recommenders: recommenders are made in dataset groups of a domain",
    ),
    "use case of another domain": (
        domain_group(recommender(recipeArn=f"{RECIPE}aws-ecomm-recommended-for-you")),
        "recommenders[0].recipeArn: aws-ecomm-recommended-for-you is a use case of ECOMMERCE, not of VIDEO_ON_DEMAND",
    ),
    "recipe of solutions": (
        domain_group(recommender(recipeArn=f"{RECIPE}aws-similar-items")),
        "recommenders[0].recipeArn: aws-similar-items is a recipe for solutions, not a use case. Move it",
    ),
    "misspelt use case": (
        domain_group(recommender(recipeArn=f"{RECIPE}aws-vod-top-pick")),
        f"Did you mean '{RECIPE}aws-vod-top-picks'?",
    ),
    "no items": (
        put(domain_group(recommender("more-like-x")), "datasets.Items", ...),
        "recommenders[0].recipeArn: aws-vod-more-like-x needs the dataset Items. Add datasets.Items",
    ),
    "same name": (
        domain_group(recommender(), recommender()),
        'recommenders[1].name: the recommender "movies-top-picks" is there already, at recommenders[0].name',
    ),
    "six": (
        domain_group(*(recommender(name=f"r{number}") for number in range(6))),
        "recommenders: 6 recommenders; a dataset group can have 5.",
    ),
    "unknown exploration": (
        with_config(itemExplorationConfig={"explorationWeigth": "0.1"}),
        "recommenderConfig.itemExplorationConfig.explorationWeigth: aws-vod-top-picks has no setting",
    ),
    "exploration of another use case": (
        with_config("most-popular", itemExplorationConfig={"explorationWeight": "0.1"}),
        "itemExplorationConfig: aws-vod-most-popular has no exploration that could be set; aws-vod-top-picks has.",
    ),
    "unknown column": (
        with_config(trainingDataConfig={"excludedDatasetColumns": {"Items": ["GENRE"]}}),
        "trainingDataConfig.excludedDatasetColumns.Items[0]: the Items schema has no field GENRE. Did you mean",
    ),
    "metadata without items": (
        put(with_config(enableMetadataWithRecommendations=True), "datasets.Items", ...),
        "recommenderConfig.enableMetadataWithRecommendations: metadata comes from the Items dataset",
    ),
    "state": (
        domain_group(recommender(state="STOPPED")),
        'recommenders[0].state: "STOPPED" must be ACTIVE or INACTIVE',
    ),
    "too few requests": (
        with_config(minRecommendationRequestsPerSecond=0),
        "recommenderConfig.minRecommendationRequestsPerSecond: 0 is too small",
    ),
    "no recipe": (
        put(domain_group(recommender()), "recommenders[0].recipeArn", ...),
        "recommenders[0].recipeArn: ",
    ),
    "tag of AWS": (
        domain_group(recommender(tags=[{"tagKey": "aws:x", "tagValue": "y"}])),
        "recommenders[0].tags[0].tagKey",
    ),
}


@pytest.mark.parametrize(("document", "expected"), WRONG.values(), ids=WRONG)
def test_a_recommender_that_does_not_fit_says_where_and_why(document, expected):
    (problem,) = problems_of(document)

    assert expected in problem


def test_a_use_case_in_a_solution_is_told_where_it_belongs():
    document = domain_group(solutions=[{"name": "s", "recipeArn": f"{RECIPE}aws-vod-top-picks"}])

    (problem,) = problems_of(document)

    assert problem.endswith("It belongs into 'recommenders'.")
