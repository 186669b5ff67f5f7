"""From an empty account to recommendations, as a user of Amazon Personalize goes."""

from __future__ import annotations

import pytest
from tests.support.world import RECIPE, World, refused


@pytest.fixture(scope="module")
def version(club: World) -> str:
    return club.version(club.solution("aws-user-personalization-v2"), name="first")


@pytest.fixture(scope="module")
def campaign(club: World, version: str) -> str:
    return club.campaign(version, "live", minProvisionedTPS=2)


def test_a_trained_version_tells_its_settings_and_its_metrics(club: World, version: str) -> None:
    found = club.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    metrics = club.api.get_solution_metrics(solutionVersionArn=version)["metrics"]

    assert found["trainingMode"] == "FULL"
    assert found["trainingType"] == "MANUAL"
    assert found["recipeArn"] == RECIPE + "aws-user-personalization-v2"
    assert found["trainingHours"] > 0
    assert metrics["coverage"] > 0
    assert 0 < metrics["normalized_discounted_cumulative_gain_at_25"] <= 1
    assert all(round(value, 4) == value for value in metrics.values())


def test_the_solution_names_its_latest_version(club: World, version: str) -> None:
    solution = version.rpartition("/")[0]
    found = club.api.describe_solution(solutionArn=solution)["solution"]
    assert found["latestSolutionVersion"]["solutionVersionArn"] == version
    assert found["performAutoTraining"] is False


def test_a_campaign_recommends_what_the_user_likes(club: World, campaign: str) -> None:
    answer = club.runtime.get_recommendations(campaignArn=campaign, userId="u3", numResults=5)

    favourites = [item for item in answer["itemList"] if int(item["itemId"][1:]) % 3 == 0]
    assert len(answer["itemList"]) == 5
    assert len(favourites) >= 3
    assert answer["recommendationId"].startswith("RID-")
    assert len(answer["recommendationId"]) == 40


def test_an_unknown_user_gets_popular_items(club: World, campaign: str) -> None:
    assert len(club.recommended(campaign, userId="nobody")) == 25


def test_metadata_comes_with_v2_recipes(club: World, campaign: str) -> None:
    answer = club.runtime.get_recommendations(
        campaignArn=campaign, userId="u3", numResults=3, metadataColumns={"ITEMS": ["TITLE", "GENRE"]}
    )
    for item in answer["itemList"]:
        assert item["metadata"]["TITLE"] == f"Film {item['itemId'][1:]}"
        assert set(item["metadata"]) == {"TITLE", "GENRE"}


def test_a_ranking_puts_a_list_in_order(club: World) -> None:
    campaign = club.campaign(club.version(club.solution("aws-personalized-ranking")), "ranking")
    given = ["i1", "i0", "unheard-of", "i2", "i3"]

    answer = club.runtime.get_personalized_ranking(campaignArn=campaign, inputList=given, userId="u3")

    found = [item["itemId"] for item in answer["personalizedRanking"]]
    assert sorted(found) == sorted(given)
    assert found[-1] == "unheard-of"
    assert set(found[:2]) == {"i0", "i3"}
    with refused("InvalidInputException", "GetPersonalizedRanking"):
        club.recommended(campaign, userId="u3")


def test_related_items_are_asked_for_by_item(club: World) -> None:
    campaign = club.campaign(club.version(club.solution("aws-sims")), "related")

    answer = club.runtime.get_recommendations(campaignArn=campaign, itemId="i3", numResults=4)

    assert len(answer["itemList"]) == 4
    assert "i3" not in [item["itemId"] for item in answer["itemList"]]
    assert all("score" not in item for item in answer["itemList"])
    with refused("InvalidInputException", "itemId"):
        club.recommended(campaign, userId="u3")


def test_the_defaults_are_those_of_the_service(club: World, version: str) -> None:
    campaign = club.campaign(version, "plain")
    found = club.api.describe_campaign(campaignArn=campaign)["campaign"]
    assert found["minProvisionedTPS"] == 1
    assert "latestCampaignUpdate" not in found
    assert "failureReason" not in found
    club.api.delete_campaign(campaignArn=campaign)
    club.wait_until_gone("campaign", campaign)
