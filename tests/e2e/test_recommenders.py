"""Recommenders of a domain dataset group on the deployed pipeline, from the upload to the mail."""

import shlex
from typing import Any

from tests.support.deployed_stack import DeployedStack
from tests.support.uploads import recommender, video


def test_a_domain_group_is_served_by_recommenders_and_the_mail_says_how_to_ask_them(stack: DeployedStack):
    picks = recommender(
        "club-picks",
        "top-picks",
        recommenderConfig={"itemExplorationConfig": {"explorationWeight": "0.2"}},
        tags=[{"tagKey": "team", "tagValue": "reco"}],
    )

    run = stack.run("club", video(stack, "club", picks, recommender("club-like-x", "more-like-x")))

    assert run.status == "SUCCEEDED", run.cause
    assert run.did() | {("WaitForTurn", "club"): ""} == {
        ("WaitForTurn", "club"): "",
        ("DatasetGroup", "club"): "created",
        ("Schema", "club-interactions-schema"): "created",
        ("Schema", "club-items-schema"): "created",
        ("Dataset", "club-interactions"): "created",
        ("Dataset", "club-items"): "created",
        ("DatasetImport", "club-interactions"): "imported",
        ("DatasetImport", "club-items"): "imported",
        ("Recommender", "club-picks"): "created",
        ("Recommender", "club-like-x"): "created",
    }
    assert run.mail.subject == "Succeeded: club"
    assert "club is live." in run.mail.body
    assert "How good is club-picks" in run.mail.body
    commands = [
        shlex.split(line)
        for line in run.mail.body.splitlines()
        if "get-recommendations --recommender-arn" in line
    ]
    assert len(commands) == 2
    for words in commands:
        asked = dict(zip(words[3::2], words[4::2], strict=True))
        answer = stack.client("personalize-runtime").get_recommendations(
            recommenderArn=asked["--recommender-arn"],
            **{
                key: asked[option]
                for key, option in (("userId", "--user-id"), ("itemId", "--item-id"))
                if option in asked
            },
        )
        assert answer["itemList"]
    tags = stack.client("personalize").list_tags_for_resource(
        resourceArn=run.step("Recommender", "club-picks")["arn"]
    )
    assert picks["tags"][0] in tags["tags"]


def test_a_recommender_is_configured_anew_stopped_and_started_again(stack: DeployedStack):
    def ran(**more: Any) -> tuple[str, dict[str, Any]]:
        run = stack.run("moods", video(stack, "moods", recommender("moods-picks", "top-picks", **more)))
        assert run.status == "SUCCEEDED", run.cause
        step = run.step("Recommender")
        shown = stack.client("personalize").describe_recommender(recommenderArn=step["arn"])["recommender"]
        bodies.append(run.mail.body)
        return step["did"], shown

    bodies: list[str] = []
    two = {"minRecommendationRequestsPerSecond": 2}
    three = {"minRecommendationRequestsPerSecond": 3}

    assert ran()[0] == "created"
    assert ran()[0] == "reused"
    did, shown = ran(state="INACTIVE", recommenderConfig=two)  # both at once
    assert (did, shown["status"]) == ("updated", "INACTIVE")
    assert shown["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 2
    assert ran(state="INACTIVE", recommenderConfig=three)[0] == "reused"
    assert "is stopped" in bodies[-1]
    assert "when it is started: recommenderConfig.minRecommendationRequestsPerSecond" in bodies[-1]
    did, shown = ran(recommenderConfig=three)
    assert (did, shown["status"]) == ("updated", "ACTIVE")
    assert shown["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 3


def test_a_recommender_that_fails_does_not_stop_its_siblings(stack: DeployedStack):
    document = video(
        stack,
        "half",
        recommender("half-picks", "top-picks"),
        recommender("half-popular", "most-popular"),
        solutions=[
            {
                "name": "half-similar",
                "recipeArn": "arn:aws:personalize:::recipe/aws-similar-items",
                "campaigns": [{"name": "half-similar", "minProvisionedTPS": 1}],
            }
        ],
    )
    stack.fail_next("recommender", reason="12 interactions")

    run = stack.run("half", document)

    assert run.status == "FAILED"
    did = run.did()
    assert sorted([did["Recommender", "half-picks"], did["Recommender", "half-popular"]]) == [
        "created",
        "failed",
    ]
    assert did["Campaign", "half-similar"] == "created"
    assert "recommender half-" in run.mail.subject
    assert "12 interactions" in run.mail.body
    assert "aws personalize delete-recommender --recommender-arn" in run.mail.body


def test_a_group_that_fails_leaves_its_recommenders_out(stack: DeployedStack):
    stack.fail_next("dataset", reason="no luck")

    run = stack.run("unlucky", video(stack, "unlucky", recommender("unlucky-picks", "top-picks")))

    assert run.status == "FAILED"
    assert "Not begun because of this" in run.mail.body
    assert "recommender unlucky-picks" in run.mail.body
