"""Campaigns that move to other versions, and trainings that are stopped."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.hammer import Hammer
from tests.support.world import ARN, World, items, refused


@pytest.fixture(scope="module")
def solution(club: World) -> str:
    return club.solution("aws-user-personalization", "moving")


@pytest.fixture(scope="module")
def first(club: World, solution: str) -> str:
    return club.version(solution)


def test_not_one_request_fails_while_a_campaign_is_updated(club: World, solution: str, first: str) -> None:
    campaign = club.campaign(first, "moving")
    second = club.version(solution)

    with Hammer(lambda: club.recommended(campaign, userId="u1", numResults=1)) as hammer:
        club.api.update_campaign(campaignArn=campaign, solutionVersionArn=second, minProvisionedTPS=3)
        found = club.wait_for_update("campaign", campaign)
        assert found["solutionVersionArn"] == second
        assert found["latestCampaignUpdate"]["solutionVersionArn"] == second
        hammer.answers_more()
        for version, config in (
            (first, {}),
            (second, {"itemExplorationConfig": {"explorationWeight": "0.9"}}),
            (first, {"enableMetadataWithRecommendations": True}),
        ):
            club.api.update_campaign(campaignArn=campaign, solutionVersionArn=version, campaignConfig=config)
            found = club.wait_for_update("campaign", campaign)
            hammer.answers_more()

    assert hammer.failures == []
    assert hammer.answers >= 80
    assert found["status"] == "ACTIVE"
    assert found["solutionVersionArn"] == first
    assert found["minProvisionedTPS"] == 3
    assert found["campaignConfig"] == {"enableMetadataWithRecommendations": True}


def test_not_one_request_fails_while_a_campaign_follows_and_data_comes(club: World, solution: str) -> None:
    config = {"syncWithLatestSolutionVersion": True}
    campaign = club.campaign(f"{solution}/$LATEST", "busy", campaignConfig=config)

    with Hammer(lambda: club.recommended(campaign, userId="u1", numResults=1)) as hammer:
        newest = club.version(solution)
        assert club.wait_for_update("campaign", campaign)["solutionVersionArn"] == newest
        club.load("ITEMS", items(), "again")
        hammer.answers_more(100)

    assert hammer.failures == []
    club.api.delete_campaign(campaignArn=campaign)
    club.wait_until_gone("campaign", campaign)


def test_a_failed_update_leaves_the_old_version_live(club: World, first: str, solution: str) -> None:
    campaign = club.campaign(first, "stays")
    second = club.version(solution)
    fault(club, resourceType="campaign", reason="no capacity")

    club.api.update_campaign(campaignArn=campaign, solutionVersionArn=second)
    found = club.wait_for_update("campaign", campaign, "CREATE FAILED")

    assert found["latestCampaignUpdate"]["failureReason"] == "no capacity"
    assert found["status"] == "ACTIVE"
    assert found["solutionVersionArn"] == first
    assert club.recommended(campaign, userId="u1")


def test_an_update_repairs_a_campaign_that_failed(club: World, first: str) -> None:
    fault(club, resourceType="campaign", reason="no capacity")
    arn = club.api.create_campaign(name=f"{club.name}-repaired", solutionVersionArn=first)["campaignArn"]
    failed = club.wait("campaign", arn, "CREATE FAILED")
    assert failed["failureReason"] == "no capacity"
    with refused("InvalidInputException", "not ACTIVE"):
        club.recommended(arn, userId="u1")

    club.api.update_campaign(campaignArn=arn, minProvisionedTPS=2)

    found = club.wait_for_update("campaign", arn)
    assert found["status"] == "ACTIVE"
    assert "failureReason" not in found
    club.api.delete_campaign(campaignArn=arn)


def test_a_campaign_follows_the_latest_version(club: World, solution: str, first: str) -> None:
    config = {"syncWithLatestSolutionVersion": True}
    with refused("InvalidInputException", "syncWithLatestSolutionVersion"):
        club.campaign(first, "following", campaignConfig=config)
    campaign = club.campaign(f"{solution}/$LATEST", "following", campaignConfig=config)

    newest = club.version(solution)

    assert club.wait_for_update("campaign", campaign)["solutionVersionArn"] == newest


@pytest.mark.parametrize(
    ("tail", "code", "text"),
    [
        ("", "ResourceNotFoundException", "does not exist"),
        ("/$LATEST", "InvalidInputException", "syncWithLatestSolutionVersion"),
        ("/00000000", "ResourceNotFoundException", "does not exist"),
    ],
    ids=["a solution", "the latest without sync", "an unknown version"],
)
def test_a_campaign_needs_a_version(club: World, solution: str, tail: str, code: str, text: str) -> None:
    with refused(code, text):
        club.api.create_campaign(name="wrong", solutionVersionArn=solution + tail)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"itemExplorationConfig": {"explorationWeight": "2"}}, "0 to 1"),
        ({"itemExplorationConfig": {"weight": "1"}}, "explorationWeight"),
        ({"rankingInfluence": {"POPULARITY": 0.5}}, "rankingInfluence"),
    ],
    ids=["weight", "unknown key", "influence"],
)
def test_a_config_must_fit_the_recipe(club: World, first: str, config: dict[str, Any], text: str) -> None:
    with refused("InvalidInputException", text):
        club.api.create_campaign(name="wrong", solutionVersionArn=first, campaignConfig=config)


def test_metadata_must_be_switched_on_for_old_recipes(club: World, first: str) -> None:
    campaign = club.campaign(first, "metadata")
    asked = {"campaignArn": campaign, "userId": "u1", "metadataColumns": {"ITEMS": ["TITLE"]}}
    with refused("InvalidInputException", "enableMetadataWithRecommendations"):
        club.runtime.get_recommendations(**asked)

    club.api.update_campaign(campaignArn=campaign, campaignConfig={"enableMetadataWithRecommendations": True})
    club.wait_for_update("campaign", campaign)

    item = club.runtime.get_recommendations(**asked)["itemList"][0]
    assert item["metadata"] == {"TITLE": f"Film {item['itemId'][1:]}"}
    with refused("InvalidInputException", "COLOUR"):
        club.runtime.get_recommendations(**{**asked, "metadataColumns": {"ITEMS": ["COLOUR"]}})
    with refused("InvalidInputException", "50"):
        club.runtime.get_recommendations(**asked, numResults=51)


def test_more_than_five_hundred_results_are_refused(club: World) -> None:
    with refused("InvalidInputException", "500"):
        club.recommended(f"{ARN}campaign/{club.name}-metadata", userId="u1", numResults=501)


def test_a_training_is_stopped(club: World, solution: str) -> None:
    running = [club.api.create_solution_version(solutionArn=solution)["solutionVersionArn"] for _ in range(6)]
    with refused("ResourceInUseException", "versions in progress"):
        club.api.delete_solution(solutionArn=solution)

    club.api.stop_solution_version_creation(solutionVersionArn=running[-1])
    club.wait("solution_version", running[-1], "CREATE STOPPED")

    with refused("ResourceInUseException", "CREATE STOPPED"):
        club.api.stop_solution_version_creation(solutionVersionArn=running[-1])
    with refused("InvalidInputException", "CREATE STOPPED"):
        club.api.create_campaign(name="wrong", solutionVersionArn=running[-1])
    for arn in running[:-1]:
        club.wait("solution_version", arn)


def fault(club: World, **what: Any) -> None:
    import json
    import urllib.request

    request = urllib.request.Request(
        f"{club.server.url}/_local/faults",
        data=json.dumps(what).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
