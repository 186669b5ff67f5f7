"""Events on EventBridge, as a rule of docs/events.md receives them, with IAM enforced."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.deployed_stack import DeployedStack, params
from tests.support.documents import ROOT

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
FAILURES, CAMPAIGNS = re.findall(r"<!-- rule -->\n```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OURS = '{"source": ["personalize-pipeline"]}'
SECONDS = 10.0


class Listener:
    """Rules on the default bus, each with a queue of its own."""

    def __init__(self, stack: DeployedStack) -> None:
        self._events, self._sqs = stack.client("events"), stack.client("sqs")
        self._queues: dict[str, str] = {}

    def listen(self, name: str, pattern: str) -> None:
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        rule = self._events.put_rule(Name=name, EventPattern=pattern)["RuleArn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        self._queues[name] = url

    def of_run(self, name: str, run: str) -> list[dict[str, Any]]:
        """The details of the events of a run, up to the one that ends it if this is among them."""
        details: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(
                QueueUrl=self._queues[name], MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._queues[name], ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                assert event["source"] == "personalize-pipeline"
                if event["detail"]["run"] == run:
                    details.append(event["detail"])
            if details and not answer.get("Messages"):
                break
        return details

    def stop(self) -> None:
        for name, url in self._queues.items():
            self._events.remove_targets(Rule=name, Ids=["queue"])
            self._events.delete_rule(Name=name)
            self._sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def listener(stack: DeployedStack) -> Iterator[Listener]:
    listener = Listener(stack)
    yield listener
    listener.stop()


def runs(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in details if "resource" not in one]


def changes(details: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return sorted((one["resource"], one["name"], one["did"]) for one in details if "resource" in one)


def test_events_tell_every_change_of_a_resource_and_of_the_run(stack: DeployedStack, listener: Listener):
    listener.listen("all", OURS)
    listener.listen("campaigns", CAMPAIGNS)
    stack.upload_interactions("told")

    run = stack.run("told", params("told"))

    assert run.status == "SUCCEEDED", run.cause
    details = listener.of_run("all", run.name)
    assert changes(details) == sorted(
        (step["resource"], step["name"], step["did"])
        for step in run.steps
        if step.get("did") not in (None, "reused")
    )
    assert {resource for resource, _, _ in changes(details)} >= {
        "DatasetGroup", "Schema", "Dataset", "DatasetImport", "Solution", "SolutionVersion", "Campaign",
    }  # fmt: skip
    for one in details:
        assert (one["stack"], one["datasetGroup"]) == (stack.NAME, "told")
        assert one["execution"].endswith(f":{run.name}")
    (version,) = (one for one in details if one.get("resource") == "SolutionVersion")
    assert version["details"]["metrics"] == run.step("SolutionVersion")["details"]["metrics"]
    assert version["seconds"] >= 0
    began, ended = runs(details)
    assert (began["status"], ended["status"]) == ("RUNNING", "SUCCEEDED")
    assert ended["outcomes"]["created"] >= 5
    (campaign,) = listener.of_run("campaigns", run.name)
    assert (campaign["resource"], campaign["arn"]) == ("Campaign", run.step("Campaign")["arn"])

    again = stack.run("told", params("told", solutions=[]))

    details = listener.of_run("all", again.name)
    assert changes(details) == []  # nothing changed, so nothing is told of resources
    assert [one["status"] for one in runs(details)] == ["RUNNING", "SUCCEEDED"]


def test_events_tell_failures_and_why(stack: DeployedStack, listener: Listener):
    listener.listen("failures", FAILURES)
    stack.upload_interactions("untold")
    stack.fail_next("solution-version", "the machine caught fire")

    run = stack.run("untold", params("untold"))

    version, ended = listener.of_run("failures", run.name)
    assert (version["resource"], version["name"]) == ("SolutionVersion", "untold-for-you")
    assert version["failure"]["error"] == "ResourceFailed"
    assert "the machine caught fire" in version["failure"]["reason"]
    assert (version["did"], ended["status"]) == ("trained", "FAILED")
    assert "the machine caught fire" in ended["failures"][0]["reason"]
    assert ended["outcomes"]["failed"] == 1


def test_events_tell_a_deletion(stack: DeployedStack, listener: Listener):
    stack.upload_interactions("fallen")
    stack.run("fallen", params("fallen"))
    listener.listen("deletion", OURS)
    client = stack.client("stepfunctions")
    asked = json.dumps({"datasetGroup": {"name": "fallen"}})

    arn = client.start_execution(stateMachineArn=stack.delete_arn, name="fallen-goes", input=asked)
    while client.describe_execution(executionArn=arn["executionArn"])["status"] == "RUNNING":
        time.sleep(0.2)

    details = listener.of_run("deletion", "fallen-goes")
    assert {did for _, _, did in changes(details)} == {"deleted"}
    assert {resource for resource, _, _ in changes(details)} == {
        "Campaign", "Solution", "Dataset", "DatasetGroup", "Schema",
    }  # fmt: skip
    assert {one["datasetGroup"] for one in details} == {"fallen"}
    assert [(one["stateMachine"], one["status"]) for one in runs(details)] == [
        ("delete", "RUNNING"),
        ("delete", "SUCCEEDED"),
    ]
