"""Whatever is live is asked as an application would ask, and the mail has the answers."""

import json
from typing import Any

from tests.support.dataset_files import ACTIONS, action_interactions, csv, events
from tests.support.dataset_files import document as with_types
from tests.support.deployed_stack import DeployedStack, Run, interactions_csv, params
from tests.support.uploads import recommender, video

RECIPE = "arn:aws:personalize:::recipe/aws-"


def solution(name: str, recipe: str) -> dict[str, Any]:
    return {
        "name": name,
        "recipeArn": RECIPE + recipe,
        "campaigns": [{"name": name, "minProvisionedTPS": 1}],
    }


def answers(run: Run, name: str) -> dict[tuple[str, str | None], list[str]]:
    """By what was asked and the filter: the first of the answer."""
    details = run.step("SmokeTest", name)["details"]
    return {(one["asked"], one.get("filter")): one["first"] for one in details["answers"]}


def test_every_campaign_and_every_filter_is_tried_and_the_answers_are_in_the_mail(stack: DeployedStack):
    stack.upload_interactions("tried")
    filters = {
        "tried-unseen": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        "tried-type": "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPE)",
    }
    document = params(
        "tried",
        filters=[{"name": name, "filterExpression": text} for name, text in filters.items()],
        solutions=[
            solution("tried-users", "user-personalization-v2"),
            solution("tried-items", "similar-items"),
            solution("tried-ranking", "personalized-ranking-v2"),
        ],
    )

    run = stack.run("tried", document)

    assert run.status == "SUCCEEDED", run.cause
    users = answers(run, "campaign/tried-users")
    assert set(users) == {
        *((f"user {user}", None) for user in ("u0", "u1", "u2")),
        ("a user whom nobody knows", None),
        *(("user u0", name) for name in filters),
    }
    seen = {row.split(",")[1] for row in interactions_csv().splitlines() if row.startswith("u0,")}
    assert users["user u0", None]
    assert seen.isdisjoint(users["user u0", "tried-unseen"])
    assert set(users["user u0", "tried-type"]) <= seen
    # What the mail shows is what an application gets.
    arn = run.step("Campaign", "tried-items")["arn"]
    known = next(asked for asked, name in answers(run, "campaign/tried-items") if name is None)
    runtime = stack.client("personalize-runtime")
    now = runtime.get_recommendations(campaignArn=arn, itemId=known.removeprefix("item "), numResults=5)
    assert answers(run, "campaign/tried-items")[known, None] == [one["itemId"] for one in now["itemList"]]
    assert sorted(answers(run, "campaign/tried-ranking")["user u0", None]) == sorted(
        row.split(",")[1] for row in dict.fromkeys(interactions_csv().splitlines()[1:4])
    )
    for name in ("users", "items", "ranking"):
        assert f"campaign/tried-{name}\n" in run.mail.body
    assert ", ".join(users["user u1", None]) in run.mail.body


def test_recommenders_are_tried_too_unless_they_are_stopped(stack: DeployedStack):
    document = video(
        stack,
        "shown",
        recommender("shown-picks", "top-picks"),
        recommender("shown-like-x", "more-like-x"),
        recommender("shown-stopped", "most-popular", state="INACTIVE"),
    )

    run = stack.run("shown", document)

    assert run.status == "SUCCEEDED", run.cause
    tried = {step["name"] for step in run.steps if step["resource"] == "SmokeTest"}
    assert tried == {"recommender/shown-picks", "recommender/shown-like-x"}
    assert all(answers(run, "recommender/shown-picks").values())
    assert any(asked.startswith("item ") for asked, _ in answers(run, "recommender/shown-like-x"))


def test_actions_are_tried_with_filters_for_actions(stack: DeployedStack):
    stack.upload("acted/Interactions/1.csv", events(range(30)))
    stack.upload("acted/Actions/1.csv", csv("ACTION_ID,VALUE", (f"{one},3" for one in ACTIONS)))
    stack.upload(
        "acted/ActionInteractions/1.csv", csv("USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP", action_interactions())
    )
    given = with_types("acted", "Interactions", "Actions", "ActionInteractions")
    given["solutions"] = [solution("acted-next", "next-best-action")]
    given["filters"] = [
        {"name": "acted-some", "filterExpression": "INCLUDE ActionID WHERE Actions.VALUE >= $LEAST"},
        {"name": "acted-items", "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'},
    ]

    run = stack.run("acted", given)

    assert run.status == "SUCCEEDED", run.cause
    tried = answers(run, "campaign/acted-next")
    assert set(tried["user u0", None]) <= set(ACTIONS)
    assert tried["user u0", None]
    assert set(tried["user u0", "acted-some"]) <= set(ACTIONS)
    assert "not tried: filter acted-items: it is for ItemID, and this gives ActionID." in run.mail.body


def test_a_campaign_that_answers_nothing_fails_the_run_and_the_others_go_on(stack: DeployedStack):
    stack.upload_interactions("mute")
    document = params(
        "mute",
        solutions=[
            solution("mute-users", "user-personalization-v2"),
            solution("mute-ranking", "personalized-ranking-v2"),
        ],
    )
    stack.refuse_next("GetRecommendations", 100, "InvalidInputException")

    run = stack.run("mute", document)

    assert (run.status, run.error) == ("FAILED", "NoRecommendations")
    assert "smoke test campaign/mute-users: NoRecommendations" in run.mail.body
    assert "campaign/mute-users is live, but answers nothing at all:" in run.mail.body
    assert "user u0: InvalidInput" in run.mail.body
    assert "personalize rollback" in run.mail.body
    assert answers(run, "campaign/mute-ranking")["user u0", None]
    assert "mute-ranking" in json.dumps(run.mail.body.partition("WHAT WORKED NEVERTHELESS")[2])
