"""Schedules: kept in step with the params file by the deployed stack, and the runs that they start."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.command import personalize
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
    stack.upload_interactions("clock")
    hourly = {"expression": "rate(1 hour)", "datasets": ["Interactions"]}

    run = built(stack, "clock", schedules={"retrain": WEEKLY, "import": [hourly]})

    made = of(stack, "clock", "clock")
    assert sorted(made) == ["import-1", "retrain-1"]
    weekly = made["retrain-1"]
    assert weekly["ScheduleExpression"] == "cron(0 3 ? * SUN *)"
    assert weekly["ScheduleExpressionTimezone"] == "Europe/Berlin"
    target = weekly["Target"]
    assert ":function:" in target["Arn"]
    assert ":role/" in target["RoleArn"]
    assert json.loads(target["Input"]) == {
        "bucket": stack.bucket,
        "key": "clock/params.json",
        "scheduled": {
            "kind": "retrain",
            "schedule": weekly["Name"],
            "datasetGroup": "clock",
            "time": "<aws.scheduler.scheduled-time>",
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
    stack.upload_interactions("tick")
    first = built(stack, "tick", schedules={"import": {"expression": soon(25)}})
    assert first.step("Schedules")["did"] == "created"
    stack.upload("tick/Interactions/more.csv", interactions_csv(seed=1))

    run = scheduled_run(stack, "tick", "import")

    assert run.status == "SUCCEEDED", run.cause
    assert kinds(run) == ["Dataset", "DatasetGroup", "DatasetImport", "Schema"]
    assert run.step("DatasetImport")["did"] == "imported"
    assert "It was started by the schedule tick-" in run.mail.body
    assert re.fullmatch(r"tick-\w+-\w+-import-1-\d{8}T\d{6}Z", run.name)
    assert of(stack, "tick") == {}  # once is once


def test_a_retrain_is_one_chain_of_import_training_and_campaign(stack: DeployedStack):
    """UPDATE, which continues from the version that the upload trained in full."""
    stack.upload_interactions("chain")
    stack.upload("chain/batch/chain-for-you/lines.json", '{"userId": "u1"}\n')
    for_you = {
        "name": "chain-for-you",
        "recipeArn": UPDATABLE,
        "campaigns": [{"name": "chain-for-you"}],
        "batchInferenceJobs": [{}],
    }
    similar = {"name": "chain-similar", "recipeArn": "arn:aws:personalize:::recipe/aws-similar-items"}
    clocks = {
        "retrain": {"expression": soon(45), "trainingMode": "UPDATE", "solutions": ["chain-for-you"]},
        "batch": {"expression": "rate(30 days)"},
    }
    first = built(stack, "chain", solutions=[for_you, similar], schedules=clocks)
    stack.upload_interactions("chain", each=30)

    run = scheduled_run(stack, "chain", "retrain")

    assert run.status == "SUCCEEDED", run.cause
    assert run.step("DatasetImport")["did"] == "imported"
    version = run.step("SolutionVersion")  # only that of the solution that is named
    shown = stack.client("personalize").describe_solution_version(solutionVersionArn=version["arn"])
    assert shown["solutionVersion"]["trainingMode"] == "UPDATE"
    assert run.step("Campaign")["did"] == "updated"
    assert run.step("Campaign")["details"]["solutionVersionArn"] == version["arn"]
    # Batch jobs have a schedule of their own here; and schedules are not the business of scheduled runs.
    assert not {"BatchInferenceJob", "Schedules", "EventTracker"} & set(kinds(run))
    assert "retrain (solutions: chain-for-you; trainingMode: UPDATE)" in run.mail.body
    assert first.step("BatchInferenceJob")["did"] == "created"
    assert sorted(of(stack, "chain", "chain")) == ["batch-1"]


def test_a_batch_schedule_runs_the_jobs_with_the_newest_version_and_trains_nothing(stack: DeployedStack):
    stack.upload_interactions("nightly")
    stack.upload("nightly/batch/nightly-for-you/lines.json", '{"userId": "u1"}\n')
    solution = params("nightly")["solutions"][0] | {"batchInferenceJobs": [{}]}
    first = built(stack, "nightly", solutions=[solution], schedules={"batch": {"expression": soon(35)}})

    run = scheduled_run(stack, "nightly", "batch")

    assert run.status == "SUCCEEDED", run.cause
    assert "BatchInferenceJob" in kinds(run)
    assert not {"Dataset", "DatasetImport", "Campaign", "Schedules"} & set(kinds(run))
    job = run.step("BatchInferenceJob")
    assert job["did"] == "created"
    assert job["details"]["solutionVersionArn"] == first.step("SolutionVersion")["arn"]
    # What the schedule has answered last is not answered again for an upload.
    taken = built(stack, "nightly", solutions=[solution]).step("BatchInferenceJob")
    assert (taken["did"], taken["arn"]) == ("reused", job["arn"])


def test_a_scheduled_run_says_that_its_file_was_replaced_or_deleted(stack: DeployedStack):
    stack.upload_interactions("stale")
    built(stack, "stale", solutions=[], schedules={"import": {"expression": "rate(30 days)"}})
    [kept] = of(stack, "stale").values()
    client, key = stack.client("stepfunctions"), "stale/params.json"

    def start(name: str) -> Run:
        client.start_execution(stateMachineArn=stack.pipeline_arn, name=name, input=kept["Target"]["Input"])
        return stack.ended(name)

    # The new file's run fails before it gets as far as the schedules.
    stack.fail_next("dataset-import-job", "not today")
    stack.upload_interactions("stale", seed=2)
    assert stack.run("stale", params("stale", solutions=[])).status == "FAILED"
    replaced = start("stale-replaced")
    stack.client("s3").delete_object(Bucket=stack.bucket, Key=key)
    deleted = start("stale-deleted")

    for run in (replaced, deleted):
        assert run.status == "FAILED"
        assert run.steps == []
        assert kept["Name"] in run.mail.body
    assert f"s3://{stack.bucket}/{key} was replaced since" in " ".join(replaced.mail.body.split())
    assert f"s3://{stack.bucket}/{key} was deleted since" in " ".join(deleted.mail.body.split())
    assert "personalize destroy stale" in deleted.mail.body


def test_destroy_takes_the_schedules_of_the_group_and_no_others(stack: DeployedStack):
    for group in ("ends", "stays"):
        stack.upload_interactions(group)
        built(stack, group, solutions=[], schedules={"import": [{"expression": "rate(30 days)"}] * 2})
    [one, _] = of(stack, "ends").values()

    code, planned, _ = personalize(stack, "destroy", "ends", "--dry-run")
    assert code == 0
    assert [line.split()[0] for line in planned.splitlines()[1:3]] == ["Schedule", "Schedule"]
    code, out, err = personalize(stack, "destroy", "ends", "--yes")

    assert code == 0, f"{out}\n{err}"
    assert of(stack, "ends") == {}
    assert len(of(stack, "stays")) == 2
    assert f"Schedule {one['Name']}: GONE, deleted" in err
    # A run that the schedule had started before does not make the group again.
    client = stack.client("stepfunctions")
    client.start_execution(stateMachineArn=stack.pipeline_arn, name="ends-late", input=one["Target"]["Input"])
    late = stack.ended("ends-late")
    assert late.status == "FAILED"
    assert "a schedule does not make it again" in late.mail.body
