"""New items are recommended without a new training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.world import World, eventually

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

PATIENCE = 30.0


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "refreshed")
    world.fill()
    return world


@pytest.fixture(scope="module")
def campaign(club: World) -> str:
    config = {"itemExplorationConfig": {"explorationWeight": "1", "explorationItemAgeCutOff": "30"}}
    solution = club.solution("aws-user-personalization", "exploring")
    return club.campaign(club.version(solution), "exploring", campaignConfig=config)


def knows(world: World, campaign: str, genre: str) -> list[str]:
    name = f"only-{genre}".lower()
    arn = f"{world.group.replace('dataset-group', 'filter')}-{name}"
    return world.recommended(campaign, userId="u1", filterArn=arn)


def test_an_item_that_is_put_or_imported_can_be_recommended(club: World, campaign: str) -> None:
    for genre in ("Western", "Musical"):
        club.filter(f'INCLUDE ItemID WHERE Items.GENRE IN ("{genre}")', f"only-{genre.lower()}")
    assert knows(club, campaign, "Western") == []

    club.load("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\nnew1,A Film,Western,1.5\n", "more", "INCREMENTAL")
    eventually(lambda: knows(club, campaign, "Western") == ["new1"], PATIENCE)

    properties = '{"title": "Another", "genre": "Musical", "price": 2.5}'
    club.events.put_items(
        datasetArn=club.dataset("ITEMS"), items=[{"itemId": "new2", "properties": properties}]
    )
    eventually(lambda: knows(club, campaign, "Musical") == ["new2"], PATIENCE)
    assert knows(club, campaign, "Western") == ["new1"]


def test_an_item_that_events_name_can_be_recommended(club: World, campaign: str) -> None:
    tracking = club.tracker()
    assert "new3" not in club.recommended(campaign, userId="u1", numResults=100)
    club.put(tracking, "u2", "new3")
    eventually(lambda: "new3" in club.recommended(campaign, userId="u1", numResults=100), PATIENCE)


def test_a_version_that_was_updated_by_hand_is_left_alone(club: World) -> None:
    solution = club.solution("aws-user-personalization", "updated")
    club.version(solution)
    campaign = club.campaign(club.version(solution, trainingMode="UPDATE"), "updated")
    other = club.campaign(club.version(club.solution("aws-user-personalization-v2", "free")), "free")
    club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Noir")', "only-noir")

    club.load("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\nnew4,A Film,Noir,1.5\n", "noir", "INCREMENTAL")

    eventually(lambda: knows(club, other, "Noir") == ["new4"], PATIENCE)
    assert knows(club, campaign, "Noir") == []


def test_a_refreshed_model_survives_a_restart(club: World, campaign: str) -> None:
    club.server.stop()
    club.server.start()
    assert knows(club, campaign, "Western") == ["new1"]
