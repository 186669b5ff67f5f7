"""What one step of a deletion does for each thing that it can meet; what Personalize answers is scripted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from personalize_pipeline import clients
from personalize_pipeline.deletion.delete import delete
from personalize_pipeline.errors import PermissionMissing, ResourceFailed

ARN = "arn:aws:personalize:us-east-1:123456789012:"
SOLUTION = {"kind": "Solution", "name": "films", "arn": f"{ARN}solution/films"}
DATASET = {"kind": "Dataset", "name": "films-items", "arn": f"{ARN}dataset/films/ITEMS"}
SCHEMA = {"kind": "Schema", "name": "films", "arn": f"{ARN}schema/films"}
NOW = datetime.now(UTC)


def event(want: dict[str, str], *, started: datetime = NOW, **last: Any) -> dict[str, Any]:
    run = {
        "id": "films-destroy-1",
        "execution": "arn:aws:states:us-east-1:123456789012:execution:delete:films-destroy-1",
        "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:delete",
        "startTime": started.isoformat(),
    }
    before = {"done": False, "arn": want["arn"], "name": want["name"], "status": "ACTIVE", **last}
    context = {"run": run, "startedAt": started.isoformat()}
    return {"want": want, "context": context | ({"last": before} if last else {})}


@pytest.fixture
def personalize(monkeypatch):
    client = boto3.client(
        "personalize", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    monkeypatch.setattr(clients, "personalize", lambda: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def versions(*statuses: str) -> dict[str, Any]:
    return {
        "solutionVersions": [
            {"solutionVersionArn": f"{ARN}solution/films/{number}", "status": status}
            for number, status in enumerate(statuses)
        ]
    }


def test_what_is_not_there_is_done_and_was_not_deleted_now(personalize):
    personalize.add_client_error("describe_dataset", "ResourceNotFoundException")

    step = delete(event(DATASET))

    assert (step["done"], step["status"], step["did"]) == (True, "GONE", None)


def test_what_was_deleted_a_turn_before_is_deleted(personalize):
    personalize.add_client_error("describe_dataset", "ResourceNotFoundException")

    step = delete(event(DATASET, did="deleted"))

    assert (step["done"], step["did"]) == (True, "deleted")


@pytest.mark.parametrize("status", ["CREATE PENDING", "CREATE IN_PROGRESS", "UPDATE IN_PROGRESS"])
def test_what_is_being_made_is_waited_for(personalize, status):
    personalize.add_response("describe_dataset", {"dataset": {"status": status}})

    step = delete(event(DATASET))

    assert (step["done"], step["status"], step["did"]) == (False, status, None)
    assert step["reason"] == f"it is {status}; it can be deleted after that"


def test_what_is_on_its_way_out_is_waited_for(personalize):
    personalize.add_response("describe_dataset", {"dataset": {"status": "DELETE IN_PROGRESS"}})

    step = delete(event(DATASET, did="deleted"))

    assert (step["done"], step["status"], step["did"]) == (False, "DELETE IN_PROGRESS", "deleted")


def test_what_failed_is_deleted_as_well(personalize):
    personalize.add_response("describe_dataset", {"dataset": {"status": "CREATE FAILED"}})
    personalize.add_response("delete_dataset", {}, {"datasetArn": DATASET["arn"]})

    step = delete(event(DATASET))

    assert (step["done"], step["status"], step["did"]) == (False, "DELETE PENDING", "deleted")


def test_trainings_that_run_are_stopped_before_the_solution_goes(personalize):
    personalize.add_response("describe_solution", {"solution": {"status": "ACTIVE"}})
    personalize.add_response(
        "list_solution_versions", versions("ACTIVE", "CREATE FAILED", "CREATE IN_PROGRESS", "CREATE STOPPING")
    )
    personalize.add_response(
        "stop_solution_version_creation", {}, {"solutionVersionArn": f"{ARN}solution/films/2"}
    )

    step = delete(event(SOLUTION))

    assert step["done"] is False
    assert step["reason"] == "the training of solution/films/2, solution/films/3 is stopped"


def test_versions_that_failed_or_were_stopped_do_not_keep_the_solution(personalize):
    personalize.add_response("describe_solution", {"solution": {"status": "ACTIVE"}})
    personalize.add_response("list_solution_versions", versions("CREATE FAILED", "CREATE STOPPED"))
    personalize.add_response("delete_solution", {}, {"solutionArn": SOLUTION["arn"]})

    assert delete(event(SOLUTION))["did"] == "deleted"


def test_what_something_else_still_uses_is_waited_for_with_the_reason(personalize):
    personalize.add_response("describe_dataset", {"dataset": {"status": "ACTIVE"}})
    personalize.add_client_error("delete_dataset", "ResourceInUseException", "a batch job uses it")

    step = delete(event(DATASET))

    assert (step["done"], step["reason"]) == (False, "ResourceInUse: a batch job uses it")


def test_after_twelve_hours_it_gives_up_and_says_why(personalize):
    personalize.add_response("describe_dataset", {"dataset": {"status": "ACTIVE"}})
    personalize.add_client_error("delete_dataset", "ResourceInUseException", "a batch job uses it")

    with pytest.raises(ResourceFailed) as failed:
        delete(event(DATASET, started=NOW - timedelta(hours=13)))

    assert str(failed.value) == (
        "dataset/films/ITEMS is WAITING and could not be deleted for 12 hours. "
        "ResourceInUse: a batch job uses it"
    )


def test_a_schema_is_gone_at_once(personalize):
    personalize.add_response("describe_schema", {"schema": {}})
    personalize.add_response("delete_schema", {}, {"schemaArn": SCHEMA["arn"]})

    step = delete(event(SCHEMA))

    assert (step["done"], step["status"], step["did"]) == (True, "GONE", "deleted")


def test_a_missing_right_is_no_reason_to_wait(personalize):
    personalize.add_client_error("describe_dataset", "AccessDeniedException", "not authorized")

    with pytest.raises(PermissionMissing, match=r"dataset/films/ITEMS: not authorized\. Deploy the stack"):
        delete(event(DATASET))


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("INPUT_BUCKET", "input")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="input")
        s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Enabled"})
        monkeypatch.setattr(clients, "s3", lambda: s3)
        yield s3


def keys(s3: Any) -> list[str]:
    page = s3.list_object_versions(Bucket="input")
    return sorted(item["Key"] for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])])


@pytest.mark.parametrize(
    ("place", "left"),
    [
        pytest.param("Items/", ["Items.csv", "Items/old/c.csv"], id="a folder, without its own"),
        pytest.param("Items/a.csv", ["Items.csv", "Items/a.csv.gz", "Items/old/c.csv"], id="one file"),
    ],
)
def test_data_goes_in_all_versions_and_only_what_was_imported(bucket, place, left):
    for key in ("Items/a.csv", "Items/a.csv", "Items/a.csv.gz", "Items/old/c.csv"):
        bucket.put_object(Bucket="input", Key=key, Body=b"x")
    bucket.put_object(Bucket="input", Key="Items.csv", Body=b"x")
    bucket.delete_object(Bucket="input", Key="Items/a.csv")
    want = {"kind": "Data", "name": "data", "arn": f"s3://input/{place}"}

    first = delete(event(want))
    second = delete(event(want, did=first["did"]))

    assert (first["done"], first["did"]) == (False, "deleted")
    assert (second["done"], second["did"]) == (True, "deleted")
    assert keys(bucket) == left


def test_data_in_another_bucket_is_left_alone(bucket):
    with pytest.raises(ResourceFailed, match="s3://theirs/films/ is not in the input bucket"):
        delete(event({"kind": "Data", "name": "data", "arn": "s3://theirs/films/"}))
