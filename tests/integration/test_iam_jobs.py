"""Export and deletion jobs with a service role, checked by the IAM of a real MiniStack."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.local_server import ACCOUNT, REGION, LocalServer
from tests.support.ministack_server import MiniStack, allow, document
from tests.support.world import SCHEMAS, users

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

SERVICE = "personalize.amazonaws.com"
BUCKET = "jobs"
GROUP = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset-group/jobs"
DATASET = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/jobs/USERS"
TRUST = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
READING = [
    allow("s3:ListBucket", on=f"arn:aws:s3:::{BUCKET}"),
    allow("s3:GetObject", on=f"arn:aws:s3:::{BUCKET}/*"),
]
WRITING = [allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/out/*")]
DENIED = "Insufficient privileges for accessing data in Amazon S3."


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with MiniStack(tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture(scope="module")
def api(aws: MiniStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Personalize Local that asks MiniStack's IAM, with users that were imported by a role that may."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="Users/users.csv", Body=users().encode())
    s3.put_object(Bucket=BUCKET, Key="forget/users.csv", Body=b"USER_ID\nu1\n")
    let_in(aws, *READING, *WRITING)
    arguments = ("--iam-endpoint", aws.url)
    with LocalServer(tmp_path_factory.mktemp("local"), arguments, aws.environment) as server:
        client: Any = server.personalize
        schema = client.create_schema(name="users", schema=SCHEMAS["USERS"])["schemaArn"]
        client.create_dataset_group(name="jobs")
        end(lambda: client.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
        client.create_dataset(name="users", schemaArn=schema, datasetGroupArn=GROUP, datasetType="USERS")
        end(lambda: client.describe_dataset(datasetArn=DATASET)["dataset"])
        job = client.create_dataset_import_job(
            jobName="users",
            datasetArn=DATASET,
            dataSource={"dataLocation": f"s3://{BUCKET}/Users/"},
            roleArn=aws.role("importer", *READING, trust=TRUST),
        )["datasetImportJobArn"]
        found = end(lambda: client.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
        assert found["status"] == "ACTIVE", found
        yield client


def let_in(aws: MiniStack, *statements: dict[str, Any]) -> None:
    principal = {"Principal": {"Service": SERVICE}}
    policy = document(*({**principal, **statement} for statement in statements))
    aws.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy)


def end(describe: Any) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = describe()
        if found["status"] in ("ACTIVE", "CREATE FAILED", "COMPLETED", "FAILED"):
            return found
        time.sleep(0.1)
    pytest.fail(f"still {found['status']}")


@pytest.mark.parametrize(
    ("role_may", "bucket_lets", "status"),
    [
        pytest.param(WRITING, WRITING, "ACTIVE", id="both"),
        pytest.param(READING, WRITING, "CREATE FAILED", id="role only reads"),
        pytest.param(WRITING, READING, "CREATE FAILED", id="bucket only lets read"),
    ],
)
def test_an_export_needs_the_right_to_write(
    aws: MiniStack,
    api: Any,
    *,
    request: pytest.FixtureRequest,
    role_may: list[dict[str, Any]],
    bucket_lets: list[dict[str, Any]],
    status: str,
) -> None:
    name = "export-" + request.node.callspec.id.replace(" ", "-")
    let_in(aws, *bucket_lets)

    job = api.create_dataset_export_job(
        jobName=name,
        datasetArn=DATASET,
        roleArn=aws.role(name, *role_may, trust=TRUST),
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
        ingestionMode="BULK",
    )["datasetExportJobArn"]
    found = end(lambda: api.describe_dataset_export_job(datasetExportJobArn=job)["datasetExportJob"])

    assert found["status"] == status, found
    there = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"out/{name}/").get("Contents", [])
    assert len(there) == (status == "ACTIVE")
    if status != "ACTIVE":
        assert found["failureReason"].endswith(DENIED)


@pytest.mark.parametrize(
    ("role_may", "bucket_lets", "status"),
    [
        pytest.param(WRITING, READING, "FAILED", id="role only writes"),
        pytest.param(READING, WRITING, "FAILED", id="bucket only lets write"),
        pytest.param(READING, READING, "COMPLETED", id="both"),
    ],
)
def test_a_deletion_needs_the_right_to_read(
    aws: MiniStack,
    api: Any,
    *,
    request: pytest.FixtureRequest,
    role_may: list[dict[str, Any]],
    bucket_lets: list[dict[str, Any]],
    status: str,
) -> None:
    name = "forget-" + request.node.callspec.id.replace(" ", "-")
    let_in(aws, *bucket_lets)

    job = api.create_data_deletion_job(
        jobName=name,
        datasetGroupArn=GROUP,
        roleArn=aws.role(name, *role_may, trust=TRUST),
        dataSource={"dataLocation": f"s3://{BUCKET}/forget/"},
    )["dataDeletionJobArn"]
    found = end(lambda: api.describe_data_deletion_job(dataDeletionJobArn=job)["dataDeletionJob"])

    assert found["status"] == status, found
    if status == "COMPLETED":
        assert found["numDeleted"] == 1
    else:
        assert found["failureReason"].endswith(DENIED)
