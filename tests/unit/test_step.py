"""The ladder, on a resource that a test can put into any state (real ones: tests/integration/resources)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from personalize_pipeline.context import Context
from personalize_pipeline.errors import PermissionMissing, QuotaExceeded, ResourceChanged, ResourceFailed
from personalize_pipeline.resources.resource import Found, Resource, differences
from personalize_pipeline.step import attempt, ensure, step_handler, task_handler
from personalize_pipeline.tagging import NOTE

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RUN = {
    "id": "run-1",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:pipeline:run-1",
    "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline",
    "startTime": "2026-11-20T11:00:00Z",
}
ARN = "arn:aws:personalize:us-east-1:123456789012:thing/x"


class AlreadyExistsError(Exception):
    pass


class Thing(Resource):
    """A resource whose Personalize is the list of what Describe will show, one entry a look."""

    kind = "thing"

    def __init__(self, want, context, client=None):
        self.looks = []
        self.calls: list[Any] = []
        self.error = None
        client = SimpleNamespace(
            exceptions=SimpleNamespace(ResourceAlreadyExistsException=AlreadyExistsError),
            list_tags_for_resource=lambda **_: {"tags": [{"tagKey": "team", "tagValue": "reco"}]},
            tag_resource=lambda **arguments: self.calls.append(("tag", arguments["tags"])),
            untag_resource=lambda **arguments: self.calls.append(("untag", arguments["tagKeys"])),
        )
        super().__init__(want, context, client)

    def find(self):
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look

    def describe(self):
        raise NotImplementedError

    def create(self):
        self.calls.append("create")
        if self.error:
            raise self.error

    def wanted(self):
        return {"size": self.want["size"]}

    def update(self, found, changes):
        self.calls.append(("update", [str(change) for change in changes]))


def context(started=NOW - timedelta(minutes=5), last=None):
    return Context.model_validate({"run": RUN, "startedAt": started} | ({"last": last} if last else {}))


def found(status="ACTIVE", size=1, age=timedelta(hours=1), update=None, reason=None):
    shown = {"status": status, "size": size, "creationDateTime": NOW - age, "failureReason": reason}
    return Found.of(ARN, shown, update=update)


def thing(*looks, last=None, want=None, started=NOW - timedelta(minutes=5)):
    resource = Thing({"name": "x", "size": 1} | (want or {}), context(started, last))
    resource.looks = list(looks)
    return resource


def refusal(code, message="text of the service", status=400):
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "CreateThing")


def test_what_is_missing_is_created_and_waited_for():
    resource = thing(None, found("CREATE PENDING", age=timedelta(0)))

    step = ensure(resource, NOW)

    assert resource.calls == ["create"]
    assert (step.done, step.did, step.status, step.arn) == (False, "created", "CREATE PENDING", ARN)
    assert step.wait_seconds == 2


def test_what_is_ready_at_once_needs_no_second_turn():
    step = ensure(thing(None, found()), NOW)

    assert (step.done, step.did) == (True, "created")


def test_what_was_created_but_cannot_be_read_yet_is_waited_for():
    step = ensure(thing(None, None), NOW)

    assert (step.done, step.did, step.status) == (False, "created", "CREATE PENDING")


def test_a_busy_moment_after_creating_does_not_forget_that_it_was_created():
    step = ensure(thing(None, refusal("ThrottlingException")), NOW)

    assert (step.done, step.did) == (False, "created")


@pytest.mark.parametrize(
    "status",
    [
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "CREATE STOPPING",
        "DELETE PENDING",
        "DELETE IN_PROGRESS",
        "SOMETHING NEW",
    ],
)
def test_anything_but_an_end_state_is_waited_for(status):
    resource = thing(found(status))

    step = ensure(resource, NOW)

    assert (step.done, step.did, step.status) == (False, None, status)
    assert resource.calls == []
    assert step.wait_seconds == 60  # an hour is not usual


def test_what_is_as_wanted_is_reused():
    step = ensure(thing(found()), NOW)

    assert (step.done, step.did, step.wait_seconds) == (True, "reused", 0)


def test_what_this_loop_did_is_reported_to_its_end():
    last = {"done": False, "arn": ARN, "name": "x", "status": "CREATE PENDING", "did": "created"}

    assert ensure(thing(found("CREATE IN_PROGRESS"), last=last), NOW).did == "created"
    assert ensure(thing(found(), last=last), NOW).did == "created"


def test_what_differs_is_updated_and_waited_for():
    update = {"status": "CREATE PENDING", "creationDateTime": NOW}
    resource = thing(found(size=2), found(size=2, update=update))

    step = ensure(resource, NOW)

    assert resource.calls == [("update", ["size: it has 2, the params file says 1"])]
    assert (step.done, step.did, step.status) == (False, "updated", "CREATE PENDING")


def test_an_update_is_waited_for_by_its_own_status():
    update = {"status": "CREATE IN_PROGRESS", "creationDateTime": NOW - timedelta(minutes=15)}
    resource = thing(found("ACTIVE", size=2, update=update))

    step = ensure(resource, NOW)

    assert (step.done, step.status, step.wait_seconds) == (False, "CREATE IN_PROGRESS", 45)
    assert resource.calls == []


def test_an_update_that_failed_in_an_earlier_run_is_tried_again():
    update = {"status": "CREATE FAILED", "creationDateTime": NOW - timedelta(hours=1)}
    resource = thing(found(size=2, update=update), found(size=2, update=update))

    assert ensure(resource, NOW).did == "updated"
    assert len(resource.calls) == 1


def test_an_update_that_failed_in_this_run_is_a_failure():
    update = {
        "status": "CREATE FAILED",
        "creationDateTime": NOW - timedelta(minutes=1),
        "failureReason": "no room",
    }

    with pytest.raises(ResourceFailed, match=r"thing/x: its update failed in Amazon Personalize: no room\."):
        ensure(thing(found(size=2, update=update)), NOW)


def test_an_update_that_failed_does_not_matter_when_all_is_as_wanted():
    update = {"status": "CREATE FAILED", "creationDateTime": NOW - timedelta(minutes=1)}

    assert ensure(thing(found(update=update)), NOW).did == "reused"


def test_an_update_without_effect_ends_the_loop():
    update = {"status": "ACTIVE", "creationDateTime": NOW - timedelta(minutes=1)}

    with pytest.raises(ResourceFailed, match="accepted the update, but shows other settings: size"):
        ensure(thing(found(size=2, update=update)), NOW)


def test_a_failure_carries_the_reason_and_how_to_delete_what_failed():
    with pytest.raises(ResourceFailed) as failure:
        ensure(thing(found("CREATE FAILED", age=timedelta(0), reason="12 interactions")), NOW)

    assert "thing/x failed in Amazon Personalize: 12 interactions." in str(failure.value)
    assert f"aws personalize delete-thing --thing-arn {ARN}" in str(failure.value)


def test_a_failure_of_an_earlier_run_says_so():
    with pytest.raises(
        ResourceFailed, match="thing/x failed in an earlier run: Amazon Personalize gives no reason"
    ):
        ensure(thing(found("CREATE FAILED", age=timedelta(days=1))), NOW)


def test_what_somebody_stopped_is_a_failure():
    with pytest.raises(ResourceFailed, match="thing/x was stopped"):
        ensure(thing(found("CREATE STOPPED")), NOW)


def test_when_somebody_was_faster_the_loop_looks_again():
    resource = thing(None, found("CREATE IN_PROGRESS"))
    resource.error = AlreadyExistsError()

    step = ensure(resource, NOW)

    assert (step.done, step.did, step.status) == (False, None, "CREATE IN_PROGRESS")


def test_tags_that_are_missing_are_added():
    tags = [{"tagKey": "team", "tagValue": "reco"}, {"tagKey": "stage", "tagValue": "prod"}]
    resource = thing(found(), want={"tags": tags})

    step = ensure(resource, NOW)

    [(call, (added, note))] = resource.calls
    assert (call, added) == ("tag", {"tagKey": "stage", "tagValue": "prod"})
    assert note["tagKey"] == NOTE
    assert (step.done, step.did) == (True, "updated")


def test_tags_that_this_loop_made_it_with_are_not_looked_at_again():
    last = {"done": False, "arn": ARN, "name": "x", "status": "CREATE PENDING", "did": "created"}
    resource = thing(found(), want={"tags": [{"tagKey": "stage", "tagValue": "prod"}]}, last=last)

    assert ensure(resource, NOW).did == "created"
    assert resource.calls == []


def test_tags_that_are_there_are_left_alone():
    resource = thing(found(), want={"tags": [{"tagKey": "team", "tagValue": "reco"}]})

    assert ensure(resource, NOW).did == "reused"
    assert resource.calls == []


@pytest.mark.parametrize(
    "code",
    ["ResourceInUseException", "LimitExceededException", "ThrottlingException", "TooManyRequestsException"],
)
def test_what_passes_by_itself_is_waited_for_with_its_reason(code):
    resource = thing(None, started=NOW - timedelta(minutes=15))
    resource.error = refusal(code, "More than 5 resources with PENDING or IN_PROGRESS status.")

    step = attempt(resource, NOW)

    assert (step.done, step.did, step.status, step.wait_seconds) == (False, None, "WAITING", 18)
    assert step.reason == f"{code.removesuffix('Exception')}: {resource.error.response['Error']['Message']}"


def test_being_blocked_forgets_nothing():
    last = {"done": False, "arn": ARN, "name": "x", "status": "CREATE IN_PROGRESS", "did": "created"}

    step = attempt(thing(refusal("ThrottlingException"), last=last), NOW)

    assert (step.arn, step.status, step.did) == (ARN, "CREATE IN_PROGRESS", "created")


FULL = "Cannot create a campaign. More than 5 resources in ACTIVE state. Please delete some and try again."


def test_a_full_quota_is_waited_for_half_an_hour():
    resource = thing(None, started=NOW - timedelta(minutes=29))
    resource.error = refusal("LimitExceededException", FULL)

    assert FULL in str(attempt(resource, NOW).reason)


def test_after_half_an_hour_a_full_quota_is_a_failure():
    resource = thing(None, started=NOW - timedelta(minutes=31))
    resource.error = refusal("LimitExceededException", FULL)

    with pytest.raises(
        QuotaExceeded, match=r"More than 5 resources in ACTIVE state.*30 minutes.*Service Quotas"
    ):
        attempt(resource, NOW)


def test_running_jobs_of_others_are_waited_for_as_long_as_it_takes():
    resource = thing(None, started=NOW - timedelta(hours=5))
    resource.error = refusal(
        "LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."
    )

    assert not attempt(resource, NOW).done


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidInputException", ResourceFailed),
        ("ResourceNotFoundException", ResourceFailed),
        ("TooManyTagsException", ResourceFailed),
        ("AccessDeniedException", PermissionMissing),
    ],
)
def test_what_cannot_succeed_is_an_outcome_with_the_text_of_the_service(code, error):
    resource = thing(None)
    resource.error = refusal(code)

    with pytest.raises(error, match=r"thing/x: .*text of the service"):
        attempt(resource, NOW)


def test_an_error_that_nobody_expects_stays_a_lambda_error():
    resource = thing(None)
    resource.error = refusal("NobodyKnowsThisError")

    with pytest.raises(ClientError):
        attempt(resource, NOW)


OUTAGES = [
    pytest.param(refusal("InternalServerError", status=500), id="its own trouble"),
    pytest.param(refusal("ServiceUnavailable", status=503), id="not available"),
    pytest.param(ReadTimeoutError(endpoint_url="https://personalize"), id="no answer"),
    pytest.param(EndpointConnectionError(endpoint_url="https://personalize"), id="not reached"),
]


@pytest.mark.parametrize("trouble", OUTAGES)
def test_an_outage_is_waited_for(trouble):
    step = attempt(thing(trouble), NOW)

    assert (step.done, step.status, step.failing_since) == (False, "WAITING", NOW)
    assert step.reason


@pytest.mark.parametrize("trouble", OUTAGES)
def test_an_outage_that_lasts_is_a_lambda_error(trouble):
    first = attempt(thing(trouble), NOW)
    later = NOW + timedelta(minutes=29)
    second = attempt(thing(trouble, last=first.output()), later)

    assert second.failing_since == NOW
    with pytest.raises(type(trouble)):
        attempt(thing(trouble, last=second.output()), NOW + timedelta(minutes=31))


def test_after_an_outage_the_next_one_has_all_its_time_again():
    trouble = refusal("InternalServerError", status=500)
    first = attempt(thing(trouble), NOW)
    well = attempt(thing(found("CREATE IN_PROGRESS"), last=first.output()), NOW + timedelta(minutes=1))

    assert well.failing_since is None
    again = attempt(thing(trouble, last=well.output()), NOW + timedelta(hours=1))
    assert again.failing_since == NOW + timedelta(hours=1)
    assert again.status == "CREATE IN_PROGRESS"


def test_an_answer_that_got_lost_does_not_create_twice():
    resource = thing(None)
    resource.error = ReadTimeoutError(endpoint_url="https://personalize")
    lost = attempt(resource, NOW)

    following = thing(found("CREATE PENDING", age=timedelta(0)), last=lost.output())
    step = attempt(following, NOW)

    assert (step.done, following.calls) == (False, [])


def test_an_outage_after_creating_does_not_forget_that_it_was_created():
    step = attempt(thing(None, refusal("InternalServerError", status=500)), NOW)

    assert (step.done, step.did) == (False, "created")


LAMBDA: Any = SimpleNamespace(
    function_name="thing",
    memory_limit_in_mb=128,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:thing",
    aws_request_id="1",
)


def test_a_handler_answers_with_the_step_contract():
    class Ready(Thing):
        def find(self):
            return found()

    event = {
        "want": {"name": "x", "size": 1},
        "context": {"run": RUN, "startedAt": "2026-11-20T11:59:00.123Z"},
    }

    assert step_handler(Ready)(event, LAMBDA) == {
        "done": True,
        "arn": ARN,
        "name": "x",
        "status": "ACTIVE",
        "did": "reused",
        "waitSeconds": 0,
    }


def test_a_handler_turns_what_cannot_succeed_into_the_failed_outcome():
    def impossible(event):
        raise ResourceChanged("thing/x has size 2, the params file says 1.")

    assert task_handler(impossible)({}, LAMBDA) == {
        "failed": {"error": "ResourceChanged", "reason": "thing/x has size 2, the params file says 1."}
    }


def test_nulls_of_the_state_machine_are_absent_values():
    given = Context.model_validate(
        {"run": RUN, "last": None, "solutionArn": None, "startedAt": "2026-11-20T12:00Z"}
    )

    assert given.last is None
    with pytest.raises(ValueError, match=r"passed no context\.solutionArn"):
        given.given("solution_arn")


@pytest.mark.parametrize(
    ("wanted", "shown", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1, "b": 2}, [], id="defaults of the service"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, ["a.b"], id="nested"),
        pytest.param({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"], id="in a list"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, ["a"], id="longer list"),
        pytest.param({"a": False, "b": {}, "c": None}, {}, [], id="false and empty are absent"),
        pytest.param({"a": False}, {"a": True}, ["a"], id="false is a value"),
        pytest.param({"a": None}, {"a": "ECOMMERCE"}, ["a"], id="none is wanted"),
        pytest.param({"a": {"b": 1}}, {}, ["a.b"], id="missing altogether"),
    ],
)
def test_only_what_the_params_file_gives_counts_as_a_difference(wanted, shown, expected):
    assert [change.attribute for change in differences(wanted, shown)] == expected
