"""Metrics that are added, changed and removed; lists of users that were worked through."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.resources.cloud import BUCKET

from personalize_pipeline import clients
from personalize_pipeline.resources.data_deletion_job import DataDeletionJob
from personalize_pipeline.resources.dataset_export_job import DatasetExportJob
from personalize_pipeline.resources.metric_attribution import MetricAttribution

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

IMPORT = "arn:aws:personalize:us-east-1:000000000000:dataset-import-job/"


def metric(name: str, event_type: str = "watch") -> dict[str, str]:
    return {"metricName": name, "eventType": event_type, "expression": "SAMPLECOUNT()"}


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return "j" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param([metric("m0"), metric("m1"), metric("more")], id="one more"),
        pytest.param([metric("m1")], id="one less"),
        pytest.param([], id="none"),
        pytest.param([metric("m1", "buy"), metric("m0")], id="one changed"),
        pytest.param(
            [metric(f"n{number}") for number in range(10)], id="all changed, as many as there may be"
        ),
    ],
)
def test_metrics_become_those_of_the_params_file(cloud: Cloud, name: str, metrics: list[dict[str, str]]):
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    want: dict[str, Any] = {"name": name, "metricsOutputConfig": {}}
    made = cloud.loop(MetricAttribution, {**want, "metrics": [metric("m0"), metric("m1")]}, **context)
    cloud.later()

    step = cloud.loop(MetricAttribution, {**want, "metrics": metrics}, run="run-2", **context)

    assert (step["did"], step["arn"]) == ("updated", made["arn"])
    shown = cloud.personalize.list_metric_attribution_metrics(metricAttributionArn=made["arn"])["metrics"]
    assert {one["metricName"]: one for one in shown} == {one["metricName"]: one for one in metrics}
    again = cloud.loop(MetricAttribution, {**want, "metrics": metrics}, run="run-3", **context)
    assert again["did"] == "reused"


def test_where_reports_go_follows_the_params_file(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    want: dict[str, Any] = {"name": name, "metrics": [metric("m")]}
    place = {"s3DataDestination": {"path": f"s3://{BUCKET}/{name}/"}}
    role = "arn:aws:iam::000000000000:role/other"
    made = cloud.loop(MetricAttribution, {**want, "metricsOutputConfig": {}}, **context)

    for config in (place, {"roleArn": role}, {**place, "roleArn": role}):
        step = cloud.loop(MetricAttribution, {**want, "metricsOutputConfig": config}, **context)
        assert step["did"] == "updated"
        found = cloud.personalize.describe_metric_attribution(metricAttributionArn=made["arn"])
        shown = found["metricAttribution"]["metricsOutputConfig"]
        assert shown == {"roleArn": "arn:aws:iam::000000000000:role/personalize"} | config


def users(cloud: Cloud, name: str, *ids: str, file: str = "users.csv") -> dict[str, Any]:
    cloud.s3.put(BUCKET, {f"{name}/deletions/{file}": "USER_ID\n" + "".join(f"{one}\n" for one in ids)})
    return {"jobName": name, "dataSource": {"dataLocation": f"s3://{BUCKET}/{name}/deletions/"}}


def test_a_list_of_users_is_worked_through_once(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.filled(name)[0], "importArns": [f"{IMPORT}a", f"{IMPORT}b"]}
    want = users(cloud, name, "u1")

    first = cloud.loop(DataDeletionJob, want, **context)
    cloud.later()
    again = cloud.loop(DataDeletionJob, want, run="run-2", **context)
    other_order = {**context, "importArns": [f"{IMPORT}b", f"{IMPORT}a"]}
    third = cloud.loop(DataDeletionJob, want, run="run-3", **other_order)

    assert (first["did"], first["details"]["numDeleted"]) == ("created", 30)
    assert (again["did"], again["arn"], again["details"]) == ("reused", first["arn"], first["details"])
    assert third["did"] == "reused"


def test_it_is_worked_through_again_when_it_or_the_data_has_changed(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.filled(name)[0], "importArns": [f"{IMPORT}a"]}
    want = users(cloud, name, "u1")
    first = cloud.loop(DataDeletionJob, want, **context)

    users(cloud, name, "u2", file="deeper/more.csv")
    second = cloud.loop(DataDeletionJob, want, run="run-2", **context)
    third = cloud.loop(DataDeletionJob, want, run="run-3", **{**context, "importArns": [f"{IMPORT}c"]})
    cloud.s3.put(BUCKET, {f"{name}/deletions/notes.txt": "not read"})
    fourth = cloud.loop(DataDeletionJob, want, run="run-4", **{**context, "importArns": [f"{IMPORT}c"]})

    assert [step["did"] for step in (second, third, fourth)] == ["created", "created", "reused"]
    assert [step["details"]["numDeleted"] for step in (second, third)] == [30, 0]
    assert len({first["arn"], second["arn"], third["arn"]}) == 3


def test_one_that_failed_is_tried_again_in_the_next_run(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    want = users(cloud, name, "u1")
    cloud.service.faults.fail_next("data-deletion-job", "no room")
    failed = cloud.loop(DataDeletionJob, want, **context)
    same_run = cloud.loop(DataDeletionJob, want, **context)

    step = cloud.loop(DataDeletionJob, want, run="run-2", **context)

    assert "failed in Amazon Personalize: no room." in failed["failed"]["reason"]
    assert "no room." in same_run["failed"]["reason"]
    assert step["did"] == "created"


def test_without_a_file_there_is_nothing_to_do_and_that_is_said(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.group(name)}
    want = {"jobName": name, "dataSource": {"dataLocation": "s3://resources/nowhere/"}}

    step = cloud.loop(DataDeletionJob, want, **context)

    assert step["failed"]["error"] == "DataInvalid"
    assert "s3://resources/nowhere/: there is no CSV file." in step["failed"]["reason"]


def export(name: str, **changes: Any) -> dict[str, Any]:
    place = f"s3://{BUCKET}/{name}/exports/Interactions/"
    made = {"jobName": name, "datasetType": "INTERACTIONS", "ingestionMode": "ALL", "outputFolder": place}
    return made | changes


def test_a_dataset_is_exported_once_for_each_state_of_its_data(cloud: Cloud, name: str):
    group, dataset = cloud.filled(name)
    context = {"datasetGroupArn": group}
    first = cloud.loop(DatasetExportJob, export(name), **context)
    cloud.later()
    again = cloud.loop(DatasetExportJob, export(name), run="run-2", **context)
    bulk = cloud.loop(DatasetExportJob, export(name, ingestionMode="BULK"), run="run-3", **context)
    always = cloud.loop(DatasetExportJob, export(name, always=True), run="run-4", **context)
    cloud.later()
    after = cloud.loop(DatasetExportJob, export(name), run="run-4b", **context)
    cloud.imported(dataset, f"{name}-more")
    cloud.later()
    imported = cloud.loop(DatasetExportJob, export(name), run="run-5", **context)
    cloud.later()
    cloud.loop(DataDeletionJob, users(cloud, name, "u1"), **context)
    cloud.later()
    deleted = cloud.loop(DatasetExportJob, export(name), run="run-6", **context)

    assert (first["did"], again["did"], again["arn"]) == ("created", "reused", first["arn"])
    assert again["details"] == first["details"]
    assert (after["did"], after["arn"]) == ("reused", always["arn"])  # what it has written will do
    assert [step["did"] for step in (bulk, always, imported, deleted)] == ["created"] * 4
    assert len({step["details"]["output"] for step in (first, bulk, always, imported, deleted)}) == 5


def test_an_export_that_failed_is_made_again_in_the_next_run(cloud: Cloud, name: str):
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    cloud.service.faults.fail_next("dataset-export-job", "no room")
    failed = cloud.loop(DatasetExportJob, export(name), **context)

    step = cloud.loop(DatasetExportJob, export(name), run="run-2", **context)

    assert "failed in Amazon Personalize: no room." in failed["failed"]["reason"]
    assert step["did"] == "created"


def test_more_jobs_than_a_page_are_all_looked_at(cloud: Cloud, name: str, monkeypatch: pytest.MonkeyPatch):
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    want = users(cloud, name, "u1")
    cloud.loop(DataDeletionJob, want, **context)
    cloud.loop(DataDeletionJob, users(cloud, f"{name}-other", "u2"), **context)
    client = clients.personalize()
    one_a_page = partial(client.list_data_deletion_jobs, maxResults=1)
    monkeypatch.setattr(client, "list_data_deletion_jobs", one_a_page)

    assert cloud.loop(DataDeletionJob, want, run="run-2", **context)["did"] == "reused"
