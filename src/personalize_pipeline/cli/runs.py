"""Runs of the pipeline, as Step Functions tells about them: which there are, and how far one is.

A run is an execution of the pipeline. Each resource in it is brought about by a nested execution of `ensure`,
whose name begins with the end of the run's name; its last look at the resource is in its history.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.exceptions import ClientError

from personalize_pipeline.cli.deployment import Deployment, is_local
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.execution import execution_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

CHILD_PREFIX = (
    50  # characters of the run's name that begin the names of its nested executions (statemachine/)
)
START_SECONDS = 90.0  # from the upload to the execution; S3 takes a second, seldom more
_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})

State = Literal["working", "done", "failed"]


@dataclass(slots=True)
class Resource:
    """One resource of a run. `status` is Personalize's word for it, `seconds` how long it took so far."""

    resource: str
    name: str
    state: State
    status: str
    did: str | None
    reason: str | None
    seconds: float
    arn: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """How far a run is. `phase` is the state that it is in before its first resource."""

    name: str
    arn: str
    status: str
    seconds: float
    phase: str
    resources: list[Resource]
    error: str | None = None
    cause: str | None = None
    mail: dict[str, str] | None = None

    @property
    def ended(self) -> bool:
        return self.status in _ENDED

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCEEDED"


class Follower:
    """Looks at one run again and again, asking only for what can have changed."""

    def __init__(self, deployment: Deployment, arn: str, client: "SFNClient | None" = None) -> None:
        self.deployment = deployment
        self.arn = arn
        self.name = arn.rpartition(":")[2]
        self._client = client or boto3.client("stepfunctions")
        self._known: dict[str, Resource] = {}  # by the nested execution's ARN

    @property
    def named(self) -> str:
        """What `personalize watch` finds it by: a run of the pipeline by its name, a deletion by its ARN."""
        return self.name if self.arn == self.deployment.execution_arn(self.name) else self.arn

    def follow(self, every: float | None = None) -> Iterator[Run]:
        """The run now, and again every few seconds until it has ended."""
        pause = every or (0.5 if is_local() else 5.0)
        while True:
            run = self.look()
            yield run
            if run.ended:
                return
            time.sleep(pause)

    def look(self) -> Run:
        """The run as it is now."""
        execution = self._client.describe_execution(executionArn=self.arn)
        self._look_at_resources(execution["startDate"])
        run = Run(
            name=self.name,
            arn=self.arn,
            status=execution["status"],
            seconds=_seconds(execution),
            phase="" if self._known else self._state(),
            resources=list(self._known.values()),
            error=execution.get("error"),
            cause=execution.get("cause"),
        )
        if run.ended:
            run.mail = self._mail()
        return run

    def _look_at_resources(self, since: datetime) -> None:
        for arn in self._children(since):
            known = self._known.get(arn)
            if known is None or known.state == "working":
                self._known[arn] = self._resource(arn)

    def _children(self, since: datetime) -> list[str]:
        """The nested executions of this run, oldest first."""
        beginning = f"{self.name[-CHILD_PREFIX:]}-"
        found: list[str] = []
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self.deployment.ensure_arn
        )
        for page in pages:  # newest first
            for one in page["executions"]:
                if one["startDate"] < since:
                    return found[::-1]
                if one["name"].startswith(beginning):
                    found.append(one["executionArn"])
        return found[::-1]

    def _resource(self, arn: str) -> Resource:
        execution = self._client.describe_execution(executionArn=arn)
        given = json.loads(execution["input"])
        last = self._last_look(arn)
        failed = execution["status"] in _ENDED - {"SUCCEEDED"}
        reason = execution.get("cause") or execution.get("error") if failed else last.get("reason")
        return Resource(
            resource=given["resource"],
            name=given["name"],
            state="failed" if failed else "done" if execution["status"] in _ENDED else "working",
            status="FAILED" if failed else last.get("status") or "...",
            did=last.get("did"),
            reason=reason,
            seconds=_seconds(execution),
            arn=last.get("arn"),
            details=last.get("details") or {},
        )

    def _last_look(self, arn: str) -> dict[str, Any]:
        """What the function of a nested execution said last; {} before its first word."""
        history = self._client.get_execution_history(
            executionArn=arn, reverseOrder=True, maxResults=20, includeExecutionData=True
        )
        for event in history["events"]:
            left = event.get("stateExitedEventDetails")
            if left and left["name"] == "Step":
                looked: dict[str, Any] = json.loads(left.get("output") or "{}").get("last") or {}
                return looked
        return {}

    def _state(self) -> str:
        """The state that the pipeline entered last."""
        history = self._client.get_execution_history(executionArn=self.arn, reverseOrder=True, maxResults=20)
        for event in history["events"]:
            if entered := event.get("stateEnteredEventDetails"):
                return entered["name"]
        return "starting"

    def _mail(self) -> dict[str, str] | None:
        """What `Notify` sent, from the end of the pipeline's history."""
        history = self._client.get_execution_history(
            executionArn=self.arn, reverseOrder=True, maxResults=50, includeExecutionData=True
        )
        for event in history["events"]:
            for text in _texts(event):
                if mail := _find_mail(json.loads(text)):
                    return mail
        return None


def named(deployment: Deployment, execution: str | None) -> str:
    """The ARN of the run that is meant: its name, its ARN, or the upload that started it; None is the newest.

    Raises:
        CommandError: there is no such run.
    """
    match execution:
        case None:
            return newest(deployment)
        case str() if execution.startswith("s3://"):
            bucket, _, key = execution.removeprefix("s3://").partition("/")
            if not bucket or not key:
                raise CommandError(f"{execution} names no file. Write it as s3://BUCKET/FOLDER/params.json")
            try:
                version = boto3.client("s3").head_object(Bucket=bucket, Key=key).get("VersionId")
            except ClientError as error:
                if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
                    raise
                raise CommandError(f"There is no {execution}.") from error
            return wait_for(deployment, execution_name(bucket, key, version))
    arn = execution if execution.startswith("arn:") else deployment.execution_arn(execution)
    client = boto3.client("stepfunctions")
    try:
        client.describe_execution(executionArn=arn)
    except client.exceptions.ExecutionDoesNotExist as error:
        raise CommandError(
            f"The pipeline {deployment.stack!r} has no run {execution!r}. The newest: personalize watch"
        ) from error
    return arn


def newest(deployment: Deployment) -> str:
    """The ARN of the run that was started last.

    Raises:
        CommandError: there was none yet.
    """
    client = boto3.client("stepfunctions")
    executions = client.list_executions(stateMachineArn=deployment.pipeline_arn, maxResults=1)["executions"]
    if not executions:
        raise CommandError(
            f"The pipeline {deployment.stack!r} has not run yet. Upload a folder: personalize run FOLDER"
        )
    return executions[0]["executionArn"]


def wait_for(deployment: Deployment, name: str) -> str:
    """The ARN of the run with this name, as soon as its upload has started it.

    Raises:
        CommandError: it did not start.
    """
    client = boto3.client("stepfunctions")
    arn = deployment.execution_arn(name)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.describe_execution(executionArn=arn)
        except client.exceptions.ExecutionDoesNotExist:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The upload started no run within {START_SECONDS:.0f} s (expected {arn}).\n"
                    f"Look at the log of the stack's `start` function, and whether the bucket "
                    f"{deployment.bucket} still notifies it."
                ) from None
            time.sleep(0.2 if is_local() else 2.0)
        else:
            return arn


def _seconds(execution: "DescribeExecutionOutputTypeDef") -> float:
    end = execution.get("stopDate") or datetime.now(UTC)
    return max(0.0, (end - execution["startDate"]).total_seconds())


def _texts(event: Any) -> Iterator[str]:
    """The JSON outputs that a history event carries."""
    for details in ("stateExitedEventDetails", "taskSucceededEventDetails"):
        if output := event.get(details, {}).get("output"):
            yield output


def _find_mail(value: Any) -> dict[str, str] | None:
    """The first object with a subject and a body, however deep the state machine put it."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("subject"), str) and isinstance(value.get("body"), str):
        return {"subject": value["subject"], "body": value["body"]}
    found = (_find_mail(inner) for inner in value.values())
    return next((mail for mail in found if mail), None)
