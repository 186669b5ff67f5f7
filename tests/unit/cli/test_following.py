"""Following a run: what Step Functions tells becomes a line per resource, and the mail.

The answers go through botocore's Stubber, which refuses what the real API could not answer. The same code
follows real runs in tests/e2e.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from personalize_pipeline.cli import following
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.runs import Follower, Resource, Run

START = datetime(2026, 1, 1, tzinfo=UTC)
STATES = "arn:aws:states:us-east-1:123456789012:"
NAME = "a-folder-with-a-rather-long-name-so-that-its-children-are-cut-params-0a1b2c3d4e5f"
DEPLOYMENT = Deployment(
    "stack", "bucket", f"{STATES}stateMachine:stack-pipeline", f"{STATES}stateMachine:stack-ensure"
)
RUN_ARN = DEPLOYMENT.execution_arn(NAME)


@pytest.fixture
def stub() -> Iterator[tuple[Follower, Stubber]]:
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        yield Follower(DEPLOYMENT, RUN_ARN, client), stubber
        stubber.assert_no_pending_responses()


def execution(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "executionArn": f"{STATES}execution:stack-ensure:{name}",
        "stateMachineArn": DEPLOYMENT.ensure_arn,
        "name": name,
        "status": status,
        "startDate": START,
        **more,
    }


def exited(state: str, output: object) -> dict[str, Any]:
    return {
        "timestamp": START,
        "type": "TaskStateExited",
        "id": 3,
        "stateExitedEventDetails": {"name": state, "output": json.dumps(output)},
    }


def answer_child(stubber: Stubber, child: dict[str, Any], last: dict[str, Any] | None) -> None:
    stubber.add_response("describe_execution", child, {"executionArn": child["executionArn"]})
    events = [exited("Step", {"last": last})] if last else []
    stubber.add_response("get_execution_history", {"events": events})


def listed(*children: dict[str, Any]) -> dict[str, Any]:
    keys = ("executionArn", "stateMachineArn", "name", "status", "startDate")
    return {"executions": [{key: child[key] for key in keys} for child in children]}


def given(resource: str, name: str) -> str:
    return json.dumps({"resource": resource, "name": name, "want": {}})


def test_a_run_is_the_nested_executions_that_carry_the_end_of_its_name(
    stub: tuple[Follower, Stubber],
) -> None:
    follower, stubber = stub
    working = execution(f"{NAME[-50:]}-Campaign-00000000", "RUNNING", input=given("Campaign", "live"))
    of_another_run = execution("other-params-0a1b2c3d4e5f-Campaign-00000000", "RUNNING")
    failed = execution(
        f"{NAME[-50:]}-Filter-00000000",
        "FAILED",
        input=given("Filter", "unseen"),
        stopDate=START + timedelta(seconds=3),
        error="ResourceFailed",
        cause="it names no field",
    )
    older = execution(f"{NAME[-50:]}-Schema-00000000", "SUCCEEDED", startDate=START - timedelta(days=1))
    stubber.add_response("describe_execution", execution(NAME, "RUNNING"), {"executionArn": RUN_ARN})
    stubber.add_response("list_executions", listed(working, of_another_run, failed, older))
    answer_child(stubber, failed, {"status": "CREATE IN_PROGRESS", "did": "created"})
    answer_child(stubber, working, {"status": "CREATE IN_PROGRESS", "did": "created", "reason": "busy"})

    run = follower.look()

    assert not run.ended
    assert [(one.resource, one.name, one.state, one.status, one.reason) for one in run.resources] == [
        ("Filter", "unseen", "failed", "FAILED", "it names no field"),
        ("Campaign", "live", "working", "CREATE IN_PROGRESS", "busy"),
    ]
    assert run.resources[0].seconds == 3


def test_what_has_ended_is_not_asked_for_again(stub: tuple[Follower, Stubber]) -> None:
    follower, stubber = stub
    done = execution(
        f"{NAME[-50:]}-Campaign-00000000",
        "SUCCEEDED",
        input=given("Campaign", "live"),
        stopDate=START + timedelta(seconds=2),
    )
    stubber.add_response("describe_execution", execution(NAME, "RUNNING"))
    stubber.add_response("list_executions", listed(done))
    answer_child(stubber, done, {"status": "ACTIVE", "did": "created", "details": {"minProvisionedTPS": 1}})
    stubber.add_response("describe_execution", execution(NAME, "RUNNING"))
    stubber.add_response("list_executions", listed(done))

    first, second = follower.look(), follower.look()

    assert first.resources == second.resources
    assert second.resources[0].details == {"minProvisionedTPS": 1}


def test_a_run_that_ended_has_the_mail_that_notify_sent(stub: tuple[Follower, Stubber]) -> None:
    follower, stubber = stub
    ended = execution(
        NAME, "FAILED", stopDate=START + timedelta(minutes=3), error="RunFailed", cause="one of three"
    )
    stubber.add_response("describe_execution", ended)
    stubber.add_response("list_executions", listed())
    stubber.add_response("get_execution_history", {"events": []})
    sent = {"mail": {"subject": "Failed: films", "body": "why", "error": "RunFailed"}}
    stubber.add_response("get_execution_history", {"events": [exited("Notify", sent)]})

    run = follower.look()

    assert (run.ended, run.succeeded, run.seconds) == (True, False, 180)
    assert (run.error, run.cause) == ("RunFailed", "one of three")
    assert run.mail == {"subject": "Failed: films", "body": "why"}


class Recorded(Follower):
    """A follower of a run that was."""

    def __init__(self, *looks: Run) -> None:
        self.name = NAME
        self._looks = looks

    def follow(self, every: float | None = None) -> Iterator[Run]:
        yield from self._looks


def look(status: str, *resources: Resource, seconds: float = 1, phase: str = "") -> Run:
    return Run(NAME, RUN_ARN, status, seconds, phase, list(resources))


def test_outside_a_terminal_every_change_is_one_line() -> None:
    building = Resource("Campaign", "live", "working", "CREATE IN_PROGRESS", "created", None, 2)
    active = Resource("Campaign", "live", "done", "ACTIVE", "created", None, 61)
    written = StringIO()

    following.show(
        Recorded(
            look("RUNNING", phase="ReadParams"),
            look("RUNNING", building, seconds=3),
            look("RUNNING", building, seconds=4),
            look("SUCCEEDED", active, seconds=3725),
        ),
        Console(file=written, width=200),
    )

    assert written.getvalue().splitlines() == [
        f"Run {NAME}",
        "     1 s  ReadParams",
        "     3 s  Campaign live: CREATE IN_PROGRESS",
        "  3725 s  Campaign live: ACTIVE, created",
        "SUCCEEDED after 1 h 02 min",
    ]


def test_in_a_terminal_the_table_shows_each_resource_with_its_time() -> None:
    trained = Resource("SolutionVersion", "for-you", "done", "ACTIVE", "trained", None, 65)
    refused = Resource("Filter", "unseen", "failed", "FAILED", None, "it names no field", 1)
    written = StringIO()

    run = following.show(
        Recorded(look("FAILED", trained, refused, seconds=70)),
        Console(file=written, width=120, force_terminal=True, color_system=None),
    )

    assert run.status == "FAILED"
    lines = [" ".join(line.split()) for line in written.getvalue().splitlines()]
    assert lines[1].endswith("SolutionVersion for-you ACTIVE, trained 65 s")
    assert "Filter unseen FAILED: it names no field 1 s" in lines
    assert "FAILED after 70 s" in lines
