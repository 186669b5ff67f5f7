"""What the recorded answers of Amazon Personalize show about filters, on a club where one can count it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.world import ITEMS, eventually

if TYPE_CHECKING:
    from tests.support.world import World

USER = "u7"
WATCHED = 'ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'


@pytest.fixture(scope="module")
def campaign(club: World) -> str:
    """Without exploration, so that two answers can be compared."""
    version = club.version(club.solution("aws-user-personalization", "recorded"))
    config = {"itemExplorationConfig": {"explorationWeight": "0", "explorationItemAgeCutOff": "30"}}
    return club.campaign(version, "recorded", campaignConfig=config)


def test_an_include_draws_from_all_candidates_in_their_order(club: World, campaign: str) -> None:
    """Recorded: 25 of each genre, rare ones too, and the genre's part of the unfiltered list comes first."""
    drama = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Drama")', "recorded-drama")
    everything = club.recommended(campaign, userId=USER, numResults=ITEMS)
    of_the_genre = [item for item in everything if int(item[1:]) % 3 == 2]

    found = club.recommended(campaign, userId=USER, filterArn=drama, numResults=5)

    assert len(everything) == ITEMS
    assert found == of_the_genre[:5]
    assert club.recommended(campaign, userId=USER, filterArn=drama) == of_the_genre


def test_watched_and_unwatched_items_share_the_list_between_them(club: World, campaign: str) -> None:
    """Recorded: INCLUDE gives few items, EXCLUDE a full list of others; watching moves items over."""
    watched = club.filter(f"INCLUDE {WATCHED}", "recorded-watched")
    unwatched = club.filter(f"EXCLUDE {WATCHED}", "recorded-unwatched")

    def both() -> tuple[list[str], list[str]]:
        return (
            club.recommended(campaign, userId=USER, filterArn=watched, numResults=ITEMS),
            club.recommended(campaign, userId=USER, filterArn=unwatched, numResults=ITEMS),
        )

    before = both()
    moved = before[1][:2]
    club.put(club.tracker(), USER, *moved)

    assert not {*before[0]} & {*before[1]}
    assert {*before[0]} | {*before[1]} == {f"i{number}" for number in range(ITEMS)}
    eventually(lambda: {*moved} <= {*both()[0]})
    after = both()
    assert {*after[0]} == {*before[0], *moved}
    assert {*after[1]} == {*before[1]} - {*moved}
