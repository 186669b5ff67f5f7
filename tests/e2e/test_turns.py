"""Runs that come together: on one dataset group they go one after the other, in the order of their starts."""

import json

from tests.support.deployed_stack import DeployedStack, params

from personalize_pipeline.execution import execution_name


def test_a_params_file_that_is_uploaded_twice_quickly_makes_two_runs_one_after_the_other(
    stack: DeployedStack,
):
    stack.upload_interactions("turns")
    # The first one takes some seconds longer, so that they surely meet.
    stack.refuse_next("DescribeDatasetGroup", 8)
    text = json.dumps(params("turns", solutions=[]))
    key = "turns/params.json"
    names = [execution_name(stack.bucket, key, stack.upload(key, text)) for _ in range(2)]

    runs = [stack.ended(name) for name in names]

    assert [run.status for run in runs] == ["SUCCEEDED", "SUCCEEDED"], runs
    # Who came first is for S3 to say; the other one found everything there.
    assert sorted(run.step("DatasetGroup")["did"] for run in runs) == ["created", "reused"]
    assert sorted(run.step("DatasetImport")["did"] for run in runs) == ["imported", "reused"]
    (first, second) = sorted(runs, key=lambda run: run.step("DatasetGroup")["did"])
    assert second.step("WaitForTurn")["seconds"] >= 1
    client = stack.client("stepfunctions")
    prefix = stack.pipeline_arn.replace(":stateMachine:", ":execution:")
    times = [client.describe_execution(executionArn=f"{prefix}:{run.name}") for run in (first, second)]
    assert times[0]["startDate"] <= times[1]["startDate"] <= times[0]["stopDate"]
    (group,) = (
        one
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=stack.ensure_arn)
        for one in page["executions"]
        if one["name"].startswith(f"{second.name}-DatasetGroup-")
    )
    assert group["startDate"] >= times[0]["stopDate"]
    assert sorted(stack.executions("turns")) == sorted(names)


def test_runs_on_different_dataset_groups_do_not_wait(stack: DeployedStack):
    for folder in ("left", "right"):
        stack.upload_interactions(folder)
    names = []
    for folder in ("left", "right"):
        key = f"{folder}/params.json"
        version = stack.upload(key, json.dumps(params(folder, solutions=[])))
        names.append(execution_name(stack.bucket, key, version))

    runs = [stack.ended(name) for name in names]

    assert [run.status for run in runs] == ["SUCCEEDED", "SUCCEEDED"], runs
    assert [run.step("WaitForTurn")["arn"].rpartition(":")[2] for run in runs] == names
    assert max(run.step("WaitForTurn")["seconds"] for run in runs) <= 5
