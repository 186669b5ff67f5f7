"""The step contract, in one place: how every function of the polling loop reads, acts and answers.

Input `{"want": {...}, "context": {...}}`; output a `Step`, or `{"failed": {"error", "reason"}}` for what
cannot succeed. A Lambda error is therefore always a bug, or an outage that does not end.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from personalize_pipeline.context import Context, Did, Step, StepInput
from personalize_pipeline.errors import PermissionMissing, PipelineError, QuotaExceeded, ResourceFailed
from personalize_pipeline.pacing import Share, first_wait, next_look, share_of, wait_seconds
from personalize_pipeline.resources.resource import Found, Resource, sentence, tail

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

NO_ANSWER = (HTTPClientError, NoConnectionError)
TROUBLE = (ClientError, *NO_ANSWER)
"""What a call to AWS can end with that may pass; `wait_out` knows whether it does."""

Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]

# A full quota may become free while others clean up, and an outage ends: a training of a day must not be lost
# to one bad minute. But a run must not wait for ever.
_PATIENCE = timedelta(minutes=30)

_BUSY = frozenset(
    {
        "LimitExceededException",
        "RequestLimitExceeded",
        "ResourceInUseException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_REFUSED = frozenset(
    {
        "InvalidInputException",
        "ResourceNotFoundException",
        "TooManyTagKeysException",
        "TooManyTagsException",
        "ValidationException",
    }
)
_SERVER_ERROR = 500  # and above: the service's own trouble
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
# "More than 5 resources in ACTIVE state. Please delete some and try again." does not pass by itself, unlike
# "More than 5 resources with PENDING or IN_PROGRESS status."
_FULL = re.compile(r"ACTIVE state|please delete", re.IGNORECASE)


def step_handler(resource_type: type[Resource]) -> Handler:
    """Make the Lambda handler that ensures resources of this type."""

    def take_step(event: dict[str, Any]) -> dict[str, Any]:
        given = StepInput.parse(event)
        resource = resource_type(given.want, given.context)
        logger.append_keys(
            run=given.context.run.id, resource=resource_type.__name__, resource_name=resource.name
        )
        step = attempt(resource, datetime.now(UTC))
        logger.info(step.status, extra={"did": step.did, "done": step.done, "reason": step.reason})
        return step.output()

    return task_handler(take_step)


def task_handler(function: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Handler:
    """Make a Lambda handler of a function; a PipelineError becomes the `failed` outcome."""

    @logger.inject_lambda_context(clear_state=True)
    def handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001  # Lambda's signature
        try:
            return dict(function(event))
        except PipelineError as error:
            logger.warning(str(error), extra={"error": type(error).__name__})
            return failed(error)

    return handle


def failed(error: PipelineError) -> dict[str, Any]:
    """The outcome for what cannot succeed."""
    return {"failed": {"error": type(error).__name__, "reason": str(error)}}


def attempt(resource: Resource, now: datetime) -> Step:
    """Take one step; what Personalize answers in errors becomes an outcome, where it is one.

    Raises:
        PipelineError: it cannot succeed.
        ClientError: a bug, or an outage that lasts.
        BotoCoreError: the same.
    """
    try:
        return ensure(resource, now)
    except NO_ANSWER as error:
        return wait_out(error, _blocked(resource, now), resource.context.last, now)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        label = tail(resource.arn) or resource.name
        if code in _REFUSED:
            reason = f"{label}: Amazon Personalize refuses it: {message}"
            raise ResourceFailed(reason) from error
        if code in _DENIED:
            reason = (
                f"{label}: {sentence(message)} If the params file names a role (roleArn), the pipeline must "
                "be allowed to pass it on; otherwise deploy the stack again."
            )
            raise PermissionMissing(reason) from error
        if (
            code == "LimitExceededException"
            and _FULL.search(message)
            and now - resource.context.started_at > _PATIENCE
        ):
            minutes = int(_PATIENCE.total_seconds() // 60)
            reason = (
                f"{label}: {sentence(message)} It stayed like this for {minutes} minutes. Delete what is not "
                "needed any more or ask AWS for a higher quota (Service Quotas, Amazon Personalize), then "
                "upload the params file again."
            )
            raise QuotaExceeded(reason) from error
        return wait_out(error, _blocked(resource, now), resource.context.last, now)


def waiting_step(context: Context, arn: str, name: str, now: datetime) -> Step:
    """What a step that makes no resource of Personalize returns while it is not done."""
    last = context.last
    return Step(
        done=False,
        arn=arn,
        name=name,
        status="WAITING",
        did=last.did if last else None,
        wait_seconds=wait_seconds(now - context.started_at),
    )


def wait_out(error: Exception, step: Step, last: Step | None, now: datetime) -> Step:
    """`step`, which is not done, with the trouble that has to pass as its reason.

    `last` is what the turn before returned: an outage that it met already may last half an hour in all.

    Raises:
        Exception: `error` itself: it does not pass by itself, or it has had its time.
    """
    if isinstance(error, ClientError):
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        reason = f"{code.removesuffix('Exception')}: {message}"
        if code in _BUSY:
            return step.model_copy(update={"reason": reason})
    else:
        reason = str(error)
    since = (last and last.failing_since) or now
    if not _passes(error) or now - since > _PATIENCE:
        raise error
    return step.model_copy(update={"reason": reason, "failing_since": since})


def _passes(error: Exception) -> bool:
    """Whether another try may well succeed: busy, its own trouble, or no answer at all."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response["Error"]["Code"] in _BUSY or status >= _SERVER_ERROR
    return isinstance(error, NO_ANSWER)


def ensure(resource: Resource, now: datetime) -> Step:
    """Bring the resource one step closer to what is wanted, and say how far it is.

    Safe to call any number of times: it looks first and acts at most once.

    Raises:
        ResourceFailed: Personalize gave up on it; carries its failureReason.
        ResourceChanged: it exists with settings that the API cannot change.
        ClientError: what Personalize answered instead.
    """
    if resource.context.last is None and (
        seconds := first_wait(type(resource).__name__, now, _share(resource))
    ):
        return _blocked(resource, now).model_copy(update={"wait_seconds": seconds})
    found = resource.find()
    if found is None:
        return _create(resource, now)
    if found.failed:
        raise resource.failed(found, earlier=not _of_this_run(resource, found))
    if found.moving:
        return _waiting(resource, found, now)
    if found.update and found.update.moving:
        return _waiting(resource, found.update, now)
    if changes := resource.changes(found):
        if found.update and _of_this_run(resource, found.update) and resource.tried(changes):
            raise _update_failed(found, found.update, "; ".join(map(str, changes)))
        resource.update(found, changes)
        return _look_again(resource, now, did=resource.updates)
    if resource.left_over(found):
        resource.tidy(found)
        return _look_again(resource, now, did=resource.updates)
    missing, outdated = resource.missing_tags(found), resource.outdated_tags(found)
    if missing or outdated:
        resource.tag(found, missing, outdated)
        return _done(resource, found, did="updated")
    return _done(resource, found)


def _create(resource: Resource, now: datetime) -> Step:
    try:
        resource.create()
    except resource.client.exceptions.ResourceAlreadyExistsException:
        # Somebody was faster: another run, or this function before its answer got lost.
        return _look_again(resource, now, did=None)
    return _look_again(resource, now, did=resource.creates)


def _look_again(resource: Resource, now: datetime, did: Did | None) -> Step:
    """After acting: some things are ready at once (a schema), and a turn of the loop costs seconds."""
    if _share(resource).many:  # it is somebody else's turn
        return _waiting(resource, None, now, did)
    try:
        found = resource.find()
    except TROUBLE as error:
        if not _passes(error):
            raise
        found = None  # what was done is not forgotten because of a busy moment
    if found is None:
        # Written, but not yet to be read.
        return _waiting(resource, None, now, did)
    update = found.update if found.update and found.update.moving else None
    if not found.active or update or resource.changes(found) or resource.left_over(found):
        return _waiting(resource, update or found, now, did)
    return _done(resource, found, did)


def _of_this_run(resource: Resource, found: Found) -> bool:
    # Personalize shows fractions of a second, but does not promise them.
    return found.created >= resource.context.started_at.replace(microsecond=0)


def _update_failed(found: Found, update: Found, changes: str) -> ResourceFailed:
    if update.failed:
        return ResourceFailed(
            f"{tail(found.arn)}: its update failed in Amazon Personalize: {sentence(update.failure_reason)} "
            "It still works with its old settings. Remove the cause and upload the params file again."
        )
    return ResourceFailed(
        f"{tail(found.arn)}: Amazon Personalize accepted the update, but shows other settings: {changes}"
    )


def _done(resource: Resource, found: Found, did: Did | None = None) -> Step:
    last = resource.context.last
    return Step(
        done=True,
        arn=found.arn,
        name=resource.name,
        status=found.status,
        did=(last and last.did) or did or resource.origin(found),
        details=resource.details(found),
    )


def _waiting(resource: Resource, found: Found | None, now: datetime, did: Did | None = None) -> Step:
    last = resource.context.last
    memory = resource.memory() if did else last.memory if last else None
    return Step(
        done=False,
        arn=found.arn if found else resource.arn,
        name=resource.name,
        status=found.status if found else "CREATE PENDING",
        did=(last and last.did) or did,
        wait_seconds=_wait(resource, now - (resource.since(found) if found else now), now, memory),
        memory=memory,
        details=resource.noted,
    )


def _blocked(resource: Resource, now: datetime) -> Step:
    last = resource.context.last
    return Step(
        done=False,
        arn=last.arn if last else resource.arn,
        name=resource.name,
        status=last.status if last else "WAITING",
        did=last.did if last else None,
        wait_seconds=max(_wait(resource, timedelta(), now), wait_seconds(now - resource.context.started_at)),
        memory=last.memory if last else None,
        details=resource.noted,
    )


def _wait(
    resource: Resource, building: timedelta, now: datetime, memory: Mapping[str, Any] | None = None
) -> int:
    last_time = (memory or {}).get("lastTimeSeconds")
    return next_look(type(resource).__name__, building, now, last_time, _share(resource))


def _share(resource: Resource) -> Share:
    return share_of(resource.context.run.shares, type(resource).__name__, resource.known_as)
