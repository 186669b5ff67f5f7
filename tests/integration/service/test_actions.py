"""Next-best-action: from the datasets of actions to GetActionRecommendations."""

from __future__ import annotations

import io
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import World, column, interactions, refused, schema, users

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

ACTIONS = 12
DAY = 86_400
NOW = int(time.time())
SCHEMAS = {
    "ACTIONS": schema(
        "Actions",
        column("ACTION_ID"),
        column("KIND", categorical=True),
        column("COST", "int"),
        column("ACTION_EXPIRATION_TIMESTAMP", ["long", "null"]),
        column("REPEAT_FREQUENCY", ["long", "null"]),
    ),
    "ACTION_INTERACTIONS": schema(
        "ActionInteractions",
        column("USER_ID"),
        column("ACTION_ID"),
        column("EVENT_TYPE"),
        column("TIMESTAMP", "long"),
    ),
}


def actions() -> str:
    """Half of them are letters, half are calls; a10 has expired, a11 may be repeated after a week."""
    rows = [
        f"a{n},{'call' if n % 2 else 'letter'},{n},{NOW - DAY if n == 10 else ''},{7 if n == 11 else ''}"
        for n in range(ACTIONS)
    ]
    return "ACTION_ID,KIND,COST,ACTION_EXPIRATION_TIMESTAMP,REPEAT_FREQUENCY\n" + "\n".join(rows) + "\n"


def action_interactions() -> str:
    """Users with a paid plan (the even ones) take letters, the others calls."""
    chance = random.Random(1)
    out = io.StringIO("USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\n")
    out.seek(0, io.SEEK_END)
    for user in range(40):
        for number in range(30):
            action = chance.randrange(ACTIONS - 2)
            when = NOW - 35 * DAY + number * DAY
            likes = action % 2 == user % 2
            taken = chance.random() < (0.7 if likes else 0.05)
            out.write(f"u{user},a{action},{'TAKEN' if taken else 'Not Taken'},{when}\n")
    return out.getvalue()


@pytest.fixture(scope="module")
def office(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "office")
    world.make_group()
    for kind in ("INTERACTIONS", "USERS"):
        world.make_dataset(kind)
    for kind, document in SCHEMAS.items():
        world.make_dataset(kind, document)
    for kind, content in (
        ("INTERACTIONS", interactions()),
        ("USERS", users()),
        ("ACTIONS", actions()),
        ("ACTION_INTERACTIONS", action_interactions()),
    ):
        world.load(kind, content)
    return world


@pytest.fixture(scope="module")
def campaign(office: World) -> str:
    return office.campaign(office.version(office.solution("aws-next-best-action")), "actions")


def recommended(office: World, campaign: str, **asked: Any) -> list[str]:
    answer = office.runtime.get_action_recommendations(campaignArn=campaign, **asked)
    assert answer["recommendationId"].startswith("RID-")
    assert all(0 <= action["score"] <= 1 for action in answer["actionList"])
    return [action["actionId"] for action in answer["actionList"]]


def test_a_user_gets_what_people_like_him_take(office: World, campaign: str) -> None:
    paid, free = (recommended(office, campaign, userId=user) for user in ("u2", "u3"))

    assert len(paid) == len(free) == 5
    assert sum(int(action[1:]) % 2 == 0 for action in paid) >= 3
    assert sum(int(action[1:]) % 2 == 1 for action in free) >= 3


def test_an_expired_action_is_never_recommended(office: World, campaign: str) -> None:
    found = recommended(office, campaign, userId="u2", numResults=100)

    assert "a10" not in found
    assert set(found) <= {f"a{n}" for n in range(ACTIONS)}
    assert recommended(office, campaign, userId="nobody")


def test_filters_choose_actions_by_their_columns_and_by_what_the_user_did(
    office: World, campaign: str
) -> None:
    cheap = office.filter("INCLUDE ActionID WHERE Actions.COST < $MOST", "cheap")
    refused_ones = office.filter(
        'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")', "refused"
    )
    calls = office.filter(
        'EXCLUDE ActionID WHERE Actions.KIND IN ("letter") IF CurrentUser.PLAN = "free"', "calls"
    )
    asked = {"userId": "u3", "numResults": 100}

    found = recommended(office, campaign, **asked, filterArn=cheap, filterValues={"MOST": "4"})
    assert set(found) == {"a0", "a1", "a2", "a3"}
    with refused("InvalidInputException", "MOST"):
        recommended(office, campaign, **asked, filterArn=cheap)
    no = {
        row.split(",")[1]
        for row in action_interactions().splitlines()
        if row.startswith("u3,") and "Not" in row
    }
    assert no
    assert not no & set(recommended(office, campaign, **asked, filterArn=refused_ones))
    assert all(int(a[1:]) % 2 == 1 for a in recommended(office, campaign, **asked, filterArn=calls))


def test_what_a_user_did_counts_in_the_next_answer(office: World, campaign: str) -> None:
    seen = office.filter('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("*")', "seen")
    tracking = office.api.describe_dataset(datasetArn=office.dataset("ACTION_INTERACTIONS"))["dataset"][
        "trackingId"
    ]
    asked = {"userId": "newcomer", "numResults": 100}
    before = recommended(office, campaign, **asked)
    assert "a11" in before

    office.events.put_action_interactions(
        trackingId=tracking,
        actionInteractions=[
            {
                "actionId": action,
                "userId": "newcomer",
                "sessionId": "s",
                "timestamp": int(time.time()),
                "eventType": "Taken",
            }
            for action in ("a11", "a2")
        ],
    )

    after = recommended(office, campaign, **asked)
    assert "a11" not in after  # it may be repeated after a week
    assert "a2" in after
    assert "a2" not in recommended(office, campaign, **asked, filterArn=seen)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({}, "userId: required"),
        ({"userId": "u1", "numResults": 101}, "at most 100"),
    ],
    ids=["no user", "too many"],
)
def test_a_request_that_cannot_be_answered_is_refused(
    office: World, campaign: str, asked: dict[str, Any], text: str
) -> None:
    with refused("InvalidInputException", text):
        recommended(office, campaign, **asked)


def test_each_operation_is_for_its_recipes(office: World, campaign: str) -> None:
    items = office.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', "watched")
    with refused("InvalidInputException", "Use GetActionRecommendations"):
        office.recommended(campaign, userId="u1")
    with refused("InvalidInputException", "Use GetActionRecommendations"):
        office.runtime.get_personalized_ranking(campaignArn=campaign, userId="u1", inputList=["i1"])
    with refused("InvalidInputException", "not for ActionID"):
        recommended(office, campaign, userId="u1", filterArn=items)
    with refused("ResourceNotFoundException"):
        recommended(office, campaign + "x", userId="u1")
    with refused("InvalidInputException", "campaignArn"):
        office.runtime.get_action_recommendations(userId="u1")
    with refused("InvalidInputException", "no metadata"):
        office.api.create_campaign(
            name="office-metadata",
            solutionVersionArn=office.api.describe_campaign(campaignArn=campaign)["campaign"][
                "solutionVersionArn"
            ],
            campaignConfig={"enableMetadataWithRecommendations": True},
        )


def test_its_metrics_are_those_of_actions(office: World, campaign: str) -> None:
    version = office.api.describe_campaign(campaignArn=campaign)["campaign"]["solutionVersionArn"]
    metrics = office.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert "coverage" in metrics
    assert "mean_reciprocal_rank_at_25" not in metrics
