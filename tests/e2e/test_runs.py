"""Runs of the deployed pipeline, from the upload to the mail. Each test has a dataset group of its own."""

import json
from typing import Any

import pytest
from tests.support.deployed_stack import INTERACTIONS_SCHEMA, DeployedStack, params

SIMILAR = "arn:aws:personalize:::recipe/aws-similar-items"
RANKING = "arn:aws:personalize:::recipe/aws-personalized-ranking-v2"
FOR_YOU = "arn:aws:personalize:::recipe/aws-user-personalization-v2"


def test_the_first_run_ends_with_a_live_campaign_and_a_mail(stack: DeployedStack):
    stack.upload_interactions("first")
    document = params(
        "first",
        eventTracker={"name": "first-events"},
        filters=[
            {
                "name": "first-unseen",
                "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
            }
        ],
    )

    run = stack.run("first", document)

    assert run.status == "SUCCEEDED", run.cause
    assert run.did() == {
        ("WaitForTurn", "first"): run.step("WaitForTurn").get("did"),
        ("DatasetGroup", "first"): "created",
        ("Schema", run.step("Schema")["name"]): "created",
        ("Dataset", "first-interactions"): "created",
        ("DatasetImport", "first-interactions"): "imported",
        ("EventTracker", "first-events"): "created",
        ("Filter", "first-unseen"): "created",
        ("Solution", "first-for-you"): "created",
        ("SolutionVersion", "first-for-you"): "trained",
        ("Campaign", "first-for-you"): "created",
    }
    assert run.mail.subject.startswith("Succeeded: first")
    for part in (stack.arn("campaign/first-for-you"), "normalized_discounted_cumulative_gain_at_25"):
        assert part in run.mail.body
    answer = stack.client("personalize-runtime").get_recommendations(
        campaignArn=stack.arn("campaign/first-for-you"), userId="u2", numResults=10
    )
    even = [item["itemId"] for item in answer["itemList"] if int(item["itemId"][1:]) % 2 == 0]
    assert len(answer["itemList"]) == 10
    assert len(even) >= 8  # the taste of u2


def test_a_second_run_retrains_on_changed_data_and_moves_the_campaign(stack: DeployedStack):
    stack.upload_interactions("again")
    first = stack.run("again", params("again"))
    stack.upload_interactions("again", seed=1)

    second = stack.run("again", params("again"))

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    did = {resource: what for (resource, _), what in second.did().items()}
    assert did | {"WaitForTurn": None} == {
        "WaitForTurn": None,
        "DatasetGroup": "reused",
        "Schema": "reused",
        "Dataset": "reused",
        "DatasetImport": "imported",
        "Solution": "reused",
        "SolutionVersion": "trained",
        "Campaign": "updated",
    }
    versions = [run.step("SolutionVersion")["arn"] for run in (first, second)]
    personalize = stack.client("personalize")
    campaign = personalize.describe_campaign(campaignArn=stack.arn("campaign/again-for-you"))["campaign"]
    assert campaign["solutionVersionArn"] == versions[1] != versions[0]
    solution = second.step("Solution")["arn"]
    assert len(personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]) == 2
    assert len(personalize.list_campaigns(solutionArn=solution)["campaigns"]) == 1
    group = second.step("DatasetGroup")["arn"]
    assert len(personalize.list_datasets(datasetGroupArn=group)["datasets"]) == 1


def test_unchanged_data_is_not_imported_again(stack: DeployedStack):
    stack.upload_interactions("same")
    first = stack.run("same", params("same"))

    second = stack.run("same", params("same"))

    assert second.status == "SUCCEEDED", second.cause
    assert second.step("DatasetImport")["did"] == "reused"
    assert second.step("DatasetImport")["arn"] == first.step("DatasetImport")["arn"]


def test_seven_mistakes_are_one_mail_and_nothing_is_created(stack: DeployedStack):
    document = params(
        "wrong",
        solutions=[
            {"name": "bad name!", "recipeArm": FOR_YOU},
            {
                "name": "wrong-for-you",
                "recipeArn": "arn:aws:personalize:::recipe/aws-user-personalisation",
                "campaigns": [{"name": "wrong-for-you", "minProvisionedTPS": 0}],
            },
        ],
        filters=[
            {"name": "wrong-filter", "filterExpression": "EXCLUDE ItemID WHERE Interactions.NOTHING IN (1)"}
        ],
        datasetGroups={"name": "twice"},
    )
    document["datasets"]["Interactions"]["schema"] = {
        **INTERACTIONS_SCHEMA,
        "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}],
    }

    run = stack.run("wrong", document)

    assert (run.status, run.error) == ("FAILED", "ParamsInvalid")
    assert run.mail.subject.startswith("Failed: wrong")
    for place in (
        "datasetGroups",
        "TIMESTAMP",
        "solutions[0].name",
        "recipeArm",
        "aws-user-personalisation",
        "minProvisionedTPS",
        "filters[0]",
    ):
        assert place in run.mail.body
        assert place in run.cause
    assert run.steps == []
    groups = stack.client("personalize").list_dataset_groups()["datasetGroups"]
    assert "wrong" not in {group["name"] for group in groups}


def test_a_file_that_is_no_json_is_a_mail_too(stack: DeployedStack):
    run = stack.run("broken", '{"datasetGroup": {"name": "broken"')

    assert (run.status, run.error) == ("FAILED", "ParamsInvalid")
    assert run.mail.subject.startswith("Failed")


def test_too_few_interactions_are_told_before_anything_is_begun(stack: DeployedStack):
    stack.upload_interactions("few", users=30, each=20)

    run = stack.run("few", params("few"))

    assert (run.status, run.error, run.steps) == ("FAILED", "DataInvalid", [])
    assert "600 interactions; Amazon Personalize takes 1,000 or more" in " ".join(run.mail.body.split())


def test_too_few_users_end_as_failed_with_the_reason_of_personalize(stack: DeployedStack):
    stack.upload_interactions("little", users=20, each=60)

    run = stack.run("little", params("little"))

    assert (run.status, run.error) == ("FAILED", "ResourceFailed"), run.cause
    assert "25 users" in run.step("SolutionVersion")["failed"]
    assert run.mail.subject.startswith("Failed: little")
    assert "25 users" in run.mail.body
    assert "Campaign" not in {step["resource"] for step in run.steps}


def test_one_of_three_solutions_fails_and_the_others_are_live(stack: DeployedStack):
    stack.upload_interactions("three")
    solutions: list[dict[str, Any]] = [
        {
            "name": f"three-{name}",
            "recipeArn": recipe,
            "campaigns": [{"name": f"three-{name}", "minProvisionedTPS": 1}],
        }
        for name, recipe in (("for-you", FOR_YOU), ("similar", SIMILAR), ("ranking", RANKING))
    ]
    stack.fail_next("solution-version", "the machine caught fire")

    run = stack.run("three", params("three", solutions=solutions))

    assert (run.status, run.error) == ("FAILED", "ResourceFailed")
    assert "the machine caught fire" in run.mail.body
    assert "the machine caught fire" in run.cause
    (broken,) = (step["name"] for step in run.steps if "failed" in step)
    alive = {solution["name"] for solution in solutions} - {broken}
    assert {step["name"] for step in run.steps if step["resource"] == "Campaign"} == alive
    personalize = stack.client("personalize")
    for name in alive:
        campaign = personalize.describe_campaign(campaignArn=stack.arn(f"campaign/{name}"))["campaign"]
        assert campaign["status"] == "ACTIVE"
        assert name in run.cause


def test_the_same_s3_event_twice_starts_one_run(stack: DeployedStack):
    stack.upload_interactions("twice")
    run = stack.run("twice", params("twice", solutions=[]))
    version = stack.client("s3").head_object(Bucket=stack.bucket, Key="twice/params.json")["VersionId"]
    event = {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": stack.bucket},
                    "object": {"key": "twice/params.json", "versionId": version},
                },
            }
        ]
    }
    functions = stack.client("lambda").get_paginator("list_functions").paginate()
    (start,) = (
        function["FunctionName"]
        for page in functions
        for function in page["Functions"]
        if "-StartFunction-" in function["FunctionName"]
    )

    answer = stack.client("lambda").invoke(FunctionName=start, Payload=json.dumps(event).encode())

    assert "FunctionError" not in answer
    assert stack.executions("twice") == [run.name]


def test_a_campaign_that_cannot_be_updated_fails_and_keeps_serving(stack: DeployedStack):
    stack.upload_interactions("stuck")
    first = stack.run("stuck", params("stuck"))
    stack.upload_interactions("stuck", seed=1)
    stack.fail_next("campaign", "no capacity for the new version")

    second = stack.run("stuck", params("stuck"))

    assert (first.status, second.status) == ("SUCCEEDED", "FAILED")
    assert "no capacity for the new version" in second.mail.body
    campaign = stack.client("personalize").describe_campaign(campaignArn=stack.arn("campaign/stuck-for-you"))[
        "campaign"
    ]
    assert campaign["solutionVersionArn"] == first.step("SolutionVersion")["arn"]


def test_a_run_can_be_started_by_hand_with_the_document_itself(stack: DeployedStack):
    stack.upload_interactions("by-hand")
    location = {"dataLocation": f"s3://{stack.bucket}/by-hand/Interactions/"}
    document = params("by-hand", solutions=[])
    document["datasets"]["Interactions"] |= location
    client = stack.client("stepfunctions")
    started = client.start_execution(stateMachineArn=stack.pipeline_arn, input=json.dumps(document))

    run = stack.ended(started["executionArn"].rpartition(":")[2])

    assert run.status == "SUCCEEDED", run.cause
    assert run.step("DatasetImport")["did"] == "imported"


USERS_SCHEMA = {
    "type": "record",
    "name": "Users",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "GENDER", "type": "string", "categorical": True},
        {"name": "AGE", "type": "int"},
    ],
    "version": "1.0",
}


def test_a_file_of_the_old_kind_with_perform_auto_ml_deploys_the_best_candidate(stack: DeployedStack):
    stack.upload_interactions("old")
    rows = [f"u{user},{'MF'[user % 2]},{20 + user % 40}" for user in range(60)]
    stack.upload("old/Users/users.csv", "\n".join(["USER_ID,GENDER,AGE", *rows]) + "\n")
    document = {
        "datasetGroup": {"name": "DatasetGroup"},
        "datasets": {
            "Interactions": {"name": "InteractionsDataset", "schema": INTERACTIONS_SCHEMA},
            "Users": {"name": "UsersDataset", "schema": USERS_SCHEMA},
        },
        "solution": {"name": "Solution", "performAutoML": True},
        "campaign": {"name": "Campaign", "minProvisionedTPS": 1},
    }

    run = stack.run("old", document)

    assert run.status == "SUCCEEDED", run.cause
    assert "performAutoML" in run.mail.body
    trained = [step for step in run.steps if step["resource"] == "SolutionVersion"]
    assert len(trained) >= 2
    gain = "normalized_discounted_cumulative_gain_at_25"
    best = max(trained, key=lambda step: step["details"]["metrics"][gain])
    campaign = stack.client("personalize").describe_campaign(campaignArn=stack.arn("campaign/Campaign"))[
        "campaign"
    ]
    assert campaign["solutionVersionArn"] == best["arn"]


@pytest.mark.parametrize("key", ["notparams.json", "folder/params.json.bak"])
def test_other_files_start_nothing(stack: DeployedStack, key: str):
    before = stack.client("stepfunctions").list_executions(stateMachineArn=stack.pipeline_arn)["executions"]
    stack.upload(key, "{}")
    run = stack.run(key.partition(".")[0].replace("/", "-"), "[]")  # something that is surely noticed later
    after = stack.client("stepfunctions").list_executions(stateMachineArn=stack.pipeline_arn)["executions"]
    assert {one["name"] for one in after} - {one["name"] for one in before} == {run.name}
