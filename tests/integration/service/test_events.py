"""PutEvents: what it takes, and that the next answer knows it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.support.world import World, refused


@pytest.fixture(scope="module")
def tracking(club: World) -> str:
    return club.tracker()


@pytest.fixture(scope="module")
def campaign(club: World, tracking: str) -> str:
    """The tracker is there before training, as in Amazon's guide."""
    return club.campaign(club.version(club.solution("aws-user-personalization-v2", "live")), "live")


def test_an_event_changes_the_next_answer(club: World, campaign: str, tracking: str) -> None:
    before = club.recommended(campaign, userId="fresh", numResults=6)

    club.put(tracking, "fresh", "i2", "i5", "i8", "i11")

    after = club.recommended(campaign, userId="fresh", numResults=6)
    assert before != after
    assert sum(int(item[1:]) % 3 == 2 for item in after) > sum(int(item[1:]) % 3 == 2 for item in before)


def test_a_session_is_known_before_its_user_is(club: World, campaign: str, tracking: str) -> None:
    before = club.recommended(campaign, userId="session-7")
    club.put(tracking, None, "i2", "i5", "i8", session="session-7")
    assert club.recommended(campaign, userId="session-7") != before


def test_events_survive_a_restart(club: World, campaign: str, tracking: str) -> None:
    club.put(tracking, "keeper", "i2", "i5", "i8")
    before = club.recommended(campaign, userId="keeper")

    club.server.stop(kill=True)
    club.server.start()

    assert club.recommended(campaign, userId="keeper") == before


def test_the_same_event_counts_once(club: World, tracking: str) -> None:
    for _ in range(2):
        club.put(tracking, "twice", "i1", eventId="the-same")
    assert rows(club, "twice") == 1


def rows(club: World, user: str) -> int:
    import sqlite3

    with sqlite3.connect(club.server.data / "state.db") as connection:
        found = connection.execute("SELECT count(*) FROM events WHERE user = ?", (user,)).fetchone()
    return int(found[0])


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"properties": "{oops"}, "Error parsing properties json"),
        ({"properties": "[1]"}, "Error parsing properties json"),
        ({"properties": json.dumps({"eventValue": "five"})}, "eventValue"),
        ({"properties": '{"eventValue": NaN}'}, "Error parsing properties json"),
        ({"properties": '{"eventValue": 1e999}'}, "eventValue: is too large"),
        ({"properties": '{"eventValue": 1' + 400 * "0" + "}"}, "eventValue: is too large"),
        ({"eventValue": 1e300}, "eventValue: is too large"),
        ({"itemId": None, "properties": '{"itemId": ["i1"]}'}, "itemId"),
        ({"itemId": None, "properties": '{"itemId": "' + 300 * "i" + '"}'}, "itemId"),
        ({"properties": '{"itemId": "\\ud800"}'}, "Error parsing properties json"),
    ],
    ids=[
        "no JSON",
        "no object",
        "wrong type",
        "not a number",
        "infinite",
        "400 digits",
        "no float of 32 bits",
        "a list as item",
        "a long item",
        "half a character",
    ],
)
def test_what_cannot_be_read_is_refused(club: World, tracking: str, event: dict[str, Any], text: str) -> None:
    known = {"eventType": "watch", "itemId": "i1", "sentAt": int(time.time()), **event}
    present = {key: value for key, value in known.items() if value is not None}
    with refused("InvalidInputException", text):
        club.events.put_events(trackingId=tracking, sessionId="s", userId="u1", eventList=[present])


def test_properties_may_hold_the_item(club: World, campaign: str, tracking: str) -> None:
    properties = json.dumps({"itemId": "i2", "eventValue": 4, "unknownToTheSchema": True})
    club.events.put_events(
        trackingId=tracking,
        sessionId="s",
        userId="old-client",
        eventList=[{"eventType": "watch", "sentAt": int(time.time()), "properties": properties}],
    )
    assert rows(club, "old-client") == 1


def test_an_unknown_tracking_id_is_refused(club: World) -> None:
    with refused("InvalidInputException", "does not exist"):
        club.put("00000000-0000-0000-0000-000000000000", "u1", "i1")


def test_training_learns_from_events_and_joined_sessions(club: World, tracking: str) -> None:
    for number in range(12):
        club.put(tracking, None, "brand-new", session=f"late-{number}", kind="click")
        club.put(tracking, f"joined{number}", "brand-new", "i1", session=f"late-{number}", kind="click")

    version = club.version(club.solution("aws-popularity-count", "joined"))
    campaign = club.campaign(version, "joined")

    assert "brand-new" in club.recommended(campaign, numResults=40)
