"""The examples in the forms of older pipelines (example/dialects/), from the upload to the mail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployed_stack import DATA_BUCKET, ROOT, DeployedStack, Run

from personalize_pipeline.params import main_form
from personalize_pipeline.scheduling.names import of_dataset_group

EXAMPLES = ROOT / "example" / "dialects"


def example(stack: DeployedStack, name: str) -> dict[str, Any]:
    """The params file, with the stack's bucket for the placeholder, as docs/older-files.md says."""
    text = (EXAMPLES / name / "params.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text.replace("your-bucket", stack.bucket))
    return document


def upload(stack: DeployedStack, data: str, prefix: str) -> None:
    """`aws s3 sync example/dialects/data/DATA s3://BUCKET/PREFIX`."""
    folder = EXAMPLES / "data" / data
    for file in sorted(folder.rglob("*.*")):
        stack.upload(f"{prefix}/{file.relative_to(folder)}", file.read_bytes())


def kinds(run: Run) -> dict[str, list[str]]:
    """What was made of each kind of resource, by name."""
    made: dict[str, list[str]] = {}
    for (resource, name), did in sorted(run.did().items()):
        assert did != "failed", (resource, name)
        made.setdefault(resource, []).append(name)
    return made


def files(stack: DeployedStack, location: str) -> list[str]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return [
        one["Key"]
        for one in stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    ]


# --- for a single dataset -----------------------------------------------------------------------------------


@contextmanager
def bucket_of_others(stack: DeployedStack, name: str, *, key: str) -> Iterator[None]:
    """A bucket outside of the stack, which lets Amazon Personalize in."""
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    body = (EXAMPLES / "data" / "films" / "Interactions" / "interactions.csv").read_bytes()
    s3.put_object(Bucket=name, Key=key, Body=body)
    try:
        yield
    finally:
        s3.delete_object(Bucket=name, Key=key)
        s3.delete_bucket(Bucket=name)


def test_the_single_dataset_input_is_pasted_into_start_execution_with_data_anywhere(
    stack: DeployedStack,
):
    document = example(stack, "single-dataset") | {"Bucket": DATA_BUCKET, "Key": "club/events.csv"}

    with bucket_of_others(stack, DATA_BUCKET, key="club/events.csv"):
        run = stack.start(document, "single-dataset-1")
        again = stack.start(document, "single-dataset-2")

    assert run.status == "SUCCEEDED", run.cause
    assert (
        kinds(run).items()
        >= {
            "DatasetGroup": ["single"],
            "Schema": ["single-interactions-schema"],
            "Dataset": ["single-interactions"],
            "DatasetImport": ["single-interactions"],
            "Solution": ["single-for-you"],
            "SolutionVersion": ["single-for-you"],
            "Campaign": ["single-for-you"],
        }.items()
    )
    assert run.mail.subject == "Succeeded: single"
    for part in (
        "in the form for a single dataset",
        "aws-hrnn is no longer available",
        "get-recommendations",
    ):
        assert part in run.mail.body.replace("\n", " ")
    # The stack may look into the bucket (DataBucketArns), so it sees that the data is the same.
    assert again.step("DatasetImport")["did"] == "reused"


def test_data_in_a_bucket_that_may_not_be_read_is_told_with_both_ways_in(stack: DeployedStack):
    bucket, key = "e2e-data-closed", "events.csv"
    document = example(stack, "single-dataset") | {"Bucket": bucket, "Key": key}
    iam = stack.client("iam")

    with bucket_of_others(stack, bucket, key=key):
        denied = stack.start(document, "single-dataset-denied")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = iam.create_role(
            RoleName="e2e-reads-closed",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        reads = {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        iam.put_role_policy(
            RoleName="e2e-reads-closed",
            PolicyName="read",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [reads]}),
        )
        allowed = stack.start(document | {"RoleArn": role}, "single-dataset-role")

    assert denied.status == "FAILED"
    body = denied.mail.body.replace("\n", " ")
    for part in (
        "Insufficient privileges",
        f"DataBucketArns (arn:aws:s3:::{bucket})",
        "roleArn",
        "docs/data-elsewhere.md",
    ):
        assert part in body
    assert allowed.status == "SUCCEEDED", allowed.cause
    assert f"may not look into s3://{bucket}/{key}" in allowed.mail.body.replace("\n", " ")


# --- one solution, named slots ------------------------------------------------------------------------------


def test_the_example_with_one_solution_and_one_campaign(stack: DeployedStack):
    upload(stack, "films", "one-solution")

    run = stack.run("one-solution", example(stack, "one-solution"))

    assert run.status == "SUCCEEDED", run.cause
    made = kinds(run)
    assert made["Solution"] == ["one-choice-popularity-count", "one-choice-user-personalization-v2"]
    assert made["Campaign"] == ["one-for-you"]
    assert made["DatasetImport"] == ["one-interactions", "one-items", "one-users"]
    assert (made["EventTracker"], made["Filter"]) == (["one-events"], ["one-unseen"])
    assert run.mail.subject == "Succeeded: one"
    assert "in the form with one 'solution' and one 'campaign'" in run.mail.body.replace("\n", " ")


def test_the_example_with_named_slots(stack: DeployedStack):
    upload(stack, "films", "named-slots")

    run = stack.run("named-slots", example(stack, "named-slots"))

    assert run.status == "SUCCEEDED", run.cause
    made = kinds(run)
    assert made["Solution"] == made["Campaign"] == ["slots-for-you", "slots-like-this", "slots-ranked"]
    assert run.mail.subject == "Succeeded: slots"
    assert "in the form with named slots" in run.mail.body.replace("\n", " ")


# --- everything inside serviceConfig ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param("media", "films", {"Recommender": ["media-popular"]}, id="media"),
        pytest.param(
            "retail", "shop", {"Recommender": ["retail-also-viewed", "retail-for-you"]}, id="retail"
        ),
    ],
)
def test_the_nested_example_of_a_domain(
    stack: DeployedStack, name: str, data: str, expected: dict[str, list[str]]
):
    upload(stack, data, f"dialects/{data}")
    document = example(stack, name)

    run = stack.run(name, document)

    assert run.status == "SUCCEEDED", run.cause
    made = kinds(run)
    words = ("interactions", "items", "users")
    assert made["DatasetImport"] == [f"{name}-{word}" for word in words]
    assert len(made["Filter"]) == 2
    assert made["EventTracker"] == [f"{name}-events"]
    assert made["Solution"] == [f"{name}-fans", f"{name}-ranked", f"{name}-similar"]
    assert made["Campaign"] == [f"{name}-ranked"]
    assert made["Recommender"] == expected["Recommender"]
    for kind, words_ in (("BatchInferenceJob", "similar"), ("BatchSegmentJob", "fans")):
        output = run.step(kind)["details"]["output"]
        assert output == f"s3://{stack.bucket}/{name}/batch-output/{name}-{words_}/"
        assert any(key.endswith("items.json.out") for key in files(stack, output))
    assert run.mail.subject == f"Succeeded: {name}"
    assert "in the form with everything inside 'serviceConfig'" in run.mail.body.replace("\n", " ")
    assert "get-recommendations --recommender-arn" in run.mail.body
    schemas = {one["name"] for one in stack.client("personalize").list_schemas()["schemas"]}
    assert {f"{name}-{word}Schema-v1" for word in ("Interactions", "Items", "Users")} <= schemas


def test_the_nested_example_with_five_dataset_types(stack: DeployedStack):
    upload(stack, "films", "dialects/films")

    run = stack.run("media-custom", example(stack, "media-custom"))

    assert run.status == "SUCCEEDED", run.cause
    made = kinds(run)
    words = ("actioninteractions", "actions", "interactions", "items", "users")
    assert made["DatasetImport"] == [f"custom-{word}" for word in words]
    assert made["Campaign"] == ["custom-next-action", "custom-ranked"]
    assert (len(made["BatchInferenceJob"]), len(made["BatchSegmentJob"])) == (1, 1)
    assert run.mail.subject == "Succeeded: custom"
    answer = stack.client("personalize-runtime").get_action_recommendations(
        campaignArn=run.step("Campaign", "custom-next-action")["arn"], userId="user-01"
    )
    assert answer["actionList"]


# --- serviceConfig and workflowConfig -----------------------------------------------------------------------


def test_the_example_with_schedules(stack: DeployedStack):
    upload(stack, "films", "schedules")
    document = example(stack, "schedules")
    wanted = main_form(document)["schedules"]
    assert set(wanted) == {"import", "retrain", "batch"}

    run = stack.run("schedules", document)

    assert run.status == "SUCCEEDED", run.cause
    made = kinds(run)
    assert made["Solution"] == ["clocks-for-you", "clocks-popular", "clocks-similar"]
    assert made["Campaign"] == ["clocks-for-you"]
    assert files(stack, run.step("BatchInferenceJob")["details"]["output"])
    clocks = {"GroupName": stack.NAME, "NamePrefix": of_dataset_group("clocks")}
    found = stack.client("scheduler").list_schedules(**clocks)["Schedules"]
    assert len(found) == 5  # one for each expression
    assert run.mail.subject == "Succeeded: clocks"
    # The clocks go with the section.
    assert (
        stack.run("schedules", {**main_form(document), "schedules": {}, "solutions": []}).status
        == "SUCCEEDED"
    )
    assert stack.client("scheduler").list_schedules(**clocks)["Schedules"] == []
    assert "in the form with 'serviceConfig' and 'workflowConfig'" in run.mail.body.replace("\n", " ")


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    names = [path.parent.name for path in EXAMPLES.glob("*/params.json")]

    assert len(names) == 7
    assert [name for name in names if f'"{name}"' not in here] == []
