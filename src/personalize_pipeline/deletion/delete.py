"""Delete one thing: look, act at most once, say how far it is. Follows the step contract."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did, Step, StepInput
from personalize_pipeline.deletion.kinds import DATA, KINDS, SCHEDULE, Kind
from personalize_pipeline.deletion.plan import Thing
from personalize_pipeline.errors import PermissionMissing, ResourceFailed
from personalize_pipeline.pacing import wait_seconds
from personalize_pipeline.resources.resource import sentence, tail
from personalize_pipeline.step import NO_ANSWER, wait_out

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

GONE = "GONE"
# Longer than the usual training, import or batch job that has to end first.
_PATIENCE = timedelta(hours=12)
_MOVING = re.compile(r"(PENDING|IN[ _]PROGRESS|STOPPING)$")
_REFUSED = frozenset({"InvalidInputException", "ValidationException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_STOPPABLE = frozenset({"CREATE PENDING", "CREATE IN_PROGRESS"})


def delete(event: Mapping[str, Any]) -> dict[str, Any]:
    """Bring one thing a step closer to its end. Follows the step contract; `want` is the `Thing`.

    Safe to call any number of times; what is gone already is done.

    Raises:
        ResourceFailed: Personalize does not let it go.
        PermissionMissing: this function may not delete it.
    """
    given = StepInput.parse(event)
    thing, context, now = Thing.model_validate(given.want), given.context, datetime.now(UTC)
    label = thing.arn if thing.kind == DATA else tail(thing.arn)
    blocked = _waiting(thing, context, now, context.last.status if context.last else "WAITING")
    try:
        if thing.kind == SCHEDULE:
            step = _delete_schedule(thing)
        elif thing.kind == DATA:
            step = _delete_data(thing, context, now)
        else:
            step = _delete_resource(KINDS[thing.kind], thing, context, now)
    except NO_ANSWER as error:
        step = wait_out(error, blocked, context.last, now)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in _REFUSED:
            raise ResourceFailed(f"{label}: Amazon Personalize refuses it: {message}") from error
        if code in _DENIED:
            reason = f"{label}: {sentence(message)} Deploy the stack again, which gives the right to it."
            raise PermissionMissing(reason) from error
        step = wait_out(error, blocked, context.last, now)
    if not step.done and now - context.started_at > _PATIENCE:
        hours = int(_PATIENCE.total_seconds() // 3600)
        reason = f"{label} is {step.status} and could not be deleted for {hours} hours. {step.reason or ''}"
        raise ResourceFailed(reason.rstrip())
    return step.output()


def _delete_resource(kind: Kind, thing: Thing, context: Context, now: datetime) -> Step:
    client = clients.personalize()
    try:
        found = kind.describe(client, thing.arn)
    except client.exceptions.ResourceNotFoundException:
        return _gone(thing, "deleted" if context.last and context.last.did else None)
    status = str(found.get("status", "ACTIVE"))
    if _MOVING.search(status):
        reason = None if status.startswith("DELETE") else f"it is {status}; it can be deleted after that"
        return _waiting(thing, context, now, status, reason=reason)
    if thing.kind == "Solution" and (reason := _stop_training(client, thing.arn)):
        return _waiting(thing, context, now, status, reason=reason)
    try:
        kind.delete(client, thing.arn)
    except client.exceptions.ResourceNotFoundException:
        return _gone(thing, "deleted")
    if thing.kind == "Schema":  # the only kind that goes at once
        return _gone(thing, "deleted")
    return _waiting(thing, context, now, "DELETE PENDING", did="deleted")


def _stop_training(client: "PersonalizeClient", solution: str) -> str | None:
    """Stop the trainings that run: they cost by the hour and are in the way. Says which there are."""
    pages = client.get_paginator("list_solution_versions").paginate(solutionArn=solution)
    running = [
        version for page in pages for version in page["solutionVersions"] if _MOVING.search(version["status"])
    ]
    for version in running:
        if version["status"] in _STOPPABLE:
            client.stop_solution_version_creation(solutionVersionArn=version["solutionVersionArn"])
    if not running:
        return None
    return (
        f"the training of {', '.join(tail(version['solutionVersionArn']) for version in running)} is stopped"
    )


def _delete_schedule(thing: Thing) -> Step:
    client = clients.scheduler()
    _, group, name = tail(thing.arn).split("/")
    try:
        client.delete_schedule(GroupName=group, Name=name)
    except client.exceptions.ResourceNotFoundException:
        return _gone(thing, None)
    return _gone(thing, "deleted")


def _delete_data(thing: Thing, context: Context, now: datetime) -> Step:
    """Delete up to 1,000 objects, all their versions: those that an import of this place would read."""
    bucket, _, prefix = thing.arn.removeprefix("s3://").partition("/")
    if bucket != os.environ["INPUT_BUCKET"]:
        raise ResourceFailed(f"{thing.arn} is not in the input bucket of this stack.")
    s3 = clients.s3()
    # A folder is read without its sub-folders.
    page = s3.list_object_versions(Bucket=bucket, Prefix=prefix, Delimiter="/")
    objects = [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if prefix.endswith("/") or item["Key"] == prefix
    ]
    if not objects:
        return _gone(thing, "deleted" if context.last and context.last.did else None)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]
    for error in answer.get("Errors", []):
        what = f"{error.get('Key')}: {error.get('Code')}: {error.get('Message')}"
        raise ResourceFailed(f"{thing.arn}: Amazon S3 does not delete {what}")
    return _waiting(thing, context, now, "DELETE IN_PROGRESS", did="deleted")


def _gone(thing: Thing, did: Did | None) -> Step:
    return Step(done=True, arn=thing.arn, name=thing.name, status=GONE, did=did)


def _waiting(  # what a step consists of
    thing: Thing,
    context: Context,
    now: datetime,
    status: str,
    *,
    did: Did | None = None,
    reason: str | None = None,
) -> Step:
    last = context.last
    return Step(
        done=False,
        arn=thing.arn,
        name=thing.name,
        status=status,
        did=did or (last.did if last else None),
        wait_seconds=wait_seconds(now - context.started_at),
        reason=reason,
    )
