"""The published events (docs/events.md): its examples are what `ensure` and the functions send."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from tests.support.deployment import ROOT, functions, resources
from tests.support.state_machines import evaluate
from tests.unit.test_statemachine import state

from personalize_pipeline import clients, run_events
from personalize_pipeline.context import Run
from personalize_pipeline.reporting.end_event import send_end
from personalize_pipeline.reporting.mail import Ending

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
STACK = "personalize-pipeline"
ENVELOPE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


def example(name: str) -> dict[str, Any]:
    (text,) = re.findall(rf"<!-- event: {name} -->\n```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    event: dict[str, Any] = json.loads(text)
    assert event.keys() == ENVELOPE
    return event


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A queue that gets everything that our source sends."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        clients.events.cache_clear()
        queue = boto3.resource("sqs").create_queue(QueueName="events")
        events = boto3.client("events")
        events.put_rule(Name="all", EventPattern=json.dumps({"source": [run_events.SOURCE]}))
        events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": queue.attributes["QueueArn"]}])
        yield queue
        clients.events.cache_clear()


def received(queue: Any) -> dict[str, Any]:
    (message,) = queue.receive_messages()
    event: dict[str, Any] = json.loads(message.body)
    return event


def run_of(event: dict[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    account = detail["execution"].partition(":execution:")[0]
    return {
        "id": detail["run"],
        "execution": detail["execution"],
        "stateMachine": f"{account}:stateMachine:{STACK}-pipeline",
        "startTime": "2026-11-20T09:02:00.000Z",
        "datasetGroup": detail["datasetGroup"],
    }


def sent_by_ensure(name: str, event: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    given = {
        "resource": detail["resource"],
        "name": detail["name"],
        "context": {"run": run_of(event)},
        "last": last,
    }
    began = datetime.now().astimezone().timestamp() - detail["seconds"]
    context = {"Execution": {"StartTime": datetime.fromtimestamp(began).astimezone().isoformat()}}
    (entry,) = evaluate(state("ensure", name)["Arguments"], input=given, context=context)["Entries"]
    entry["Detail"]["stack"] = entry["Detail"]["stack"].replace("${StackName}", STACK)
    made: dict[str, Any] = entry
    return made


def same(entry: dict[str, Any], event: dict[str, Any]) -> None:
    detail = entry["Detail"]
    assert abs(detail.pop("seconds") - event["detail"].pop("seconds")) <= 1
    assert detail == event["detail"]
    assert entry["Resources"] == event["resources"]
    assert (entry["Source"], entry["DetailType"]) == (event["source"], event["detail-type"])


def test_a_change_of_a_resource_is_sent_as_the_page_shows():
    event = example("trained")
    last = {key: event["detail"][key] for key in ("arn", "status", "did", "details")}

    same(sent_by_ensure("ChangeEvent", event, {"done": True, **last}), event)


def test_a_failure_of_a_resource_is_sent_as_the_page_shows():
    event = example("failed")
    known = {key: event["detail"][key] for key in ("arn", "did")}

    same(
        sent_by_ensure("FailureEvent", event, {**known, "failed": event["detail"]["failure"]}),
        event,
    )


def test_a_failure_before_there_was_anything_names_no_arn():
    event = example("failed")
    entry = sent_by_ensure("FailureEvent", event, {"arn": "", "failed": event["detail"]["failure"]})

    assert entry["Resources"] == []
    assert not {"arn", "did"} & entry["Detail"].keys()


@pytest.mark.parametrize("last", [None, {"done": False, "arn": "arn:x", "did": "created"}])
def test_a_failure_keeps_what_was_known_of_the_resource(last: dict[str, Any] | None):
    given = {"resource": "Campaign"} | ({"last": last} if last else {})
    answer = {"failed": {"error": "ResourceFailed", "reason": "12"}}
    step = state("ensure", "Step")
    crash = {"Error": "KeyError", "Cause": "'x'"}

    failed = evaluate(step["Output"], input=given, result={"Payload": answer})
    crashed = evaluate(step["Catch"][0]["Output"], input=given, errorOutput=crash)

    assert failed["last"] == {**(last or {}), **answer}
    assert crashed["last"] == {**(last or {}), "failed": {"error": "KeyError", "reason": "'x'"}}
    assert step["Catch"][0]["Next"] == "FailureEvent"


def test_an_event_that_cannot_be_sent_fails_nothing():
    for name, following in (("ChangeEvent", "Result"), ("FailureEvent", "Failed")):
        one = state("ensure", name)
        (catch,) = one["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert catch["Next"] == one["Next"] == following
        assert catch["Output"] == one["Output"] == "{% $states.input %}"


def test_the_beginning_of_a_run_is_sent_as_the_page_shows(bus: Any):
    event = example("began")

    run_events.began(Run.model_validate(run_of(event)))

    sent = received(bus)
    for key in ("source", "detail-type", "resources", "detail"):
        assert sent[key] == event[key]


def test_the_end_of_a_run_is_sent_as_the_page_shows(bus: Any):
    event = example("ended")
    (failure,) = event["detail"]["failures"]
    failed = {"Error": failure["error"], "Cause": failure["reason"]}
    ending = Ending.model_validate(
        {
            "run": run_of(event) | {"datasetGroup": None},
            "datasetGroup": "movies",
            "status": "FAILED",
            "outcomes": [
                {"resource": "DatasetGroup", "name": "movies", "did": "reused"},
                {"resource": "SolutionVersion", "name": "movies-for-you", "did": "trained"},
                {"resource": "Campaign", "name": "movies-for-you", "did": "updated"},
                {"resource": "SolutionVersion", "name": "movies-alike", "failed": failed},
            ],
        }
    )

    send_end(ending, datetime.fromisoformat(event["time"]))

    sent = received(bus)
    for key in ("source", "detail-type", "resources", "detail"):
        assert sent[key] == event[key]


def test_a_bus_that_cannot_be_reached_fails_no_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    once = Config(retries={"total_max_attempts": 1})
    nobody_there = boto3.client(
        "events",
        "eu-central-1",
        endpoint_url="http://127.0.0.1:9",
        config=once,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )

    run_events.began(Run.model_validate(run_of(example("began"))), nobody_there)


def test_a_hundred_long_failures_fit_into_an_event(bus: Any):
    failed = {"error": "ResourceFailed", "reason": "x" * 30_000}
    outcomes = [{"resource": "Filter", "name": str(number), "failed": failed} for number in range(100)]
    ending = {"run": run_of(example("ended")), "status": "FAILED", "outcomes": outcomes}

    send_end(Ending.model_validate(ending), datetime.fromisoformat("2026-11-20T10:00:00Z"))

    detail = received(bus)["detail"]
    assert len(json.dumps(detail)) < 256_000
    assert detail["outcomes"] == {"failed": 100}


def test_only_who_sends_events_may_and_only_under_our_name():
    owners = {
        name
        for kind in (functions(), resources("AWS::Serverless::StateMachine"))
        for name, properties in kind.items()
        for policy in properties.get("Policies", [])
        for statement in policy["Statement"]
        if statement["Action"] == "events:PutEvents"
        and statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": run_events.SOURCE}}
        and statement["Resource"]["Fn::Sub"].endswith(":event-bus/default")
    }
    assert owners == {"Ensure", "ReadParamsFunction", "DeletionPlanFunction", "NotifyFunction"}
