"""GetRecommendations and GetPersonalizedRanking: the rules of their arguments, recipe by recipe."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from tests.support.world import ITEMS, World, refused


@pytest.fixture(scope="module")
def campaigns(club: World) -> dict[str, str]:
    """One campaign for each of five recipes, by the last words of its name."""
    recipes = {
        "for-you": ("aws-user-personalization-v2", {}),
        "exploring": (
            "aws-user-personalization",
            {"itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "10"}},
        ),
        "ranking": ("aws-personalized-ranking-v2", {}),
        "related": ("aws-similar-items", {}),
        "popular": ("aws-popularity-count", {}),
    }
    versions = {
        name: club.api.create_solution_version(solutionArn=club.solution(recipe, name))["solutionVersionArn"]
        for name, (recipe, _) in recipes.items()
    }
    for version in versions.values():
        club.wait("solution_version", version)
    return {
        name: club.campaign(versions[name], name, campaignConfig=config)
        for name, (_, config) in recipes.items()
    }


@pytest.fixture(scope="module")
def unseen(club: World) -> str:
    return club.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', "unseen")


@pytest.fixture(scope="module")
def crime(club: World) -> str:
    return club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Crime")', "crime")


def test_seen_items_are_returned_unless_they_are_filtered(
    club: World, campaigns: dict[str, str], unseen: str
) -> None:
    everything = set(club.recommended(campaigns["for-you"], userId="u3", numResults=ITEMS))
    fresh = set(club.recommended(campaigns["for-you"], userId="u3", numResults=ITEMS, filterArn=unseen))

    assert len(everything) == ITEMS
    assert fresh < everything


def test_a_filter_leaves_fewer_items_than_were_asked_for(
    club: World, campaigns: dict[str, str], crime: str
) -> None:
    found = club.recommended(campaigns["for-you"], userId="u3", filterArn=crime)
    assert set(found) == {f"i{n}" for n in range(1, ITEMS, 3)}


@pytest.mark.parametrize("count", [None, 0, 25], ids=["not given", "0", "25"])
def test_twenty_five_results_are_the_default(
    club: World, campaigns: dict[str, str], count: int | None
) -> None:
    asked = {} if count is None else {"numResults": count}
    assert len(club.recommended(campaigns["for-you"], userId="u3", **asked)) == 25


def test_an_id_of_an_answer_is_its_own(club: World, campaigns: dict[str, str]) -> None:
    answers = [
        club.runtime.get_recommendations(campaignArn=campaigns["for-you"], userId="u3") for _ in range(3)
    ]
    assert len({answer["recommendationId"] for answer in answers}) == 3
    assert all(len(answer["recommendationId"]) == 40 for answer in answers)


@pytest.mark.parametrize(
    ("name", "asked", "scored"),
    [
        ("for-you", {"userId": "nobody"}, True),
        ("exploring", {"userId": "nobody"}, True),
        ("related", {"itemId": "nothing"}, False),
        ("popular", {}, False),
        ("popular", {"userId": "nobody"}, False),
    ],
    ids=[
        "user-personalization-v2",
        "user-personalization",
        "similar-items",
        "popularity",
        "popularity, user",
    ],
)
def test_what_a_recipe_does_not_know_gets_popular_items(
    club: World, campaigns: dict[str, str], name: str, asked: dict[str, Any], scored: bool
) -> None:
    answer = club.runtime.get_recommendations(campaignArn=campaigns[name], numResults=5, **asked)["itemList"]

    assert len(answer) == 5
    if not scored:
        assert all("score" not in item for item in answer)


def test_context_may_be_written_as_events_write_it(club: World, campaigns: dict[str, str]) -> None:
    plain = club.recommended(campaigns["for-you"], userId="u3")
    for context in ({"EVENT_TYPE": "watch"}, {"eventType": "watch"}, {"NO_SUCH_COLUMN": "x"}):
        assert set(club.recommended(campaigns["for-you"], userId="u3", context=context)) <= {
            f"i{n}" for n in range(ITEMS)
        }
    assert club.recommended(campaigns["for-you"], userId="u3", context={"NO_SUCH_COLUMN": "x"}) == plain


@pytest.mark.parametrize(
    ("name", "asked", "text"),
    [
        ("for-you", {}, "userId: required by recipe aws-user-personalization-v2"),
        ("related", {"userId": "u1"}, "itemId: required"),
        ("ranking", {"userId": "u1"}, "Use GetPersonalizedRanking"),
        ("for-you", {"userId": "u1", "numResults": 501}, "numResults: 501 must be at most 500"),
        (
            "for-you",
            {"userId": "u1", "numResults": 51, "metadataColumns": {"ITEMS": ["TITLE"]}},
            "must be at most 50 when metadata is asked for",
        ),
        ("for-you", {"userId": "u1", "metadataColumns": {"ITEMS": ["TITLE"] * 11}}, "at most 10"),
        ("for-you", {"userId": "u1", "metadataColumns": {"USERS": ["PLAN"]}}, "must be ITEMS"),
        ("related", {"itemId": "i1", "metadataColumns": {"ITEMS": ["TITLE"]}}, "enableMetadata"),
        ("for-you", {"userId": "u1", "filterArn": "UNKNOWN"}, "does not exist"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_request_that_cannot_be_answered_is_refused(
    club: World, campaigns: dict[str, str], name: str, asked: dict[str, Any], text: str
) -> None:
    if asked.get("filterArn") == "UNKNOWN":
        asked = {**asked, "filterArn": campaigns[name].replace(":campaign/", ":filter/")}
        code = "ResourceNotFoundException"
    else:
        code = "InvalidInputException"
    with refused(code, text):
        club.recommended(campaigns[name], **asked)


def test_exactly_one_campaign_or_recommender_is_asked(club: World, campaigns: dict[str, str]) -> None:
    both = {
        "campaignArn": campaigns["for-you"],
        "recommenderArn": campaigns["for-you"].replace(":campaign/", ":recommender/"),
    }
    with refused("InvalidInputException", "exactly one"):
        club.runtime.get_recommendations(userId="u1")
    with refused("InvalidInputException", "exactly one"):
        club.runtime.get_recommendations(userId="u1", **both)
    for member in both:
        with refused("ResourceNotFoundException", "does not exist"):
            club.runtime.get_recommendations(userId="u1", **{member: both["recommenderArn"]})
    with refused("ResourceNotFoundException", "does not exist"):
        club.runtime.get_recommendations(userId="u1", recommenderArn=campaigns["for-you"])


def test_a_ranking_keeps_to_its_list(club: World, campaigns: dict[str, str], crime: str, unseen: str) -> None:
    asked: dict[str, Any] = {"campaignArn": campaigns["ranking"], "userId": "u3"}
    given = ["i1", "new", "i4", "i0"]

    def ranked(**more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = club.runtime.get_personalized_ranking(**asked, **more)[
            "personalizedRanking"
        ]
        return found

    everything = ranked(inputList=given)
    assert everything[-1] == {"itemId": "new"}
    assert sum(item["score"] for item in everything[:-1]) == pytest.approx(1, abs=1e-5)
    assert {item["itemId"] for item in ranked(inputList=given, filterArn=crime)} == {"i1", "i4"}
    assert "new" in {item["itemId"] for item in ranked(inputList=given, filterArn=unseen)}
    titles = ranked(inputList=["i1"], metadataColumns={"ITEMS": ["TITLE"]})
    assert titles[0]["metadata"] == {"TITLE": "Film 1"}
    with refused("InvalidInputException", "from 1 to 500"):
        ranked(inputList=[f"i{n}" for n in range(501)])
    with refused("InvalidInputException", "from 1 to 50 when metadata"):
        ranked(inputList=[f"i{n}" for n in range(51)], metadataColumns={"ITEMS": ["TITLE"]})
    with refused("InvalidInputException", "Use GetRecommendations"):
        club.runtime.get_personalized_ranking(campaignArn=campaigns["for-you"], userId="u3", inputList=["i1"])


@pytest.mark.parametrize(
    ("share", "places"), [(1, 1), (50, 5), (100, 10)], ids=["at least one", "half", "all there are"]
)
def test_promoted_items_take_their_share_and_keep_their_order(
    club: World, campaigns: dict[str, str], crime: str, share: int, places: int
) -> None:
    order = club.recommended(campaigns["for-you"], userId="u3", filterArn=crime)

    answer = club.runtime.get_recommendations(
        campaignArn=campaigns["for-you"],
        userId="u3",
        numResults=10,
        promotions=[{"name": "crime-week", "percentPromotedItems": share, "filterArn": crime}],
    )["itemList"]

    promoted = [item for item in answer if item.get("promotionName") == "crime-week"]
    assert [item["itemId"] for item in promoted] == order[:places]
    assert all(item["reason"] == ["Promoted item"] for item in promoted)
    assert len({item["itemId"] for item in answer}) == len(answer) == 10


def test_the_filter_of_a_request_is_not_asked_about_promoted_items(
    club: World, campaigns: dict[str, str], crime: str
) -> None:
    none = club.filter('EXCLUDE ItemID WHERE Items.GENRE IN ("Crime", "Comedy")', "drama")

    answer = club.runtime.get_recommendations(
        campaignArn=campaigns["for-you"],
        userId="u3",
        numResults=10,
        filterArn=none,
        promotions=[{"name": "crime-week", "percentPromotedItems": 30, "filterArn": crime}],
    )["itemList"]

    genres = {bool(item.get("promotionName")): int(item["itemId"][1:]) % 3 for item in answer}
    assert genres == {True: 1, False: 2}


def test_an_answer_too_few_promoted_items_fill_has_others_too(club: World, campaigns: dict[str, str]) -> None:
    one = club.filter('INCLUDE ItemID WHERE Items.TITLE IN ("Film 7")', "seven")

    answer = club.runtime.get_recommendations(
        campaignArn=campaigns["popular"],
        numResults=10,
        promotions=[{"name": "seven", "percentPromotedItems": 100, "filterArn": one}],
    )["itemList"]

    assert [item["itemId"] for item in answer if "promotionName" in item] == ["i7"]
    assert len(answer) == 10


def test_all_mistakes_of_a_campaign_are_told_at_once(club: World, campaigns: dict[str, str]) -> None:
    version = club.api.describe_campaign(campaignArn=campaigns["popular"])["campaign"]["solutionVersionArn"]
    with refused("InvalidInputException") as refusal:
        club.api.create_campaign(
            name="wrong",
            solutionVersionArn=version,
            campaignConfig={
                "itemExplorationConfig": {"explorationWeight": "0.1"},
                "rankingInfluence": {"POPULARITY": 0.5},
            },
        )
    assert "itemExplorationConfig is not supported" in refusal.message
    assert "rankingInfluence is not supported" in refusal.message


def test_a_filter_of_another_dataset_group_is_refused(club: World, campaigns: dict[str, str]) -> None:
    other = f"{club.name}-other"
    group = club.api.create_dataset_group(name=other)["datasetGroupArn"]
    club.wait("dataset_group", group)
    schema = club.api.describe_dataset(datasetArn=club.dataset("ITEMS"))["dataset"]["schemaArn"]
    dataset = club.api.create_dataset(
        name=other, schemaArn=schema, datasetGroupArn=group, datasetType="ITEMS"
    )["datasetArn"]
    club.wait("dataset", dataset)
    made = club.api.create_filter(
        name=other, datasetGroupArn=group, filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("Crime")'
    )["filterArn"]
    club.wait("filter", made)

    with refused("InvalidInputException", "another dataset group"):
        club.recommended(campaigns["for-you"], userId="u3", filterArn=made)


def test_an_event_that_names_an_answer_keeps_what_the_answer_showed(
    club: World, campaigns: dict[str, str]
) -> None:
    tracking = club.tracker()
    answer = club.runtime.get_recommendations(campaignArn=campaigns["exploring"], userId="u3", numResults=3)
    named = {"recommendationId": answer["recommendationId"]}

    club.put(tracking, "implicit", "i1", **named)
    club.put(tracking, "explicit", "i1", impression=["i1", "i2"], **named)
    club.put(tracking, "foreign", "i1", recommendationId="RID-of-another-service")

    with closing(sqlite3.connect(club.server.data / "state.db")) as store:
        kept = dict(store.execute("SELECT user, impression FROM events WHERE recommendation IS NOT NULL"))
    assert kept == {
        "implicit": "|".join(item["itemId"] for item in answer["itemList"]),
        "explicit": "i1|i2",
        "foreign": None,
    }
