"""Metric attributions: what events and imports are worth, in CloudWatch and S3 (moto's, on a socket)."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.support.batches import refusal
from tests.support.local_server import REGION
from tests.support.world import ARN, ROLE, World, eventually, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

BUCKET = "attribution"
COUNT = {"metricName": "watched", "eventType": "watch", "expression": "SAMPLECOUNT()"}
PRICES = {"metricName": "prices", "eventType": "Watch", "expression": "SUM(Items.PRICE)"}
VALUES = {"metricName": "values", "eventType": "watch", "expression": "SUM(Interactions.EVENT_VALUE)"}


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    """A group with data; tests of rules make and delete their attribution."""
    club = World(local, s3, "attribution-club")
    club.fill()
    s3.put(BUCKET, {})
    return club


def create(world: World, name: str = "impact", **more: Any) -> str:
    made: str = world.api.create_metric_attribution(
        name=f"{world.name}-{name}",
        datasetGroupArn=more.pop("group", world.group),
        metrics=more.pop("metrics", [COUNT]),
        metricsOutputConfig={"roleArn": ROLE, **more.pop("output", {})},
    )["metricAttributionArn"]
    return made


def reports(world: World, folder: str) -> dict[str, list[dict[str, str]]]:
    """The rows of all reports in a folder, by import method."""
    client = world.s3.client
    found: dict[str, list[dict[str, str]]] = {}
    for item in client.list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/").get("Contents", []):
        title, method, moment = item["Key"].removeprefix(f"{folder}/").split(" - ")
        assert title == "AggregatedAttributionMetrics"
        assert moment.endswith(".csv")
        body = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read().decode()
        found.setdefault(method, []).extend(csv.DictReader(io.StringIO(body)))
    return found


def by_source(rows: list[dict[str, str]]) -> dict[tuple[str, str], float]:
    """Values by metric and source, intervals and reports summed up."""
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row["METRIC_NAME"], row["EVENT_ATTRIBUTION_SOURCE"]
        sums[key] = sums.get(key, 0.0) + float(row["VALUE"])
    return sums


def cloudwatch(world: World, metric: str, source: str) -> float:
    client = boto3.session.Session().client(
        "cloudwatch",
        endpoint_url=world.s3.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    now = datetime.now(UTC)
    found = client.get_metric_statistics(
        Namespace="AWS/Personalize",
        MetricName=metric,
        Dimensions=[
            {"Name": "DatasetGroupArn", "Value": world.group},
            {"Name": "EventType", "Value": "watch"},
            {"Name": "EventAttributionSource", "Value": source},
        ],
        StartTime=now - timedelta(days=20),
        EndTime=now + timedelta(hours=1),
        Period=86_400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_events_are_reported_by_where_they_came_from(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(environment={"AWS_ENDPOINT_URL_CLOUDWATCH": s3.url}), s3, "live")
    world.fill()
    s3.put(BUCKET, {})
    campaign = world.campaign(world.version(world.solution("aws-popularity-count")), "c")
    tracking = world.tracker()
    world.put(tracking, "u1", "i9")  # before the attribution: not reported
    output = {"s3DataDestination": {"path": f"s3://{BUCKET}/live"}}
    attribution = create(world, metrics=[COUNT, PRICES, VALUES], output=output)
    world.wait("metric_attribution", attribution)
    shown = world.runtime.get_recommendations(campaignArn=campaign, userId="u1")["recommendationId"]
    mail: dict[str, Any] = {"metricAttribution": {"eventAttributionSource": "mail"}}

    world.put(tracking, "u1", "i2", "i4", eventValue=2.5, recommendationId=shown)
    world.put(tracking, None, "i4", recommendationId=shown, **mail)
    world.put(tracking, "u2", "i6", recommendationId="RID-of-somebody-else")
    world.put(tracking, "u2", "i6", kind="click")

    expected = {
        ("watched", campaign): 2.0,
        ("watched", "mail"): 1.0,
        ("watched", "SOURCE_NAME_UNDEFINED"): 1.0,
        ("prices", campaign): 7.0,
        ("prices", "mail"): 4.5,
        ("prices", "SOURCE_NAME_UNDEFINED"): 6.5,
        ("values", campaign): 5.0,
        ("values", "mail"): 0.0,
        ("values", "SOURCE_NAME_UNDEFINED"): 0.0,
    }
    eventually(lambda: by_source(reports(world, "live").get("PutEvents", [])) == expected, 30)
    rows = reports(world, "live")["PutEvents"]
    assert {row["MATH_FUNCTION"] for row in rows if row["METRIC_NAME"] == "watched"} == {"samplecount"}
    assert {row["EVENT_TYPE"] for row in rows if row["METRIC_NAME"] == "prices"} == {"Watch"}
    assert all(int(row["TIMESTAMP"]) % 900 == 0 for row in rows)
    eventually(lambda: cloudwatch(world, "watched", campaign) == 2.0, 10)
    assert cloudwatch(world, "watched", "mail") == 1.0
    assert cloudwatch(world, "values", campaign) == 5.0


def test_an_import_is_reported_if_it_asks_for_it(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(environment={"AWS_ENDPOINT_URL_CLOUDWATCH": s3.url}), s3, "bulk")
    world.make_group()
    interactions = schema(
        "Interactions",
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["string", "null"]},
        {"name": "TIMESTAMP", "type": "long"},
    )
    world.make_dataset("INTERACTIONS", interactions)
    s3.put(BUCKET, {})
    old = 1_600_000_000
    rows = [
        f"u{n % 50},i{n % 20},{'watch' if n % 2 else 'click'},{'shop' if n % 4 == 1 else ''},{old + n}"
        for n in range(1200)
    ]
    header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP\n"
    output = {"s3DataDestination": {"path": f"s3://{BUCKET}/bulk/"}}
    world.wait("metric_attribution", create(world, output=output))

    def load(name: str, lines: list[str], mode: str, *, report: bool) -> None:
        s3.put("club", {f"bulk/{name}.csv": header + "\n".join(lines) + "\n"})
        made = world.api.create_dataset_import_job(
            jobName=f"bulk-{name}",
            datasetArn=world.dataset("INTERACTIONS"),
            dataSource={"dataLocation": f"s3://club/bulk/{name}.csv"},
            roleArn=ROLE,
            importMode=mode,
            publishAttributionMetricsToS3=report,
        )["datasetImportJobArn"]
        world.wait("dataset_import_job", made)

    load("unreported", rows, "FULL", report=False)
    assert reports(world, "bulk") == {}
    load("reported", rows, "FULL", report=True)

    expected = {("watched", "shop"): 300.0, ("watched", "SOURCE_NAME_UNDEFINED"): 300.0}
    assert by_source(reports(world, "bulk")["BulkImport"]) == expected
    now = int(time.time())
    recent = [f"u{n},i1,watch,new-shop,{now - n}" for n in range(1000)]
    load("incremental", recent, "INCREMENTAL", report=False)
    assert by_source(reports(world, "bulk")["BulkImport"]) == expected
    assert cloudwatch(world, "watched", "new-shop") == 1000.0
    assert cloudwatch(world, "watched", "shop") == 0.0


def test_without_cloudwatch_the_log_says_so_and_all_else_goes_on(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    server = start_local()
    world = World(server, s3, "alone")
    world.make_group()
    world.make_dataset("INTERACTIONS")
    tracking = world.tracker()
    s3.put(BUCKET, {})
    output = {"s3DataDestination": {"path": f"s3://{BUCKET}/alone/"}}
    world.wait("metric_attribution", create(world, output=output))

    world.put(tracking, "u1", "i1")

    eventually(lambda: any("does not know where CloudWatch is" in line for line in server.log), 30)
    eventually(lambda: "PutEvents" in reports(world, "alone"), 10)


def test_a_report_that_could_not_be_delivered_comes_later_and_a_kill_does_not_lose_it(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(), s3, "later")
    world.make_group()
    world.make_dataset("INTERACTIONS")
    s3.put("gone-for-a-while", {})
    output = {"s3DataDestination": {"path": "s3://gone-for-a-while/later/"}}
    attribution = create(world, output=output)
    world.wait("metric_attribution", attribution)
    tracking = world.tracker()
    s3.client.delete_bucket(Bucket="gone-for-a-while")
    world.put(tracking, "u1", "i1")
    eventually(lambda: any("not reported, is tried again" in line for line in world.server.log), 30)

    world.server.stop(kill=True)
    s3.put("gone-for-a-while", {})
    world.server.start()

    def delivered() -> int:
        return int(s3.client.list_objects_v2(Bucket="gone-for-a-while")["KeyCount"])

    eventually(lambda: delivered() == 1, 30)
    eventually(lambda: not list((world.server.data / "reports").glob("*/*")), 10)
    world.api.delete_metric_attribution(metricAttributionArn=attribution)
    world.wait_until_gone("metric_attribution", attribution)
    assert not list((world.server.data / "reports").glob("*"))


def test_metrics_are_listed_in_pages_added_and_removed(club: World) -> None:
    names = [f"m{number}" for number in range(9)]
    arn = create(club, "listed", metrics=[{**COUNT, "metricName": name} for name in names])
    club.wait("metric_attribution", arn)

    def listed(size: int) -> list[str]:
        pages = club.api.get_paginator("list_metric_attribution_metrics").paginate(
            metricAttributionArn=arn, PaginationConfig={"PageSize": size}
        )
        return [metric["metricName"] for page in pages for metric in page["metrics"]]

    assert listed(2) == listed(100) == names
    first = club.api.list_metric_attribution_metrics(metricAttributionArn=arn, maxResults=4)
    new = {"s3DataDestination": {"path": f"s3://{BUCKET}/new/"}, "roleArn": ROLE}
    club.api.update_metric_attribution(
        metricAttributionArn=arn, addMetrics=[VALUES], removeMetrics=["m0", "m5"], metricsOutputConfig=new
    )
    assert listed(3) == ["m1", "m2", "m3", "m4", "m6", "m7", "m8", "values"]
    rest = club.api.list_metric_attribution_metrics(metricAttributionArn=arn, nextToken=first["nextToken"])
    assert [one["metricName"] for one in rest["metrics"]] == ["m4", "m6", "m7", "m8", "values"]
    found = club.api.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
    assert found["metricsOutputConfig"] == new
    [summary] = club.api.list_metric_attributions(datasetGroupArn=club.group)["metricAttributions"]
    assert summary["metricAttributionArn"] == arn

    code, text = refusal(
        lambda: club.api.update_metric_attribution(
            metricAttributionArn=arn,
            addMetrics=[{**COUNT, "metricName": "m1"}, *({**COUNT, "metricName": f"n{n}"} for n in range(3))],
            removeMetrics=["none"],
        )
    )
    assert code == "InvalidInputException"
    for part in ("'none' is not a metric of it", "12 metrics, at most 10", "'m1' is used more than once"):
        assert part in text
    assert "required" in refusal(club.api.update_metric_attribution)[1]
    club.api.delete_metric_attribution(metricAttributionArn=arn)
    club.wait_until_gone("metric_attribution", arn)


def test_metrics_of_an_attribution_that_is_not_there_are_an_invalid_input(club: World) -> None:
    """ListMetricAttributionMetrics has no ResourceNotFoundException."""
    nowhere = "arn:aws:personalize:us-east-1:000000000000:metric-attribution/none"

    code, text = refusal(lambda: club.api.list_metric_attribution_metrics(metricAttributionArn=nowhere))

    assert (code, nowhere in text) == ("InvalidInputException", True)


def test_what_cannot_be_measured_is_refused_with_all_reasons(club: World) -> None:
    wrong = [
        {**COUNT, "metricName": "a", "expression": "COUNT()"},
        {**COUNT, "metricName": "b", "expression": "SUM(Items.GENRE)"},
        {**COUNT, "metricName": "c", "expression": "SUM(Items.PRIZE)"},
        {**COUNT, "metricName": "d", "expression": "SUM(Users.AGE)"},
    ]
    output = {"s3DataDestination": {"path": "http://x/y"}}

    code, text = refusal(lambda: create(club, "wrong", metrics=wrong, output=output))

    assert code == "InvalidInputException"
    for part in (
        "Invalid S3 output path",
        "metrics[0].expression: 'COUNT()' is not an expression",
        "metrics[1].expression: GENRE has type string",
        "no column 'PRIZE'. Did you mean 'PRICE'?",
        "metrics[3].expression",
    ):
        assert part in text
    nowhere = refusal(lambda: create(club, "wrong", group=f"{ARN}dataset-group/none"))
    assert nowhere[0] == "ResourceNotFoundException"


def test_a_bucket_that_is_not_there_fails_the_attribution(club: World) -> None:
    output = {"s3DataDestination": {"path": "s3://no-such-bucket-at-all/x/"}}

    arn = create(club, "bucketless", output=output)
    found = club.wait("metric_attribution", arn, status="CREATE FAILED")

    assert "no-such-bucket-at-all" in found["failureReason"]
    club.api.delete_metric_attribution(metricAttributionArn=arn)
    club.wait_until_gone("metric_attribution", arn)


def test_one_per_group_and_datasets_stay_while_it_is_there(club: World) -> None:
    arn = create(club, "only")
    club.wait("metric_attribution", arn)

    assert refusal(lambda: create(club, "only"))[0] == "ResourceAlreadyExistsException"
    assert refusal(lambda: create(club, "second")) == (
        "ResourceAlreadyExistsException",
        f"Another resource with Arn {arn} already exists.",
    )
    code, text = refusal(lambda: club.api.delete_dataset(datasetArn=club.dataset("ITEMS")))
    assert code == "ResourceInUseException"
    assert arn in text
    assert arn in refusal(lambda: club.api.delete_dataset_group(datasetGroupArn=club.group))[1]
    club.api.delete_metric_attribution(metricAttributionArn=arn)
    club.wait_until_gone("metric_attribution", arn)
    assert club.api.describe_dataset(datasetArn=club.dataset("ITEMS"))["dataset"]["status"] == "ACTIVE"
