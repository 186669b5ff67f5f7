"""Schedules: kept in step with the params file by the deployed stack, and the runs that they start."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.deployed_stack import DeployedStack, Run, interactions_csv, params

from personalize_pipeline.scheduling.names import of_dataset_group, of_params_file

UPDATABLE = "arn:aws:personalize:::recipe/aws-user-personalization"
SCHEDULED_SECONDS = 60.0
WEEKLY = {"expression": "cron(0 3 ? * SUN *)", "timezone": "Europe/Berlin", "trainingMode": "FULL"}


def of(stack: DeployedStack, group: str, folder: str | None = None) -> dict[str, dict[str, Any]]:
    """The schedules of a dataset group, or of one params file of it, by what their names end with."""
    prefix = (
        of_dataset_group(group)
        if folder is None
        else of_params_file(group, stack.bucket, f"{folder}/params.json")
    )
    client = stack.client("scheduler")
    found = client.list_schedules(GroupName=stack.NAME, NamePrefix=prefix)["Schedules"]
    return {
        one["Name"].removeprefix(prefix): client.get_schedule(GroupName=stack.NAME, Name=one["Name"])
        for one in found
    }


def built(stack: DeployedStack, group: str, folder: str | None = None, **changes: Any) -> Run:
    run = stack.run(folder or group, params(group, **changes))
    assert run.status == "SUCCEEDED", run.cause
    return run


def soon(seconds: float = 5) -> str:
    return f"at({(datetime.now(UTC) + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')})"


def scheduled_run(stack: DeployedStack, group: str, kind: str) -> Run:
    """The run that a schedule started, when it has ended."""
    client = stack.client("stepfunctions")
    deadline = time.monotonic() + SCHEDULED_SECONDS
    while True:
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=stack.pipeline_arn)
        for one in (one for page in pages for one in page["executions"]):
            given = json.loads(client.describe_execution(executionArn=one["executionArn"])["input"])
            about = given.get("scheduled", {})
            if (about.get("datasetGroup"), about.get("kind")) == (group, kind):
                return stack.ended(one["name"])
        assert time.monotonic() < deadline, f"no {kind} of {group} was started"
        time.sleep(0.5)


def kinds(run: Run) -> list[str]:
    return sorted({step["resource"] for step in run.steps} - {"WaitForTurn"})


def test_schedules_are_created_changed_and_removed_with_the_file(stack: DeployedStack):
    stack.upload("clock/Interactions/interactions.csv", interactions_csv())
    hourly = {"expression": "rate(1 hour)", "datasets": ["Interactions"]}

    run = built(stack, "clock", schedules={"retrain": WEEKLY, "import": [hourly]})

    made = of(stack, "clock", "clock")
    assert sorted(made) == ["import-1", "retrain-1"]
    weekly = made["retrain-1"]
    assert weekly["ScheduleExpression"] == "cron(0 3 ? * SUN *)"
    assert weekly["ScheduleExpressionTimezone"] == "Europe/Berlin"
    target = weekly["Target"]
    assert target["Arn"] == stack.pipeline_arn
    assert ":role/" in target["RoleArn"]
    assert json.loads(target["Input"]) == {
        "bucket": stack.bucket,
        "key": "clock/params.json",
        "scheduled": {
            "kind": "retrain",
            "schedule": weekly["Name"],
            "datasetGroup": "clock",
            "trainingMode": "FULL",
        },
    }
    assert target["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs:")
    # A rate does not fire at once, right after the run that made it, but an interval later.
    assert made["import-1"]["StartDate"] > datetime.now(UTC) + timedelta(minutes=55)
    assert run.step("Schedules")["did"] == "created"
    assert "When it runs by itself" in run.mail.body
    assert "T03:00:00+0" in run.mail.body

    again = built(stack, "clock", schedules={"retrain": [WEEKLY], "import": hourly})
    assert again.step("Schedules")["did"] == "reused"
    assert of(stack, "clock", "clock")["import-1"]["StartDate"] == made["import-1"]["StartDate"]

    later = {**WEEKLY, "expression": "cron(0 4 ? * SUN *)", "state": "DISABLED"}
    changed = built(stack, "clock", schedules={"retrain": later})
    assert changed.step("Schedules")["did"] == "updated"
    [(name, shown)] = of(stack, "clock").items()
    assert (name.partition("-")[2], shown["ScheduleExpression"], shown["State"]) == (
        "retrain-1", "cron(0 4 ? * SUN *)", "DISABLED",
    )  # fmt: skip
    assert "deleted" in changed.mail.body

    # Another file for the same group has schedules of its own.
    built(stack, "clock", "elsewhere", schedules={"retrain": WEEKLY}, datasets={
        "Interactions": params("clock")["datasets"]["Interactions"]
        | {"dataLocation": f"s3://{stack.bucket}/clock/Interactions/"}
    })  # fmt: skip
    assert len(of(stack, "clock")) == 2
    gone = built(stack, "clock")
    assert gone.step("Schedules")["did"] == "updated"
    assert sorted(of(stack, "clock", "elsewhere")) == ["retrain-1"]
    assert of(stack, "clock", "clock") == {}


def test_a_schedule_starts_an_import_and_nothing_else(stack: DeployedStack):
    stack.upload("tick/Interactions/interactions.csv", interactions_csv())
    first = built(stack, "tick", schedules={"import": {"expression": soon(25)}})
    assert first.step("Schedules")["did"] == "created"
    stack.upload("tick/Interactions/more.csv", interactions_csv(seed=1))

    run = scheduled_run(stack, "tick", "import")

    assert run.status == "SUCCEEDED", run.cause
    assert kinds(run) == ["Dataset", "DatasetGroup", "DatasetImport", "Schema"]
    assert run.step("DatasetImport")["did"] == "imported"
    assert "It was started by the schedule tick-" in run.mail.body
    assert of(stack, "tick") == {}  # once is once
