"""PutItems, PutUsers, PutActions, PutActionInteractions: what they take, and who knows it then."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.world import SCHEMAS, World, column, eventually, items, refused, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

ACTIONS = schema(
    "Actions",
    column("ACTION_ID"),
    column("VALUE", ["long", "null"]),
    column("CHANNEL", categorical=True),
)
ACTION_INTERACTIONS = schema(
    "ActionInteractions",
    column("USER_ID"),
    column("ACTION_ID"),
    column("EVENT_TYPE"),
    column("TIMESTAMP", "long"),
    column("DEVICE", ["string", "null"], categorical=True),
)


@pytest.fixture(scope="module")
def campaign(club: World) -> str:
    return club.campaign(
        club.version(club.solution("aws-user-personalization-v2", "records")),
        "records",
        campaignConfig={"enableMetadataWithRecommendations": True},
    )


def film(item: str, **properties: Any) -> dict[str, Any]:
    return {"itemId": item, "properties": json.dumps({"genre": "Comedy", "price": 1.5, **properties})}


def titles(club: World, campaign: str) -> dict[str, str | None]:
    answer = club.runtime.get_recommendations(
        campaignArn=campaign, userId="u1", numResults=30, metadataColumns={"ITEMS": ["TITLE"]}
    )
    return {one["itemId"]: one.get("metadata", {}).get("TITLE") for one in answer["itemList"]}


def test_an_item_that_was_put_is_known_to_metadata_and_filters(club: World, campaign: str) -> None:
    western = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Western")', "western")
    assert club.recommended(campaign, userId="u1", filterArn=western) == []

    club.events.put_items(
        datasetArn=club.dataset("ITEMS"), items=[film("i4", genre="Western|Short", title="Put")]
    )

    eventually(lambda: club.recommended(campaign, userId="u1", filterArn=western) == ["i4"])
    assert "Put" in titles(club, campaign).values()


def test_a_record_replaces_the_whole_record_of_its_id(club: World, campaign: str) -> None:
    club.events.put_items(datasetArn=club.dataset("ITEMS"), items=[film("i7", title="With a title")])
    eventually(lambda: "With a title" in titles(club, campaign).values())

    club.events.put_items(datasetArn=club.dataset("ITEMS"), items=[film("i7")])

    eventually(lambda: "With a title" not in titles(club, campaign).values())


def test_a_user_who_was_put_is_known_to_filters_of_the_current_user(club: World, campaign: str) -> None:
    old = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Drama") IF CurrentUser.AGE > 200', "old")

    def allowed() -> int:
        return len(club.recommended(campaign, userId="methuselah", filterArn=old))

    before = allowed()
    club.events.put_users(
        datasetArn=club.dataset("USERS"),
        users=[{"userId": "methuselah", "properties": json.dumps({"plan": "free", "age": 969})}],
    )

    eventually(lambda: allowed() != before)
    assert allowed() > 0


def test_what_was_put_survives_a_kill_and_a_full_import(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(), s3, "kept")
    world.fill()
    world.events.put_items(datasetArn=world.dataset("ITEMS"), items=[film("new", title="Kept")])
    world.events.put_items(
        datasetArn=world.dataset("ITEMS"), items=[film("i1", title="Older than the import")]
    )
    world.server.stop(kill=True)
    world.server.start()

    world.load("ITEMS", items(), job="again")  # has i1, but not the new one
    world.put(world.tracker(), "u1", "new", "new", "new")
    campaign = world.campaign(
        world.version(world.solution("aws-user-personalization-v2")),
        "kept",
        campaignConfig={"enableMetadataWithRecommendations": True},
    )

    found = titles(world, campaign)
    assert found["new"] == "Kept"
    assert found["i1"] == "Film 1"


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ("{oops", "items[1]: Error parsing properties json"),
        ("[1]", "items[1]: Error parsing properties json"),
        ('{"genre": "Crime", "price": "cheap"}', 'items[1]: properties: PRICE: "cheap" must be a number'),
        ('{"genre": null, "price": 1}', "items[1]: properties: GENRE: null is not allowed"),
        ('{"price": 1}', "items[1]: properties: GENRE is missing, and the schema does not allow null"),
        (
            json.dumps({"genre": 1001 * "g", "price": 1}),
            "Length cannot be more than 1000 characters for GENRE",
        ),
        (None, "items[1]: properties: GENRE is missing"),
    ],
    ids=["no JSON", "no object", "wrong type", "null", "left out", "too long", "no properties"],
)
def test_a_bad_record_keeps_the_whole_call_out(club: World, properties: str | None, text: str) -> None:
    bad = {"itemId": "bad"} if properties is None else {"itemId": "bad", "properties": properties}
    with refused("InvalidInputException", text):
        club.events.put_items(datasetArn=club.dataset("ITEMS"), items=[film("good"), bad])
    assert records(club, "good") == 0


def records(club: World, key: str) -> int:
    with sqlite3.connect(club.server.data / "state.db") as connection:
        found = connection.execute("SELECT count(*) FROM records WHERE key = ?", (key,)).fetchone()
    return int(found[0])


def test_unknown_properties_are_dropped(club: World) -> None:
    club.events.put_items(datasetArn=club.dataset("ITEMS"), items=[film("odd", unknownToTheSchema=[1])])
    assert records(club, "odd") == 1


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        pytest.param(
            lambda club: club.events.put_items(
                datasetArn=club.dataset("ITEMS").replace("club", "none"), items=[film("i1")]
            ),
            404,
            "ResourceNotFoundException",
            id="unknown dataset",
        ),
        pytest.param(
            lambda club: club.events.put_items(datasetArn=club.dataset("USERS"), items=[film("i1")]),
            400,
            "InvalidInputException",
            id="dataset of another type",
        ),
        pytest.param(
            lambda club: club.events.put_items(
                datasetArn=club.dataset("ITEMS"), items=[film(f"i{n}") for n in range(11)]
            ),
            400,
            "InvalidInputException",
            id="eleven records",
        ),
        pytest.param(
            lambda club: club.events.put_users(
                datasetArn=club.dataset("USERS"), users=[{"userId": "u1", "properties": " " * 24_001}]
            ),
            400,
            "InvalidInputException",
            id="24,001 characters",
        ),
        pytest.param(
            lambda club: club.events.put_action_interactions(
                trackingId="none",
                actionInteractions=[
                    {"actionId": "a", "sessionId": "s", "eventType": "Viewed", "timestamp": 1_700_000_000}
                ],
            ),
            404,
            "ResourceNotFoundException",
            id="unknown tracking ID",
        ),
    ],
)
def test_what_is_refused_has_its_status_and_type(
    club: World, call: Callable[[World], object], status: int, code: str
) -> None:
    with pytest.raises(ClientError) as error:
        call(club)
    found = error.value.response
    assert (found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Code"]) == (status, code)


def test_a_dataset_that_is_being_made_takes_no_records(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local("--durations", "realistic/1000"), s3, "busy")
    world.api.create_dataset_group(name=world.name)
    made = world.api.create_schema(name="busy", schema=SCHEMAS["ITEMS"])["schemaArn"]
    world.wait("dataset_group", world.group)
    world.clock(running=False)
    world.api.create_dataset(name="busy", schemaArn=made, datasetGroupArn=world.group, datasetType="ITEMS")

    with pytest.raises(ClientError) as error:
        world.events.put_items(datasetArn=world.dataset("ITEMS"), items=[film("i1")])
    found = error.value.response
    assert found["Error"]["Code"] == "ResourceInUseException"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.fixture(scope="module")
def actions(club: World) -> str:
    """Actions and Action interactions in the club's group; the tracking ID of the latter."""
    club.make_dataset("ACTIONS", ACTIONS)
    arn = club.make_dataset("ACTION_INTERACTIONS", ACTION_INTERACTIONS)
    tracking: str = club.api.describe_dataset(datasetArn=arn)["dataset"]["trackingId"]
    return tracking


def test_actions_and_what_users_did_with_them_are_kept(club: World, actions: str) -> None:
    club.events.put_actions(
        datasetArn=club.dataset("ACTIONS"),
        actions=[{"actionId": "call", "properties": '{"channel": "phone", "value": 7}'}],
    )
    did = {"actionId": "call", "userId": "u1", "sessionId": "s", "timestamp": int(time.time())}
    club.events.put_action_interactions(
        trackingId=actions,
        actionInteractions=[
            {**did, "eventType": "Taken", "eventId": "1", "properties": '{"device": "phone"}'},
            {**did, "eventType": "Not Taken", "eventId": "1"},
            {**did, "eventType": "viewed", "impression": ["call", "mail"], "recommendationId": "RID-1"},
        ],
    )

    assert records(club, "call") == 1
    with sqlite3.connect(club.server.data / "state.db") as connection:
        rows = connection.execute(
            "SELECT user, item, type, impression, recommendation, columns FROM events WHERE item = 'call'"
        ).fetchall()
    assert rows == [
        ("u1", "call", "Taken", None, None, '{"DEVICE": "phone"}'),
        ("u1", "call", "viewed", "call|mail", "RID-1", None),
    ]


def test_an_action_interaction_of_another_kind_is_refused(club: World, actions: str) -> None:
    did = {"actionId": "call", "userId": "u1", "sessionId": "s", "timestamp": int(time.time())}
    with refused("InvalidInputException", "'Clicked' must be Taken, Not Taken or Viewed"):
        club.events.put_action_interactions(
            trackingId=actions, actionInteractions=[{**did, "eventType": "Clicked"}]
        )
