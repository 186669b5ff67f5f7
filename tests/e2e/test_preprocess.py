"""Preprocessing: a Glue job before the imports, on MiniStack's Glue, which really runs Python shell jobs."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.support import prepared
from tests.support.deployed_stack import DeployedStack, params

JOB = "prepare-events"


def events(users: int = 40, each: int = 30, seed: int = 0) -> str:
    """Segment's track events, one per line."""
    chance = random.Random(seed)
    lines = []
    for user in range(users):
        for visit in range(each):
            item = 2 * chance.randrange(20) + user % 2
            event = {
                "type": "track",
                "userId": f"u{user}",
                "event": "Product Viewed",
                "timestamp": f"2026-01-{1 + visit % 28:02}T{user % 24:02}:00:00.000Z",
                "properties": {"product_id": f"p{item}", "category": f"c{item % 3}", "price": item + 0.5},
            }
            lines.append(json.dumps(event))
    return "\n".join(lines) + "\n"


def with_job(**arguments: str) -> dict[str, Any]:
    schema = {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "EVENT_TYPE", "type": "string"},
            {"name": "EVENT_VALUE", "type": ["null", "float"]},
            {"name": "TIMESTAMP", "type": "long"},
        ],
        "version": "1.0",
    }
    given = {f"--{name}": value for name, value in arguments.items()}
    return params(
        "raw",
        datasets={"Interactions": {"name": "raw-interactions", "schema": schema}},
        preprocess={"jobName": JOB, "arguments": given},
        solutions=[],
    )


@pytest.fixture
def job(stack: DeployedStack) -> Iterator[dict[str, str]]:
    """A job in Glue; gives the arguments that MiniStack's Glue hands to its script as variables."""
    key = "scripts/prepared.py"
    stack.upload(key, Path(prepared.__file__).read_text(encoding="utf-8"))
    glue = stack.client("glue")
    script = {"Name": "pythonshell", "ScriptLocation": f"s3://{stack.bucket}/{key}"}
    role = "arn:aws:iam::000000000000:role/glue"
    glue.create_job(Name=JOB, Role=role, Command=script)
    here = {"PYTHONPATH": str(Path(boto3.__file__).parents[1])}
    yield here | {name: value for name, value in stack.variables.items() if name.startswith("AWS_")}
    glue.delete_job(JobName=JOB)


def test_a_glue_job_makes_the_data_that_is_imported(stack: DeployedStack, job: dict[str, str]):
    stack.upload("raw/raw/events.json", events())

    run = stack.run("raw", with_job(**job))

    assert run.status == "SUCCEEDED", run.cause
    imported = run.step("DatasetImport")
    assert imported["did"] == "imported"
    made = stack.client("s3").get_object(Bucket=stack.bucket, Key="raw/Interactions/rows.csv")["Body"].read()
    assert len(made.decode().splitlines()) == 1 + 40 * 30
    (ran,) = stack.client("glue").get_job_runs(JobName=JOB)["JobRuns"]
    assert ran["JobRunState"] == "SUCCEEDED"
    assert ran["Arguments"]["--bucket"] == stack.bucket
    assert ran["Arguments"]["--prefix"] == "raw/"
    assert ran["Arguments"]["--run"] == run.name
    body = " ".join(run.mail.body.split())
    plan, costs = body[: body.index("What was done")], body[body.index("What it costs on AWS") :]
    assert f"start Glue job {JOB} unknown" in plan
    assert "import import raw-interactions unknown what the Glue job makes" in plan
    assert f"Glue job {JOB}: AWS Glue bills it by DPU-hours" in costs
    assert "less than $0.01 import raw-interactions" in costs
    assert "the CSV files were not checked before the run: the Glue job makes them." in " ".join(
        run.mail.body.split()
    )


def test_what_the_job_made_out_of_the_same_raw_data_is_not_made_or_imported_again(
    stack: DeployedStack, job: dict[str, str]
):
    stack.upload("raw/raw/2026/events.json", events())
    first = stack.run("raw", with_job(**job))

    second = stack.run("raw", with_job(**job))
    stack.upload("raw/raw/2027/events.json", events(seed=1))
    third = stack.run("raw", with_job(**job))

    assert [run.status for run in (first, second, third)] == ["SUCCEEDED"] * 3
    made = second.step("Preprocess")
    assert (made["did"], second.did()["DatasetImport", "raw-interactions"]) == ("reused", "reused")
    body = " ".join(second.mail.body.split())
    assert "Nothing to do: everything is as the params file wants it." in body
    assert third.step("DatasetImport")["did"] == "imported"
    runs = stack.client("glue").get_job_runs(JobName=JOB)["JobRuns"]
    assert [run["Arguments"]["--run"] for run in runs] in (
        [first.name, third.name],
        [third.name, first.name],
    )


def test_a_glue_job_that_does_not_exist_ends_the_run_with_what_to_do(stack: DeployedStack):
    run = stack.run("raw", with_job())

    assert run.status == "FAILED"
    body = " ".join(run.mail.body.split())
    assert f"There is no Glue job {JOB} in this account and region." in body


def test_a_glue_job_that_fails_ends_the_run_before_the_imports_with_its_message(
    stack: DeployedStack, job: dict[str, str]
):
    run = stack.run("rawless", with_job(**job))  # nothing is in rawless/raw/

    assert run.status == "FAILED"
    assert {step["resource"] for step in run.steps} == {"WaitForTurn", "Preprocess"}
    body = " ".join(run.mail.body.split())
    assert f"of Glue job {JOB} ended as FAILED" in body
    assert f"there is nothing in s3://{stack.bucket}/rawless/raw/" in body
    assert "dataset group raw" in body  # among what was not begun
    assert stack.client("personalize").list_dataset_groups()["datasetGroups"] == []


def test_a_spark_job_that_the_local_aws_cannot_run_is_not_taken_for_done(stack: DeployedStack):
    glue = stack.client("glue")
    script = {"Name": "glueetl", "ScriptLocation": f"s3://{stack.bucket}/scripts/prepare.py"}
    glue.create_job(Name=JOB, Role="arn:aws:iam::000000000000:role/glue", Command=script, GlueVersion="5.0")
    try:
        run = stack.run("raw", with_job())
    finally:
        glue.delete_job(JobName=JOB)

    assert run.status == "FAILED"
    assert "is a Spark job, and the local AWS runs these only with Docker" in " ".join(run.mail.body.split())


def test_a_job_that_the_stack_may_not_start_is_refused_before_anything(stack: DeployedStack):
    run = stack.run("raw", with_job() | {"preprocess": {"jobName": "drop-all-tables"}})

    assert (run.status, run.error, run.steps) == ("FAILED", "ParamsInvalid", [])
    assert "may start prepare-* only, not drop-all-tables" in run.mail.body
