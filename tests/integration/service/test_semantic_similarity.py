"""Semantic-similarity, served from an Items dataset alone; and recipes that no campaign serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.batches import Batches
from tests.support.world import World, column, refused, schema

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

SUBJECTS = {
    "garden": "A spade, a rake and seeds for the garden: soil, flowers, roses and tulips in spring",
    "sea": "A boat, an anchor and a sail for the sea: waves, harbours, sailors and islands in summer",
    "kitchen": "A pan, a knife and herbs for the kitchen: soup, bread, butter and salt for dinner",
}
EACH = 20
ITEMS = schema(
    "Items",
    column("ITEM_ID"),
    column("NAME", itemName=True),
    column("DESCRIPTION", textual=True),
    column("SUBJECT", categorical=True),
    column("CREATION_TIMESTAMP", "long"),
)


def items() -> str:
    """Twenty of each subject; each text leaves some words out, so that no two are the same."""
    rows = []
    for subject, text in SUBJECTS.items():
        words = text.replace(",", "").replace(":", "").split()
        for n in range(EACH):
            described = " ".join(word for place, word in enumerate(words) if (place + n) % 4)
            made = 1_600_000_000 + n * 86_400
            rows.append(f"{subject}{n},The {subject} book number {n},{described},{subject},{made}")
    return "ITEM_ID,NAME,DESCRIPTION,SUBJECT,CREATION_TIMESTAMP\n" + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def books(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "books")
    world.make_group()
    world.make_dataset("ITEMS", ITEMS)
    world.load("ITEMS", items())
    return world


@pytest.fixture(scope="module")
def version(books: World) -> str:
    return books.version(books.solution("aws-semantic-similarity"))


@pytest.fixture(scope="module")
def campaign(books: World, version: str) -> str:
    return books.campaign(version, "similar")


def test_items_of_the_same_subject_are_similar(books: World, campaign: str) -> None:
    for subject in SUBJECTS:
        found = books.recommended(campaign, itemId=f"{subject}3", numResults=10)
        assert len(found) == 10
        assert f"{subject}3" not in found
        assert all(item.startswith(subject) for item in found)


def test_a_batch_says_what_requests_get(books: World, version: str, campaign: str) -> None:
    known, stranger, nothing = Batches(books, "inference").run(
        version, "books-batch", {"itemId": "sea3"}, {"itemId": "unheard-of"}, {}
    )

    for line in (known, stranger):
        item = line["input"]["itemId"]
        assert line["output"]["recommendedItems"] == books.recommended(campaign, itemId=item)
    assert known["output"]["recommendedItems"]
    assert "itemId: missing" in nothing["error"]


def test_metadata_and_filters_need_no_interactions(books: World, campaign: str) -> None:
    others = books.filter("EXCLUDE ItemID WHERE Items.SUBJECT IN CurrentItem.SUBJECT", "others")

    answer = books.runtime.get_recommendations(
        campaignArn=campaign,
        itemId="sea1",
        numResults=5,
        filterArn=others,
        metadataColumns={"ITEMS": ["NAME", "SUBJECT"]},
    )["itemList"]

    assert answer
    assert all(item["metadata"]["SUBJECT"] != "sea" for item in answer)
    assert all(item["metadata"]["NAME"].startswith("The ") for item in answer)


def test_freshness_brings_new_items_forward(books: World, version: str, campaign: str) -> None:
    def age(arn: str) -> float:
        found = books.recommended(arn, itemId="sea1", numResults=5)
        return sum(int(item.removeprefix("sea")) for item in found if item.startswith("sea")) / 5

    fresh = books.campaign(version, "fresh", campaignConfig={"rankingInfluence": {"FRESHNESS": 1.0}})

    assert age(fresh) > age(campaign)


def test_popularity_needs_interactions_and_promotions_are_not_for_it(
    books: World, version: str, campaign: str
) -> None:
    with refused("InvalidInputException", "POPULARITY needs an Interactions dataset"):
        books.campaign(version, "popular", campaignConfig={"rankingInfluence": {"POPULARITY": 0.5}})
    with refused("InvalidInputException", "promotions are not supported"):
        books.recommended(campaign, itemId="sea1", promotions=[{"name": "p", "percentPromotedItems": 10}])


@pytest.mark.parametrize(
    ("recipe", "config"),
    [("aws-item-affinity", {}), ("aws-item-attribute-affinity", {})],
    ids=["item-affinity", "item-attribute-affinity"],
)
def test_no_campaign_serves_segments_of_users(club: World, recipe: str, config: dict[str, Any]) -> None:
    version = club.version(club.solution(recipe))
    with refused("InvalidInputException", "cannot be deployed in a campaign"):
        club.campaign(version, recipe, campaignConfig=config)
