"""Delete a dataset group: say what would go, and let the stack do it."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3

from personalize_pipeline import clients
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.deletion.plan import Known, Plan, make_plan, schedules_of
from personalize_pipeline.execution import MAX_NAME

_SUFFIX = 8  # characters that make the name of an execution unique


def look(target: Deployment, group: str, *, data: bool) -> Plan:
    """List what `destroy` would delete now; calls nothing that changes anything.

    Raises:
        CommandError: the stack is older than this command.
    """
    if not target.delete_arn:
        raise CommandError(
            f"The stack {target.stack!r} cannot delete dataset groups yet: it is of an older version.\n"
            "Deploy it again: sam build, sam deploy."
        )
    arn = _arn(target, f"dataset-group/{group}")
    known = Known()
    for earlier in _interrupted(target, group):
        known |= earlier
    schedules = (
        schedules_of(clients.scheduler(), target.schedule_group, group) if target.schedule_group else ()
    )
    return make_plan(clients.personalize_patient(), arn, target.bucket, known, data=data, schedules=schedules)


def start(target: Deployment, group: str, plan: Plan, *, data: bool) -> str:
    """Start the deletion; returns the ARN of its execution."""
    name = f"{group[: MAX_NAME - _SUFFIX - 9]}-destroy-{secrets.token_hex(_SUFFIX // 2)}"
    given = {"datasetGroup": {"name": group}, "data": data, "known": plan.known.output()}
    client = boto3.client("stepfunctions")
    return client.start_execution(stateMachineArn=target.delete_arn, name=name, input=json.dumps(given))[
        "executionArn"
    ]


def text(group: str, plan: Plan) -> str:
    """The plan for a person."""
    lines = [f"What would be deleted of dataset group {group}, in this order:"]
    lines += [f"  {thing.kind} {thing.name}" for thing in plan.things]
    if not plan.things:
        lines = [f"There is nothing to delete: no dataset group {group}, and no rest of an earlier one."]
    return "\n".join([*lines, *(f"Note: {note}" for note in plan.notes)])


def _interrupted(target: Deployment, group: str) -> Iterator[Known]:
    """What earlier deletions of this group had found and may not have deleted, since they did not succeed."""
    client = boto3.client("stepfunctions")
    listing = client.get_paginator("list_executions")
    for page in listing.paginate(stateMachineArn=target.delete_arn):  # newest first
        for item in page["executions"]:
            if not item["name"].startswith(f"{group[: MAX_NAME - _SUFFIX - 9]}-destroy-"):
                continue
            given: Any = json.loads(client.describe_execution(executionArn=item["executionArn"])["input"])
            if given["datasetGroup"]["name"] != group:
                continue
            if item["status"] == "SUCCEEDED":
                return  # with this one, everything before it was gone too
            yield Known.model_validate(given.get("known", {}))


def _arn(target: Deployment, end: str) -> str:
    """ARN of a Personalize resource in the partition, region and account of the stack."""
    _, partition, _, region, account, *_ = target.delete_arn.split(":")
    return f"arn:{partition}:personalize:{region}:{account}:{end}"
