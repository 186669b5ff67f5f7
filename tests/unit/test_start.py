import json
from typing import Any, cast
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from personalize_pipeline.execution import execution_name
from personalize_pipeline.start import start


@pytest.fixture
def stepfunctions(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("stepfunctions")
        arn = client.create_state_machine(
            name="pipeline",
            definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
            roleArn="arn:aws:iam::123456789012:role/r",
        )["stateMachineArn"]
        monkeypatch.setenv("PIPELINE_ARN", arn)
        yield client


def upload(key, version="v1", event="ObjectCreated:Put", **more):
    item = {"key": quote_plus(key)} | ({"versionId": version} if version else {}) | more
    return {"eventSource": "aws:s3", "eventName": event, "s3": {"bucket": {"name": "b"}, "object": item}}


def started(client):
    machine = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    return {
        item["name"]: json.loads(client.describe_execution(executionArn=item["executionArn"])["input"])
        for item in found
    }


@pytest.mark.parametrize("key", ["params.json", "movies/params.json", "my movies/größe+1/params.json"])
def test_an_upload_starts_one_run_of_exactly_this_version(stepfunctions, key):
    name = execution_name("b", key, "v1")

    assert start({"Records": [upload(key)]}) == {"started": [name], "known": []}
    assert started(stepfunctions) == {name: {"bucket": "b", "key": key, "versionId": "v1"}}


def test_a_repeated_event_starts_nothing_twice(stepfunctions):
    event = {"Records": [upload("params.json")]}
    start(event)

    assert len(started(stepfunctions)) == 1
    assert start(event)["started"] + start(event)["known"]
    assert len(started(stepfunctions)) == 1


def due(time="2026-11-20T03:00:00Z", schedule="movies-0123abcd-4567cdef-retrain-1"):
    told = {"kind": "retrain", "schedule": schedule, "datasetGroup": "movies", "time": time}
    return {"bucket": "b", "key": "movies/params.json", "scheduled": told}


def test_what_scheduler_delivers_twice_is_one_run(stepfunctions):
    name = "movies-0123abcd-4567cdef-retrain-1-20261120T030000Z"

    assert start(due()) == {"started": [name], "known": []}
    second = start(due())

    assert [*second["started"], *second["known"]] == [name]
    assert started(stepfunctions) == {name: due()}
    assert start(due("2026-11-27T03:00:00Z"))["started"] == [name.replace("1120", "1127")]
    assert len(started(stepfunctions)) == 2


def test_the_run_of_a_schedule_with_a_long_name_keeps_its_time(stepfunctions):
    [name] = start(due(schedule="x" * 64))["started"]

    assert name == "x" * 63 + "-20261120T030000Z"


def test_every_record_of_an_event_counts(stepfunctions):
    event = {"Records": [upload("a/params.json"), upload("b/params.json"), upload("a/params.json", "v2")]}

    assert len(start(event)["started"]) == 3


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, id="test event"),
        pytest.param({"Records": [upload("movies/Items/items.csv")]}, id="data"),
        pytest.param({"Records": [upload("movies/myparams.json")]}, id="name only ends like it"),
        pytest.param({"Records": [upload("params.json/other")]}, id="folder of that name"),
        pytest.param({"Records": [upload("params.json", event="ObjectRemoved:Delete")]}, id="deleted"),
    ],
)
def test_anything_else_is_left_alone(stepfunctions, event):
    assert start(event) == {"started": [], "known": []}
    assert started(stepfunctions) == {}


def test_the_name_of_the_params_file_is_a_setting(stepfunctions, monkeypatch):
    monkeypatch.setenv("PARAMS_FILE_NAME", "reco.json")

    assert start({"Records": [upload("params.json")]})["started"] == []
    assert len(start({"Records": [upload("x/reco.json")]})["started"]) == 1


def test_without_versions_each_upload_is_told_apart_by_its_sequencer(stepfunctions):
    first, second = (upload("params.json", version=None, sequencer=number) for number in ("0A", "0B"))

    assert len(start({"Records": [first, second]})["started"]) == 2
    assert set(map(str, started(stepfunctions).values())) == {"{'bucket': 'b', 'key': 'params.json'}"}


def test_one_that_cannot_be_started_does_not_stop_the_others(stepfunctions, monkeypatch):
    calls = []

    class Throttled:
        exceptions = stepfunctions.exceptions

        def start_execution(self, **arguments):
            calls.append(arguments["name"])
            if len(calls) == 1:
                raise ClientError(
                    {"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "StartExecution"
                )

    with pytest.raises(ExceptionGroup) as group:
        start(
            {"Records": [upload("a/params.json"), upload("b/params.json")]}, client=cast("Any", Throttled())
        )

    assert len(calls) == 2
    assert group.value.exceptions[0].__notes__ == ["s3://b/a/params.json was not started"]
