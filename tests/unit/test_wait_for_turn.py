import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from personalize_pipeline import clients, wait_for_turn

# moto runs nothing: its executions stay RUNNING.
FOREVER = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


@pytest.fixture
def pipeline(monkeypatch):
    """Starts executions of a pipeline whose runs never end by themselves."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    wait_for_turn._dataset_group.cache_clear()
    with mock_aws():
        for make in (clients.stepfunctions, clients.s3):
            make.cache_clear()
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(
            name="pipeline", definition=FOREVER, roleArn="arn:aws:iam::123456789012:role/r"
        )["stateMachineArn"]
        monkeypatch.setenv("PIPELINE_ARN", machine)
        deletes = client.create_state_machine(
            name="delete", definition=FOREVER, roleArn="arn:aws:iam::123456789012:role/r"
        )["stateMachineArn"]
        monkeypatch.setenv("DELETE_ARN", deletes)

        def start(name, given, *, of=machine):
            of = deletes if of == "delete" else of
            return client.start_execution(stateMachineArn=of, name=name, input=json.dumps(given))

        yield start
        for make in (clients.stepfunctions, clients.s3):
            make.cache_clear()


def movies(group="movies"):
    return {"datasetGroup": {"name": group}}


def turn(execution, group="movies"):
    run = {
        "id": execution["executionArn"].rpartition(":")[2],
        "execution": execution["executionArn"],
        "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline",
        "startTime": execution["startDate"].isoformat(),
    }
    event = {"want": {"datasetGroup": group}, "context": {"run": run, "startedAt": run["startTime"]}}
    return wait_for_turn.wait_for_turn(event)


def test_alone_it_is_ones_turn(pipeline):
    step = turn(pipeline("one", movies()))

    assert (step["done"], step["name"], step["did"]) == (True, "movies", None)


def test_the_second_waits_for_the_first_and_not_the_other_way_round(pipeline):
    first, second = pipeline("first", movies()), pipeline("second", movies())

    step = turn(second)

    assert (step["done"], step["status"], step["arn"]) == (False, "WAITING", first["executionArn"])
    assert step["reason"] == "run first on dataset group movies is still going"
    assert step["waitSeconds"] >= 1
    assert turn(first)["done"]


def test_runs_and_deletions_wait_for_each_other(pipeline):
    first = pipeline("first", movies())
    second = pipeline("films-destroy-1", {**movies(), "data": True}, of="delete")
    third = pipeline("third", movies())

    assert turn(second)["arn"] == first["executionArn"]
    boto3.client("stepfunctions").stop_execution(executionArn=first["executionArn"])
    assert turn(second)["done"]
    assert turn(third)["arn"] == second["executionArn"]
    assert turn(pipeline("other", movies("books")), group="books")["done"]


def test_the_third_waits_for_the_first_of_all(pipeline):
    first, _, third = (pipeline(name, movies()) for name in ("z-first", "second", "a-third"))

    assert turn(third)["arn"] == first["executionArn"]


def test_a_run_that_is_not_listed_yet_waits_for_the_list(pipeline):
    now = datetime.now(UTC)
    arn = "arn:aws:states:us-east-1:123456789012:execution:pipeline:x"
    unlisted = {"executionArn": arn, "startDate": now}

    step = turn(unlisted)

    assert (step["done"], step["status"]) == (False, "WAITING")
    assert "does not list this run yet" in step["reason"]
    assert turn(unlisted | {"startDate": now - timedelta(minutes=2)})["done"]


def test_two_runs_of_the_same_moment_do_not_wait_for_each_other(pipeline, monkeypatch):
    now = datetime.now(UTC)
    arn = "arn:aws:states:us-east-1:123456789012:execution:pipeline:"
    runs = {arn + name: {"executionArn": arn + name, "name": name, "startDate": now} for name in ("a", "b")}
    monkeypatch.setattr(wait_for_turn, "_running", lambda: runs)
    monkeypatch.setattr(wait_for_turn, "_dataset_group", lambda _: "movies")

    assert turn(runs[arn + "a"])["done"]
    assert turn(runs[arn + "b"])["arn"] == arn + "a"


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("InternalServerException", 500)], ids=str
)
def test_a_busy_moment_of_step_functions_is_waited_for(pipeline, monkeypatch, code, status):
    def refuse():
        answer: Any = {"Error": {"Code": code, "Message": "no"}}
        answer["ResponseMetadata"] = {"HTTPStatusCode": status}
        raise ClientError(answer, "ListExecutions")

    execution = pipeline("one", movies())
    monkeypatch.setattr(wait_for_turn, "_running", refuse)

    step = turn(execution)

    assert (step["done"], step["reason"]) == (False, f"{code.removesuffix('Exception')}: no")


def test_runs_on_other_dataset_groups_are_no_reason_to_wait(pipeline):
    pipeline("first", movies("books"))

    assert turn(pipeline("second", movies()))["done"]


def test_a_run_that_has_ended_is_no_reason_to_wait(pipeline):
    first, second = pipeline("first", movies()), pipeline("second", movies())
    boto3.client("stepfunctions").stop_execution(executionArn=first["executionArn"])

    assert turn(second)["done"]


def test_what_others_work_on_is_read_from_their_params_file(pipeline):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="input")
    s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="input", Key="params.json", Body=json.dumps(movies()))["VersionId"]
    s3.put_object(Bucket="input", Key="params.json", Body=json.dumps(movies("books")))
    first = pipeline("first", {"bucket": "input", "key": "params.json", "versionId": version})

    assert turn(pipeline("second", movies()))["arn"] == first["executionArn"]
    assert turn(pipeline("third", movies("books")), group="books")["done"]


@pytest.mark.parametrize(
    "given",
    [{"bucket": "input", "key": "params.json"}, {"datasetGroup": 5}, ["x"]],
    ids=["gone", "bad", "list"],
)
def test_a_run_that_cannot_be_read_ends_by_itself(pipeline, given):
    boto3.client("s3").create_bucket(Bucket="input")
    pipeline("first", given)

    assert turn(pipeline("second", movies()))["done"]
