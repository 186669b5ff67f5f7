"""Solutions, versions and campaigns over several runs: what is compared, what moves, what is refused."""

from __future__ import annotations

import pytest
from tests.integration.resources.cloud import ACCOUNT, ITEMS, avro

from personalize_pipeline.resources.campaign import Campaign
from personalize_pipeline.resources.dataset import Dataset
from personalize_pipeline.resources.filter import Filter
from personalize_pipeline.resources.schema import Schema
from personalize_pipeline.resources.solution import Solution
from personalize_pipeline.resources.solution_version import SolutionVersion


@pytest.fixture(scope="module")
def movies(cloud):
    """A dataset group with data and a solution; the solution is trained in each test."""
    group, _ = cloud.filled("serving")
    return {"datasetGroupArn": group, "solutionArn": cloud.solution("serving", group)}


def test_a_version_is_compared_with_the_one_before(cloud, movies):
    context = movies | {"solutionArn": cloud.solution("compared", movies["datasetGroupArn"])}
    first = cloud.loop(SolutionVersion, {"trainingMode": "FULL", "train": True}, run="a", **context)
    cloud.later()
    second = cloud.loop(SolutionVersion, {"trainingMode": "FULL", "train": True}, run="b", **context)

    assert "previous" not in first["details"]
    assert first["details"]["recipeArn"].endswith("/aws-popularity-count")
    assert "normalized_discounted_cumulative_gain_at_25" in first["details"]["metrics"]
    assert first["details"]["trainingHours"] >= 0
    assert second["details"]["previous"] == {"arn": first["arn"], "metrics": first["details"]["metrics"]}


def test_a_campaign_moves_to_the_version_of_the_run(cloud, movies):
    versions = [
        cloud.loop(SolutionVersion, {"trainingMode": "FULL", "train": True}, run=run, **movies)["arn"]
        for run in ("c", "d")
    ]
    want = {"name": "moving", "campaignConfig": {"enableMetadataWithRecommendations": False}}

    dids = []
    for version in versions:
        step = cloud.loop(Campaign, want, **movies, solutionVersionArn=version)
        dids.append(step["did"])
        shown = cloud.personalize.describe_campaign(campaignArn=step["arn"])["campaign"]
        assert shown["solutionVersionArn"] == step["details"]["solutionVersionArn"] == version
        cloud.later()

    assert dids == ["created", "updated"]


def test_a_campaign_that_follows_its_solution_is_not_moved_by_us_and_can_be_told_to_stop(cloud, movies):
    follows = {"name": "following", "campaignConfig": {"syncWithLatestSolutionVersion": True}}
    first = cloud.loop(SolutionVersion, {"trainingMode": "FULL", "train": True}, run="e", **movies)["arn"]
    made = cloud.loop(Campaign, follows, **movies, solutionVersionArn=first)
    cloud.later()
    second = cloud.loop(SolutionVersion, {"trainingMode": "FULL", "train": True}, run="f", **movies)["arn"]
    cloud.until_settled("describe_campaign", campaignArn=made["arn"])
    cloud.later()

    again = cloud.loop(Campaign, follows, run="f", **movies, solutionVersionArn=second)
    cloud.later()
    stopped = cloud.loop(Campaign, {"name": "following"}, run="g", **movies, solutionVersionArn=first)

    assert (made["did"], again["did"], stopped["did"]) == ("created", "reused", "updated")
    shown = cloud.personalize.describe_campaign(campaignArn=made["arn"])["campaign"]
    assert shown["solutionVersionArn"] == first
    assert not shown["campaignConfig"]["syncWithLatestSolutionVersion"]


def test_what_the_service_refuses_is_a_failure_in_its_words(cloud, movies):
    want = {"name": "wrong", "filterExpression": "EXCLUDE ItemID WHERE Items.GENRE IN ("}

    step = cloud.turn(Filter, want, **movies)

    assert step["failed"]["error"] == "ResourceFailed"
    assert "filter/wrong: Amazon Personalize refuses it: " in step["failed"]["reason"]


def test_names_taken_by_another_dataset_group_are_noticed(cloud, movies):
    other = cloud.group("serving-other")
    want = {"name": "serving", "recipeArn": "arn:aws:personalize:::recipe/aws-popularity-count"}

    step = cloud.turn(Solution, want, datasetGroupArn=other)

    assert step["failed"]["error"] == "ResourceChanged"
    assert (
        f"datasetGroupArn: it has {ACCOUNT}:dataset-group/serving, the params file"
        in step["failed"]["reason"]
    )


def test_a_solution_takes_one_change_and_refuses_it_beside_a_fixed_one(cloud, movies):
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
    weights = [{"eventType": "watch", "weight": 1.0}, {"eventType": "click", "weight": 0.1}]
    want = {
        "name": "weighted",
        "recipeArn": recipe,
        "performAutoTraining": False,
        "solutionConfig": {"eventsConfig": {"eventParametersList": weights}},
    }
    cloud.loop(Solution, want, **movies)
    cloud.later()
    weights[1]["weight"] = 0.5

    assert cloud.loop(Solution, want, run="run-2", **movies)["did"] == "updated"
    cloud.later()
    weights[1]["weight"] = 0.7
    step = cloud.turn(Solution, want | {"eventType": "watch"}, run="run-3", **movies)
    assert step["failed"]["error"] == "ResourceChanged"
    assert "eventType: it has none, the params file says watch" in step["failed"]["reason"]


def test_interactions_cannot_move_to_another_schema(cloud, movies):
    wider = cloud.schema("serving-wider", [*ITEMS, ("X", "string")])
    want = {"name": "serving-interactions", "datasetType": "INTERACTIONS"}

    step = cloud.turn(Dataset, want, **movies, schemaArn=wider)

    assert step["failed"]["error"] == "ResourceChanged"
    assert "A dataset group has one dataset of each type." in step["failed"]["reason"]


def test_the_same_schema_in_other_words_is_the_same(cloud):
    cloud.loop(Schema, {"name": "words", "schema": avro([*ITEMS, ("YEAR", ["int", "null"])])})
    reordered = avro([("YEAR", ["null", "int"]), *reversed(ITEMS)])

    assert cloud.turn(Schema, {"name": "words", "schema": reordered}, run="run-2")["did"] == "reused"


def test_without_training_the_newest_version_is_used(cloud, movies):
    solution = cloud.solution("untrained", movies["datasetGroupArn"])
    context = movies | {"solutionArn": solution}
    want = {"trainingMode": "FULL", "train": False}
    nothing = cloud.turn(SolutionVersion, want, **context)
    cloud.trained(solution, "one")
    cloud.later()
    newest = cloud.trained(solution, "two")
    cloud.later()

    tagged = want | {"tags": [{"tagKey": "team", "tagValue": "reco"}]}
    step = cloud.turn(SolutionVersion, tagged, run="run-2", **context)

    assert cloud.personalize.list_tags_for_resource(resourceArn=newest)["tags"] == []
    assert nothing["failed"]["error"] == "ResourceFailed"
    assert "solution/untrained has no version that is ACTIVE" in nothing["failed"]["reason"]
    assert (step["done"], step["did"], step["arn"]) == (True, "reused", newest)
    assert step["details"]["metrics"]
    assert len(cloud.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]) == 2


def test_a_version_that_is_not_ready_is_not_the_newest(cloud, movies):
    solution = cloud.solution("half-trained", movies["datasetGroupArn"])
    ready = cloud.trained(solution, "one")
    cloud.later()
    cloud.personalize.create_solution_version(solutionArn=solution, name="two")

    step = cloud.turn(SolutionVersion, {"train": False}, **movies | {"solutionArn": solution})

    assert (step["done"], step["arn"]) == (True, ready)


def test_a_campaign_stays_at_the_version_of_the_file(cloud, movies):
    solution = cloud.solution("pinned", movies["datasetGroupArn"])
    first = cloud.trained(solution, "one")
    second = cloud.trained(solution, "two")
    context = movies | {"solutionArn": solution}
    pinned = {"name": "pinned", "solutionVersionArn": first}

    made = cloud.loop(Campaign, pinned, **context, solutionVersionArn=second)
    cloud.later()
    again = cloud.loop(Campaign, pinned, run="run-2", **context, solutionVersionArn="")
    cloud.later()
    freed = cloud.loop(Campaign, {"name": "pinned"}, run="run-3", **context, solutionVersionArn=second)

    assert [made["did"], again["did"], freed["did"]] == ["created", "reused", "updated"]
    served = [step["details"]["solutionVersionArn"] for step in (made, again, freed)]
    assert served == [first, first, second]


def test_a_campaign_that_personalize_moves_is_left_alone(cloud, movies):
    solution = cloud.solution("moved", movies["datasetGroupArn"])
    cloud.trained(solution, "one")
    want = {
        "name": "moved",
        "solutionVersionArn": f"{solution}/$LATEST",
        "campaignConfig": {"syncWithLatestSolutionVersion": True},
    }
    context = movies | {"solutionArn": solution, "solutionVersionArn": ""}

    made = cloud.loop(Campaign, want, **context)
    cloud.later()
    cloud.trained(solution, "two")
    cloud.until_settled("describe_campaign", campaignArn=made["arn"])
    cloud.later()
    again = cloud.turn(Campaign, want, run="run-2", **context)

    assert (made["did"], again["did"], again["done"]) == ("created", "reused", True)
    assert again["details"]["solutionVersionArn"] == f"{solution}/$LATEST"
