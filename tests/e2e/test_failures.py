"""Whatever fails: a mail says what, why and where to look, and the run ends as FAILED.

What is broken here on purpose is put right again by the test, whatever its outcome: the stack is shared.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.deployed_stack import INTERACTIONS_SCHEMA, DeployedStack, Run, interactions_csv, params

from personalize_pipeline.execution import execution_name


def untrained(group: str, **changes: Any) -> dict[str, Any]:
    return params(group, **{"solutions": [], **changes})


def assert_failed(run: Run, title: str, error: str, *reasons: str) -> None:
    """The mail and the cause say what failed, why and where to look."""
    assert (run.status, run.error) == ("FAILED", error), run.cause
    assert run.mail.subject.startswith("Failed: ")
    assert f"{title}: {error}" in run.mail.body
    assert f"{title}: {error}" in run.cause
    for reason in reasons:
        assert reason in run.mail.body
        assert reason in run.cause
    assert "What to do next" in run.mail.body
    # On AWS these are links to the console.
    assert f"get-execution-history --reverse-order --execution-arn {_execution(run)}" in run.mail.body


def _execution(run: Run) -> str:
    return f"arn:aws:states:us-east-1:000000000000:execution:{DeployedStack.NAME}-pipeline:{run.name}"


@contextmanager
def without_policy(stack: DeployedStack, function: str) -> Iterator[None]:
    """A function whose role has lost what the template gave it.

    Personalize Local remembers for some seconds who may do what: name a dataset group that is new to it.
    """
    iam = stack.client("iam")
    arn = stack.client("lambda").get_function_configuration(FunctionName=stack.function(function))["Role"]
    role = arn.rpartition("/")[2]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    assert policies
    try:
        for name in policies:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
        yield
    finally:
        for name, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def handler(stack: DeployedStack, function: str, value: str) -> Iterator[None]:
    """A function with another entry point."""
    client, name = stack.client("lambda"), stack.function(function)
    before = client.get_function_configuration(FunctionName=name)["Handler"]
    try:
        client.update_function_configuration(FunctionName=name, Handler=value)
        yield
    finally:
        client.update_function_configuration(FunctionName=name, Handler=before)


@contextmanager
def without_bucket_policy(stack: DeployedStack) -> Iterator[None]:
    """The input bucket as if nobody had allowed Personalize to read it."""
    s3 = stack.client("s3")
    policy = s3.get_bucket_policy(Bucket=stack.bucket)["Policy"]
    try:
        s3.delete_bucket_policy(Bucket=stack.bucket)
        yield
    finally:
        s3.put_bucket_policy(Bucket=stack.bucket, Policy=policy)


@contextmanager
def changed_pipeline(stack: DeployedStack, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """The deployed pipeline with another definition."""
    client = stack.client("stepfunctions")
    before = client.describe_state_machine(stateMachineArn=stack.pipeline_arn)["definition"]
    definition = json.loads(before)
    change(definition)
    try:
        client.update_state_machine(stateMachineArn=stack.pipeline_arn, definition=json.dumps(definition))
        yield
    finally:
        client.update_state_machine(stateMachineArn=stack.pipeline_arn, definition=before)


def children(stack: DeployedStack, name: str) -> list[dict[str, Any]]:
    """The nested executions of a run, as ListExecutions shows them."""
    client = stack.client("stepfunctions")
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=stack.ensure_arn)
    found = [one for page in pages for one in page["executions"]]
    return [one for one in found if one["name"].startswith(f"{name[-50:]}-")]


# --- functions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "title"),
    [("ReadParams", "the run"), ("WaitForTurn", "the run"), ("DatasetGroup", "dataset group crash")],
)
def test_a_function_that_crashes(stack: DeployedStack, function: str, title: str):
    stack.upload_interactions("crash")

    with handler(stack, function, "nowhere.handler"):
        run = stack.run("crash", untrained("crash"))

    assert run.status == "FAILED"
    assert_failed(run, title, run.error, "nowhere")
    assert "a bug or an outage" in run.mail.body
    assert stack.client("personalize").list_dataset_groups()["datasetGroups"] == []


def test_a_function_without_its_permissions(stack: DeployedStack):
    stack.upload_interactions("denied")

    with without_policy(stack, "EventTracker"):
        run = stack.run("denied", untrained("denied", eventTracker={"name": "denied-events"}))

    assert_failed(run, "event tracker denied-events", "PermissionMissing", "personalize:ListEventTrackers")
    assert run.step("DatasetImport")["did"] == "imported"


def test_a_mail_that_cannot_be_sent_is_the_cause_of_the_execution(stack: DeployedStack):
    stack.upload_interactions("mute")
    key = "mute/params.json"

    with without_policy(stack, "Notify"):
        version = stack.upload(key, json.dumps(untrained("mute")))
        run = stack.ended(execution_name(stack.bucket, key, version), mailed=False)

    assert (run.status, run.error) == ("FAILED", "NotifyFailed")
    assert "sns:publish" in run.cause.lower()
    assert "SUCCEEDED" in run.cause
    assert "mute-interactions" in run.cause
    assert not [mail for mail in stack.mails() if run.name in mail.body]


# --- access to the data -----------------------------------------------------------------------------------


def test_a_bucket_that_does_not_let_personalize_in(stack: DeployedStack):
    stack.upload_interactions("closed")

    with without_bucket_policy(stack):
        run = stack.run("closed", untrained("closed"))

    assert_failed(run, "import closed-interactions", "ResourceFailed", "Insufficient privileges")
    assert stack.bucket in run.mail.body


def test_a_role_that_personalize_may_not_use(stack: DeployedStack):
    stack.upload_interactions("role")
    document = untrained("role")
    # The role of a function: it trusts Lambda, not Personalize.
    role = stack.client("lambda").get_function_configuration(FunctionName=stack.function("Notify"))["Role"]
    document["datasets"]["Interactions"]["roleArn"] = role

    run = stack.run("role", document)

    assert_failed(run, "import role-interactions", "ResourceFailed", role)


# --- Personalize ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "title", "reason", "missing"),
    [
        ("dataset-group", "dataset group sick", "an asteroid", {"Dataset", "EventTracker", "Filter"}),
        # Describe shows no reason for these two, in Amazon Personalize either.
        ("dataset", "dataset sick-interactions", "gives no reason", {"DatasetImport", "Filter"}),
        ("event-tracker", "event tracker sick-events", "gives no reason", {"Filter"}),
        ("filter", "filter sick-filter", "an asteroid", set()),
    ],
)
def test_a_resource_that_personalize_gives_up_on(
    stack: DeployedStack, kind: str, title: str, reason: str, missing: set[str]
):
    stack.upload_interactions("sick")
    stack.fail_next(kind, "an asteroid hit the region")
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
    document = untrained(
        "sick",
        eventTracker={"name": "sick-events"},
        filters=[{"name": "sick-filter", "filterExpression": expression}],
    )

    run = stack.run("sick", document)

    assert_failed(run, title, "ResourceFailed", reason, f"delete-{kind}")
    assert missing.isdisjoint({step["resource"] for step in run.steps})
    if missing:
        assert "Not begun because of this" in run.mail.body


def test_a_schema_with_other_columns(stack: DeployedStack):
    stack.upload_interactions("other")
    first = stack.run("other", untrained("other"))
    rows = interactions_csv().splitlines()
    wider = "\n".join([f"{rows[0]},EVENT_VALUE", *(f"{row},1.5" for row in rows[1:])])
    stack.upload("other/Interactions/interactions.csv", wider)
    document = untrained("other")
    fields = [*INTERACTIONS_SCHEMA["fields"], {"name": "EVENT_VALUE", "type": ["float", "null"]}]
    document["datasets"]["Interactions"]["schema"] = {**INTERACTIONS_SCHEMA, "fields": fields}

    second = stack.run("other", document)

    assert first.status == "SUCCEEDED"
    title = f"dataset {first.step('Dataset')['name']}"
    assert_failed(
        second, title, "ResourceChanged", "EVENT_VALUE", "only Items and Users datasets can take new columns"
    )


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerException"])
def test_a_busy_moment_is_waited_for_and_the_reason_is_shown(stack: DeployedStack, code: str):
    stack.upload_interactions("busy")
    # Each look at it makes three attempts: more than the SDK's own patience.
    stack.refuse_next("CreateDatasetGroup", 5, code)  # the plan does not call it

    run = stack.run("busy", untrained("busy"))

    assert run.status == "SUCCEEDED", run.cause
    assert run.step("DatasetGroup")["did"] == "created"
    (child,) = (one for one in children(stack, run.name) if "-DatasetGroup-" in one["name"])
    history = stack.client("stepfunctions").get_execution_history(executionArn=child["executionArn"])
    assert code.removesuffix("Exception") in json.dumps(history["events"], default=str)


# --- time -------------------------------------------------------------------------------------------------


def test_a_task_that_takes_too_long(stack: DeployedStack):
    stack.upload_interactions("slow")
    stack.refuse_next("CreateDatasetGroup", 100)

    def hurry(definition: dict[str, Any]) -> None:
        definition["States"]["DatasetGroup"]["TimeoutSeconds"] = 2

    with changed_pipeline(stack, hurry):
        run = stack.run("slow", untrained("slow"))

    stop(stack, run.name)
    assert_failed(run, "dataset group slow", "States.Timeout", "timed out after 2 seconds")


def test_a_nested_execution_that_somebody_stops(stack: DeployedStack):
    stack.upload_interactions("stopped")
    stack.refuse_next("CreateDatasetGroup", 100)
    key = "stopped/params.json"
    name = execution_name(stack.bucket, key, stack.upload(key, json.dumps(untrained("stopped"))))
    deadline = time.monotonic() + 30
    while not [one for one in children(stack, name) if "-DatasetGroup-" in one["name"]]:
        assert time.monotonic() < deadline
        time.sleep(0.2)

    stop(stack, name)

    run = stack.ended(name)
    assert_failed(run, "dataset group stopped", "ABORTED")


def stop(stack: DeployedStack, name: str) -> None:
    for child in children(stack, name):
        if child["status"] == "RUNNING":
            stack.client("stepfunctions").stop_execution(executionArn=child["executionArn"])
