"""Batch jobs and metric attributions with IAM enforced by a real MiniStack: as their roles, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.batches import BUCKET, Batches, refusal
from tests.support.local_server import ACCOUNT, REGION, LocalServer
from tests.support.ministack_server import MiniStack, allow, document
from tests.support.s3_server import S3Server
from tests.support.world import ROLE, World, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

SERVICE = "personalize.amazonaws.com"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": SERVICE},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "StringLike": {"aws:SourceArn": f"arn:aws:personalize:{REGION}:{ACCOUNT}:*"},
    },
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with MiniStack(tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture(scope="module")
def club(aws: MiniStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A group with data, whose buckets let the service do everything: roles make the difference."""
    s3 = S3Server(aws.url)
    aws.role(ROLE.rpartition("/")[2], allow("s3:*"), trust=TRUST)
    for bucket in ("club", BUCKET):
        s3.put(bucket, {"empty": ""})
        everything = allow(
            "s3:*", on=[f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], Principal={"Service": SERVICE}
        )
        s3.client.put_bucket_policy(Bucket=bucket, Policy=document(everything))
    arguments = ("--iam-endpoint", aws.url)
    with LocalServer(tmp_path_factory.mktemp("local"), arguments, aws.environment) as server:
        world = World(server, s3, "iam-club")
        world.fill()
        yield world


@pytest.fixture(scope="module")
def version(club: World) -> str:
    return club.version(club.solution("aws-popularity-count"))


def reading() -> dict[str, Any]:
    return allow("s3:GetObject", "s3:ListBucket")


def test_a_job_reads_and_writes_as_its_role(aws: MiniStack, club: World, version: str) -> None:
    role = aws.role("batch", reading(), allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/*"), trust=TRUST)

    [line] = Batches(club, "inference").run(version, "allowed", {"userId": "u1"}, roleArn=role)

    assert line["output"]["recommendedItems"]


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("only-reads", [reading()]),
        ("only-writes", [allow("s3:PutObject")]),
        ("writes-elsewhere", [reading(), allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/elsewhere/*")]),
    ],
)
def test_a_job_whose_role_lacks_a_right_fails_and_says_which(
    aws: MiniStack, club: World, version: str, name: str, statements: list[dict[str, Any]]
) -> None:
    jobs = Batches(club, "inference")
    role = aws.role(name, *statements, trust=TRUST)
    jobs.put(name, {"userId": "u1"})

    found = jobs.wait(jobs.create(version, name, roleArn=role), status="CREATE FAILED")

    assert "Insufficient privileges for accessing data in Amazon S3." in found["failureReason"]
    assert role in found["failureReason"]


def attribution(club: World, name: str, role: str, **client: Any) -> str:
    api = client.get("api", club.api)
    made: str = api.create_metric_attribution(
        name=name,
        datasetGroupArn=club.group,
        metrics=[{"metricName": "watched", "eventType": "watch", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={
            "roleArn": role,
            "s3DataDestination": {"path": f"s3://{BUCKET}/reports/"},
        },
    )["metricAttributionArn"]
    return made


def test_an_attribution_needs_both_rights_of_its_role(aws: MiniStack, club: World) -> None:
    role = aws.role("powerless", trust=TRUST)

    arn = attribution(club, "powerless", role)
    found = club.wait("metric_attribution", arn, status="CREATE FAILED")

    for part in ("s3:PutObject", "cloudwatch:PutMetricData"):
        assert part in found["failureReason"]
    club.api.delete_metric_attribution(metricAttributionArn=arn)
    club.wait_until_gone("metric_attribution", arn)


def test_creating_an_attribution_needs_pass_role_on_its_role(aws: MiniStack, club: World) -> None:
    caller = aws.role("measurer", allow("personalize:*"))
    api = club.server.client("personalize", **aws.session(caller))
    role = aws.role("passed", trust=TRUST)

    code, text = refusal(lambda: attribution(club, "not-passed", role, api=api))

    assert code == "AccessDeniedException"
    assert f"iam:PassRole on resource: {role}" in text


def test_events_reach_cloudwatch_and_s3_as_the_role(aws: MiniStack, club: World) -> None:
    writing = allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/*")
    role = aws.role("reporter", allow("cloudwatch:PutMetricData"), writing, trust=TRUST)
    club.wait("metric_attribution", attribution(club, "reported", role))

    club.put(club.tracker(), "u1", "i1", "i2")

    def metrics() -> list[dict[str, Any]]:
        found = aws.client("cloudwatch").list_metrics(Namespace="AWS/Personalize", MetricName="watched")
        return list(found["Metrics"])

    eventually(lambda: bool(metrics()), 30)
    assert {one["Name"]: one["Value"] for one in metrics()[0]["Dimensions"]} == {
        "DatasetGroupArn": club.group,
        "EventType": "watch",
        "EventAttributionSource": "SOURCE_NAME_UNDEFINED",
    }

    def reports() -> list[Any]:
        found = club.s3.client.list_objects_v2(Bucket=BUCKET, Prefix="reports/")
        return list(found.get("Contents", []))

    eventually(lambda: len(reports()) == 1, 10)
