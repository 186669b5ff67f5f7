"""Dataset export jobs: what is in the file, who may write it, and that they survive the server."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import ROLE, World, items, refused, schema
from tests.support.world import column as field

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

Row = dict[str, str]


def export(world: World, kind: str, mode: str | None = None, **more: Any) -> list[Row]:
    """The rows of the file that an export has written."""
    name = f"{world.name}-{kind.lower()}-{(mode or 'none').lower()}-{time.monotonic_ns()}"
    made = world.api.create_dataset_export_job(
        jobName=name,
        datasetArn=world.dataset(kind),
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": "s3://club/exports/", **more}},
        **({"ingestionMode": mode} if mode else {}),
    )["datasetExportJobArn"]
    world.wait("dataset_export_job", made)
    found = world.s3.client.list_objects_v2(Bucket="club", Prefix=f"exports/{name}/")["Contents"]
    text = [
        world.s3.client.get_object(Bucket="club", Key=one["Key"])["Body"].read().decode() for one in found
    ]
    assert len(text) == 1
    return list(csv.DictReader(io.StringIO(text[0]), escapechar="\\", doublequote=False))


@pytest.fixture(scope="module")
def filled(club: World) -> World:
    """The club's data, an item imported again, items put one by one, and an event sent twice."""
    club.load("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE\ni1,Again,Drama,2.5\n", job="more", mode="INCREMENTAL")
    for title in ("First", "Second", "Second"):
        club.events.put_items(
            datasetArn=club.dataset("ITEMS"),
            items=[
                {"itemId": "i2", "properties": json.dumps({"genre": "Crime", "price": 1, "title": title})}
            ],
        )
    tracking = club.tracker()
    for _ in range(2):
        club.events.put_events(
            trackingId=tracking,
            sessionId="s",
            userId="u1",
            eventList=[{"eventType": "watch", "itemId": "i1", "sentAt": 1_700_000_000, "eventValue": 3}],
        )
    return club


def titles(rows: list[Row], item: str) -> list[str]:
    return [row["TITLE"] for row in rows if row["ITEM_ID"] == item]


def test_put_is_the_default_and_has_all_versions_once(filled: World) -> None:
    rows = export(filled, "ITEMS")

    assert [list(row.values()) for row in rows] == [
        ["i2", "First", "Crime", "1.0"],
        ["i2", "Second", "Crime", "1.0"],
    ]


def test_bulk_has_all_versions_of_the_imports(filled: World) -> None:
    rows = export(filled, "ITEMS", "BULK")

    assert titles(rows, "i1") == ["Film 1", "Again"]
    assert titles(rows, "i2") == ["Film 2"]
    assert len(rows) == 31


def test_all_has_the_newest_record_of_each_id(filled: World) -> None:
    rows = export(filled, "ITEMS", "ALL")

    assert titles(rows, "i1") == ["Again"]
    assert titles(rows, "i2") == ["Second"]
    assert len(rows) == 30


def test_interactions_are_there_once_each(filled: World) -> None:
    put, bulk, both = (export(filled, "INTERACTIONS", mode) for mode in ("PUT", "BULK", "ALL"))

    assert [list(row.values()) for row in put] == [["u1", "i1", "watch", "3.0", "1700000000"]]
    assert len(bulk) > 1_000
    assert len(both) == len(bulk) + 1


def test_an_export_can_be_imported_again(filled: World) -> None:
    wild = 'A "quoted", \\ slashed title'
    filled.events.put_items(
        datasetArn=filled.dataset("ITEMS"),
        items=[{"itemId": "wild", "properties": json.dumps({"genre": "Crime", "price": 0.1, "title": wild})}],
    )
    first = export(filled, "ITEMS", "ALL")
    name = sorted(
        one["Key"]
        for one in filled.s3.client.list_objects_v2(Bucket="club", Prefix="exports/")["Contents"]
        if one["Key"].endswith("Items.csv")
    )
    newest = max(name, key=lambda key: filled.s3.client.head_object(Bucket="club", Key=key)["LastModified"])
    text = filled.s3.client.get_object(Bucket="club", Key=newest)["Body"].read().decode()

    other = World(filled.server, filled.s3, f"{filled.name}-other")
    other.make_group()
    other.make_dataset("ITEMS")
    other.load("ITEMS", text)

    assert export(other, "ITEMS", "BULK") == first
    assert titles(first, "wild") == [wild]


def test_what_came_beside_an_event_is_in_the_reserved_columns(local: LocalServer, s3: S3Server) -> None:
    world = World(local, s3, "reserved")
    world.make_group()
    maybe = ["string", "null"]
    reserved = ("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
    fields = [field("USER_ID"), field("ITEM_ID"), field("EVENT_TYPE"), field("TIMESTAMP", "long")]
    world.make_dataset(
        "INTERACTIONS",
        schema("Interactions", *fields, *(field(name, maybe) for name in reserved), field("DEVICE", maybe)),
    )
    tracking = world.tracker()
    world.put(
        tracking,
        "u1",
        "i1",
        impression=["i1", "i2"],
        recommendationId="RID-1",
        metricAttribution={"eventAttributionSource": "mail"},
        properties='{"device": "tv"}',
    )
    world.put(tracking, "u1", "i2")
    world.put(tracking, None, "i3", session="nobody")  # in no dataset until the session has a user

    rows = export(world, "INTERACTIONS")

    assert [[row[name] for name in ("ITEM_ID", *reserved, "DEVICE")] for row in rows] == [
        ["i1", "i1|i2", "RID-1", "mail", "tv"],
        ["i2", "", "", "", ""],
    ]


def test_nothing_to_export_is_a_file_with_a_header(filled: World) -> None:
    assert export(filled, "USERS", "PUT") == []


def test_a_key_encrypts_the_file(filled: World) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    export(filled, "USERS", "BULK", kmsKeyArn=key)

    found = [
        filled.s3.client.head_object(Bucket="club", Key=one["Key"])
        for one in filled.s3.client.list_objects_v2(Bucket="club", Prefix="exports/")["Contents"]
    ]
    assert key in {one.get("SSEKMSKeyId") for one in found}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("s3://club/exports", "must end with /"),
        ("https://club/exports/", "must look like s3://bucket/folder/"),
        ("s3:///exports/", "must look like s3://bucket/folder/"),
    ],
)
def test_a_destination_is_a_folder_in_s3(club: World, path: str, text: str) -> None:
    with refused("InvalidInputException", "Invalid S3 output path") as refusal:
        club.api.create_dataset_export_job(
            jobName="nowhere",
            datasetArn=club.dataset("ITEMS"),
            roleArn=ROLE,
            jobOutput={"s3DataDestination": {"path": path}},
        )
    assert text in refusal.message


def test_a_bucket_that_is_not_there_fails_the_job(club: World) -> None:
    made = club.api.create_dataset_export_job(
        jobName=f"{club.name}-lost",
        datasetArn=club.dataset("ITEMS"),
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": "s3://no-such-bucket/exports/"}},
    )["datasetExportJobArn"]

    found = club.wait("dataset_export_job", made, "CREATE FAILED")

    assert found["failureReason"].startswith("Failed to create a dataset export job for Items dataset")
    assert "no-such-bucket" in found["failureReason"]
    summary = club.api.list_dataset_export_jobs(datasetArn=club.dataset("ITEMS"))["datasetExportJobs"][-1]
    assert (summary["jobName"], summary["status"]) == (f"{club.name}-lost", "CREATE FAILED")


def test_actions_cannot_be_exported(club: World) -> None:
    club.make_dataset("ACTIONS", schema("Actions", field("ACTION_ID"), field("CHANNEL", categorical=True)))
    with refused("InvalidInputException", "A dataset of type ACTIONS cannot be exported"):
        club.api.create_dataset_export_job(
            jobName="actions",
            datasetArn=club.dataset("ACTIONS"),
            roleArn=ROLE,
            jobOutput={"s3DataDestination": {"path": "s3://club/exports/"}},
        )


def test_an_export_goes_on_after_the_server_was_killed(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local(), s3, "killed-export")
    world.make_group()
    world.make_dataset("ITEMS")
    world.load("ITEMS", items())
    made = world.api.create_dataset_export_job(
        jobName="killed",
        datasetArn=world.dataset("ITEMS"),
        roleArn=ROLE,
        jobOutput={"s3DataDestination": {"path": "s3://club/exports/"}},
        ingestionMode="ALL",
        tags=[{"tagKey": "team", "tagValue": "films"}],
    )["datasetExportJobArn"]

    world.server.stop(kill=True)
    world.server.start()

    found = world.wait("dataset_export_job", made)
    assert found["ingestionMode"] == "ALL"
    assert world.api.list_tags_for_resource(resourceArn=made)["tags"] == [
        {"tagKey": "team", "tagValue": "films"}
    ]
    body = s3.client.get_object(Bucket="club", Key="exports/killed/Items.csv")["Body"].read()
    assert len(body.splitlines()) == 31
