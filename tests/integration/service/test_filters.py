"""Filters at creation and at request time."""

from __future__ import annotations

import pytest
from tests.support.world import GENRES, World, refused


@pytest.fixture(scope="module")
def campaign(club: World) -> str:
    return club.campaign(club.version(club.solution("aws-user-personalization-v2")), "filtered")


@pytest.fixture(scope="module")
def related(club: World) -> str:
    return club.campaign(club.version(club.solution("aws-similar-items")), "related")


def genre(item: str) -> str:
    return GENRES[int(item[1:]) % 3]


def test_include_keeps_only_what_matches(club: World, campaign: str) -> None:
    name = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Crime")', "crime")
    found = club.recommended(campaign, userId="u0", filterArn=name)
    assert len(found) == 10
    assert {genre(item) for item in found} == {"Crime"}


def test_values_come_with_the_request(club: World, campaign: str) -> None:
    name = club.filter("INCLUDE ItemID WHERE Items.GENRE IN ($G) AND Items.PRICE < $P", "values")
    values = {"G": '"Comedy","Drama"', "P": "6"}
    found = club.recommended(campaign, userId="u0", filterArn=name, filterValues=values)
    assert sorted(found) == ["i0", "i2", "i3", "i5"]


def test_a_missing_value_of_an_include_is_refused(club: World, campaign: str) -> None:
    name = club.filter("INCLUDE ItemID WHERE Items.GENRE IN ($G)", "missing")
    with refused("InvalidInputException", "G"):
        club.recommended(campaign, userId="u0", filterArn=name)


def test_a_value_by_another_name_is_named_with_the_one_that_is_missing(club: World, campaign: str) -> None:
    name = club.filter("INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)", "other-name")
    with refused("InvalidInputException", "missing: GENRE. It does not know genre"):
        club.recommended(campaign, userId="u0", filterArn=name, filterValues={"genre": '"Crime"'})


def test_a_missing_value_of_an_exclude_switches_it_off(club: World, campaign: str) -> None:
    name = club.filter("EXCLUDE ItemID WHERE Items.GENRE IN ($G)", "off")
    assert len(club.recommended(campaign, userId="u0", filterArn=name)) == 25


def test_seen_items_are_left_out(club: World, campaign: str) -> None:
    name = club.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', "unseen")
    everything = club.recommended(campaign, userId="u1", numResults=30)
    found = club.recommended(campaign, userId="u1", numResults=30, filterArn=name)
    assert 0 < len(found) < len(everything)
    with refused("InvalidInputException", "userId"):
        club.recommended(campaign, filterArn=name, userId="")


def test_an_event_counts_for_the_next_filter(club: World, campaign: str) -> None:
    tracking = club.tracker()
    name = club.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")', "bought")
    first = club.recommended(campaign, userId="newcomer", filterArn=name)

    club.put(tracking, "newcomer", *first[:3], kind="buy")

    assert not set(first[:3]) & set(club.recommended(campaign, userId="newcomer", filterArn=name))


def test_the_user_decides_by_if(club: World, campaign: str) -> None:
    name = club.filter(
        'EXCLUDE ItemID WHERE Items.GENRE IN ("Comedy") IF CurrentUser.PLAN IN ("free")', "plan"
    )
    free = club.recommended(campaign, userId="u1", filterArn=name, numResults=30)
    paid = club.recommended(campaign, userId="u2", filterArn=name, numResults=30)
    assert "Comedy" not in {genre(item) for item in free}
    assert "Comedy" in {genre(item) for item in paid}


def test_the_item_decides_by_current_item(club: World, campaign: str, related: str) -> None:
    name = club.filter("INCLUDE ItemID WHERE Items.PRICE > CurrentItem.PRICE", "dearer")
    found = club.recommended(related, itemId="i20", filterArn=name)
    assert found
    assert all(int(item[1:]) > 20 for item in found)
    with refused("InvalidInputException", "CurrentItem"):
        club.recommended(campaign, userId="u0", filterArn=name)


def test_a_recipe_that_is_not_for_related_items_has_no_current_item(club: World, campaign: str) -> None:
    name = club.filter("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "no-current-item")
    with refused("InvalidInputException", "a recipe for related items"):
        club.recommended(campaign, userId="u0", itemId="i5", filterArn=name)


def test_a_filter_that_is_not_there_is_not_found(club: World, campaign: str) -> None:
    with refused("ResourceNotFoundException") as refusal:
        club.recommended(campaign, userId="u0", filterArn=campaign.replace("campaign", "filter"))
    assert "does not exist" in refusal.message


def test_promoted_items_take_their_share(club: World, campaign: str) -> None:
    name = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Short")', "short")
    promotion = {"name": "shorts", "percentPromotedItems": 30, "filterArn": name}
    answer = club.runtime.get_recommendations(
        campaignArn=campaign, userId="u1", numResults=10, promotions=[promotion]
    )
    items = answer["itemList"]
    promoted = [item["itemId"] for item in items if item.get("promotionName") == "shorts"]
    assert len(promoted) == 3
    assert all(int(item[1:]) % 5 == 0 for item in promoted)
    assert len({item["itemId"] for item in items}) == len(items) == 10


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (
            "EXCLUDE ItemID WHERE Items.GENRE NOT IN ($G)",
            "filter. Invalid input symbol: $G. Placeholders are not allowed with NOT_IN operator.",
        ),
        ('INCLUDE ItemID WHERE Items.COLOUR IN ("red")', "COLOUR"),
        ('INCLUDE ItemID WHERE Actions.NAME IN ("x")', "Could not create filter"),
        ("INCLUDE ItemID Items.PRICE > 1", "Could not create filter"),
    ],
    ids=["placeholder with NOT IN", "unknown column", "unknown dataset", "no WHERE"],
)
def test_a_filter_with_a_mistake_is_refused(club: World, expression: str, text: str) -> None:
    with refused("InvalidInputException", text):
        club.filter(expression, "wrong")


def test_filters_use_a_limited_number_of_fields(club: World) -> None:
    fields = " AND ".join(f"Items.PRICE > {n}" for n in range(11))
    club.filter(f"INCLUDE ItemID WHERE {fields}", "one-field-often")
