"""Schedules: what the params file asks for is there, as it says; what it no longer asks for is gone."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError
from pydantic import Field

from personalize_pipeline import clients
from personalize_pipeline.context import Did, Message, StepInput
from personalize_pipeline.errors import PermissionMissing, QuotaExceeded, ResourceFailed
from personalize_pipeline.params.checks.schedules import moment
from personalize_pipeline.resources.resource import sentence
from personalize_pipeline.scheduling.names import existing, of_params_file, schedule_name
from personalize_pipeline.step import NO_ANSWER, wait_out, waiting_step
from personalize_rules.schedule_expressions import At, Rate, parse
from personalize_rules.timezones import time_zone

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""Scheduler puts the time in its place for which it was due: the same if it delivers twice."""

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_REFUSED = frozenset({"ResourceNotFoundException", "ValidationException"})
# A run that could not be started for an hour is not started in the middle of the day instead.
_RETRIES = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20}


class Wanted(Message):
    """One schedule, as the plan has it."""

    kind: Literal["import", "retrain", "batch"]
    number: int
    expression: str
    timezone: str
    state: Literal["ENABLED", "DISABLED"]
    start_date: str | None = None
    end_date: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class WantedSchedules(Message):
    """All schedules of a params file."""

    name: str
    """The dataset group."""
    bucket: str
    key: str
    schedules: tuple[Wanted, ...] = ()

    def name_of(self, wanted: Wanted) -> str:
        """The name of one of them in Scheduler."""
        return schedule_name(self.name, self.bucket, self.key, wanted.kind, wanted.number)

    def input_of(self, wanted: Wanted) -> dict[str, Any]:
        """What its runs are started with."""
        told = {
            "kind": wanted.kind,
            "schedule": self.name_of(wanted),
            "datasetGroup": self.name,
            "time": SCHEDULED_TIME,
        }
        return {"bucket": self.bucket, "key": self.key, "scheduled": told | wanted.options}


def schedules(event: Mapping[str, Any], client: "EventBridgeSchedulerClient | None" = None) -> dict[str, Any]:
    """Create, change and remove schedules. Follows the step contract; `want` is `WantedSchedules`.

    Raises:
        ResourceFailed: Scheduler refuses one.
        QuotaExceeded: the account may have no more.
        PermissionMissing: this function may not do it.
    """
    given = StepInput.parse(event)
    want, now = WantedSchedules.model_validate(given.want), datetime.now(UTC)
    step = waiting_step(given.context, _group_arn(given.context.run.execution), want.name, now)
    try:
        shown = _bring_about(client or clients.scheduler(), want, now)
    except NO_ANSWER as error:
        return wait_out(error, step, given.context.last, now).output()
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in _REFUSED:
            raise ResourceFailed(
                f"schedules of {want.name}: EventBridge Scheduler refuses it: {message}"
            ) from error
        if code == "ServiceQuotaExceededException":
            advice = "Remove schedules, or ask AWS for more (Service Quotas, EventBridge Scheduler)."
            raise QuotaExceeded(f"schedules of {want.name}: {sentence(message)} {advice}") from error
        if code in _DENIED:
            reason = f"schedules of {want.name}: {sentence(message)} Deploy the stack again."
            raise PermissionMissing(reason) from error
        if code == "ConflictException":  # made or changed by another in this moment: look again
            return step.model_copy(update={"reason": message}).output()
        return wait_out(error, step, given.context.last, now).output()
    done = {one["did"] for one in shown}
    did: Did = "created" if "created" in done else "updated" if done - {"reused"} else "reused"
    return step.model_copy(
        update={
            "done": True,
            "status": "ACTIVE",
            "did": step.did or did,
            "wait_seconds": 0,
            "details": {"schedules": shown},
        }
    ).output()


def _bring_about(
    client: "EventBridgeSchedulerClient", want: WantedSchedules, now: datetime
) -> list[dict[str, Any]]:
    group = os.environ["SCHEDULE_GROUP"]
    there = {name for name, _ in existing(client, group, of_params_file(want.name, want.bucket, want.key))}
    shown = []
    for wanted in want.schedules:
        name = want.name_of(wanted)
        found: Any = client.get_schedule(GroupName=group, Name=name) if name in there else None
        arguments = _arguments(want, wanted, found, now)
        did: Did = "reused"
        if found is None:
            client.create_schedule(GroupName=group, Name=name, **arguments)
            did = "created"
        elif _differs(wanted, found, arguments, now):
            client.update_schedule(GroupName=group, Name=name, **arguments)
            did = "updated"
        start = arguments.get("StartDate") or (found or {}).get("StartDate")
        shown.append(_shown(name, wanted, did, now, start))
    for name in sorted(there - {want.name_of(wanted) for wanted in want.schedules}):
        client.delete_schedule(GroupName=group, Name=name)
        shown.append({"name": name, "did": "deleted"})
    return shown


def _arguments(want: WantedSchedules, wanted: Wanted, found: Any, now: datetime) -> dict[str, Any]:
    """The parameters of CreateSchedule and UpdateSchedule, beside the name."""
    arguments: dict[str, Any] = {
        "ScheduleExpression": wanted.expression.strip(),
        "ScheduleExpressionTimezone": wanted.timezone,
        "State": wanted.state,
        "Description": f"{wanted.kind} of dataset group {want.name}, s3://{want.bucket}/{want.key}"[:512],
        "FlexibleTimeWindow": {"Mode": "OFF"},
        # What will never fire again goes by itself.
        "ActionAfterCompletion": "DELETE" if _ends(wanted) else "NONE",
        "Target": {
            "Arn": os.environ["START_FUNCTION_ARN"],
            "RoleArn": os.environ["SCHEDULER_ROLE_ARN"],
            "Input": json.dumps(want.input_of(wanted), sort_keys=True),
            "DeadLetterConfig": {"Arn": os.environ["DEAD_LETTERS_ARN"]},
            "RetryPolicy": _RETRIES,
        },
    }
    if start := _start(wanted, found, now):
        arguments["StartDate"] = start
    if end := wanted.end_date and moment(wanted.end_date):
        arguments["EndDate"] = end
    return arguments


def _ends(wanted: Wanted) -> bool:
    return bool(wanted.end_date) or isinstance(parse(wanted.expression), At)


def _start(wanted: Wanted, found: Any, now: datetime) -> datetime | None:
    """When it begins; Scheduler takes no time that is over.

    A rate without a start would fire at once, right after the run that makes it: it gets one, an interval
    later. One that exists keeps its beat.
    """
    start = (wanted.start_date and moment(wanted.start_date)) or None
    expression = parse(wanted.expression)
    if not isinstance(expression, Rate):
        return start if start and start > now else None
    if start is None and found and found["ScheduleExpression"] == wanted.expression.strip():
        start = found.get("StartDate")
        if start and start - now > expression.interval:  # the file gave a later one before
            start = None
    following = expression.after(now, UTC, start)
    return following.replace(microsecond=0) if following else None


def _differs(wanted: Wanted, found: Any, arguments: Mapping[str, Any], now: datetime) -> bool:
    if any(found.get(key) != arguments[key] for key in arguments if key not in ("Target", "StartDate")):
        return True
    if found.get("EndDate") != arguments.get("EndDate"):
        return True
    old, new = found["Target"], arguments["Target"]
    if json.loads(old.get("Input", "null")) != json.loads(new["Input"]):
        return True
    if any(old.get(key) != new[key] for key in new if key != "Input"):
        return True
    return _starts_otherwise(wanted, found.get("StartDate"), arguments.get("StartDate"), now)


def _starts_otherwise(wanted: Wanted, start: datetime | None, given: datetime | None, now: datetime) -> bool:
    expression = parse(wanted.expression)
    if isinstance(expression, Rate) and given:  # another beat
        return start is None or start > given or (given - start) % expression.interval != timedelta(0)
    # A beginning that is over is none: nobody can give it any more.
    return (start if start and start > now else None) != given


def _shown(name: str, wanted: Wanted, did: Did, now: datetime, start: datetime | None) -> dict[str, Any]:
    """What the mail says about it."""
    zone = time_zone(wanted.timezone) or UTC
    following = parse(wanted.expression).after(now, zone, start)
    end = (wanted.end_date and moment(wanted.end_date)) or None
    shown = {
        "name": name,
        "did": did,
        "kind": wanted.kind,
        "expression": wanted.expression,
        "timezone": wanted.timezone,
        "state": wanted.state,
        "options": wanted.options,
    }
    if wanted.state == "ENABLED" and following and not (end and following > end):
        shown["next"] = following.astimezone(zone).isoformat(timespec="seconds")
    return shown


def _group_arn(execution: str) -> str:
    _, partition, _, region, account, *_ = execution.split(":")
    return f"arn:{partition}:scheduler:{region}:{account}:schedule-group/{os.environ['SCHEDULE_GROUP']}"
