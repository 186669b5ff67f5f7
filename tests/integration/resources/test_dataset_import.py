"""What counts as the same data, and whose jobs count."""

from __future__ import annotations

import re

import pytest
from tests.integration.resources.cloud import ACCOUNT

from personalize_pipeline.resources.dataset_import import DatasetImport


@pytest.fixture
def data(cloud, request):
    """A dataset group with an interactions dataset and its data; the group's name, context and want."""
    name = "imp" + re.sub(r"\W", "", request.node.name)[-24:].lower().replace("_", "")
    group = cloud.group(name)
    dataset = cloud.dataset(f"{name}-i", group, cloud.schema(f"{name}-s"))
    location = cloud.upload(name)
    context = {"datasetGroupArn": group, "datasetArn": dataset}
    return name, context, {"dataSource": {"dataLocation": location}}


def test_a_job_is_named_after_dataset_data_and_run(cloud, data):
    name, context, want = data

    step = cloud.loop(DatasetImport, want, **context)

    assert re.fullmatch(
        rf".*:dataset-import-job/{name}-interactions-[0-9a-f]{{8}}-[0-9a-f]{{8}}", step["arn"]
    )
    uploaded = cloud.s3.client.head_object(Bucket="resources", Key=f"{name}/interactions.csv")
    assert step["details"] == {"files": 1, "bytes": uploaded["ContentLength"]}


def test_changed_data_is_imported_and_unchanged_data_reused(cloud, data):
    name, context, want = data
    first = cloud.loop(DatasetImport, want, **context)
    cloud.later()
    assert cloud.loop(DatasetImport, want, run="run-2", **context)["did"] == "reused"

    cloud.upload(name, seed=1)
    second = cloud.loop(DatasetImport, want, run="run-3", **context)
    cloud.later()
    cloud.upload(name, seed=0)
    third = cloud.loop(DatasetImport, want, run="run-4", **context)

    assert second["did"] == third["did"] == "imported"
    assert len({first["arn"], second["arn"], third["arn"]}) == 3


def mode_of(cloud, step):
    """How Personalize was told to import."""
    job = cloud.personalize.describe_dataset_import_job(datasetImportJobArn=step["arn"])["datasetImportJob"]
    return job["importMode"]


def test_the_first_import_is_full_and_those_after_it_add(cloud, data):
    """Personalize refuses an incremental import into an empty dataset."""
    name, context, want = data
    adding = want | {"importMode": "INCREMENTAL"}

    first = cloud.loop(DatasetImport, adding, **context)
    cloud.later()
    same = cloud.loop(DatasetImport, adding, run="run-2", **context)
    cloud.upload(name, seed=1)
    second = cloud.loop(DatasetImport, adding, run="run-3", **context)

    assert [step["did"] for step in (first, same, second)] == ["imported", "reused", "imported"]
    assert (mode_of(cloud, first), mode_of(cloud, second)) == ("FULL", "INCREMENTAL")
    assert (first["details"]["importMode"], second["details"]["importMode"]) == ("FULL", "INCREMENTAL")


def test_more_than_an_import_may_bring_is_refused_before_its_job(cloud, data, monkeypatch):
    """The first import is a full one, for which this quota does not count."""
    name, context, want = data
    adding = want | {"importMode": "INCREMENTAL"}
    monkeypatch.setenv("PERSONALIZE_QUOTAS", "incremental-import-bytes:1000")

    assert cloud.loop(DatasetImport, adding, **context)["did"] == "imported"
    cloud.later()
    assert cloud.loop(DatasetImport, adding, run="run-2", **context)["did"] == "reused"
    cloud.upload(name, seed=1)
    refused = cloud.turn(DatasetImport, adding, run="run-3", **context)["failed"]
    assert refused["error"] == "DataInvalid"
    assert "1,000 may come in one INCREMENTAL import" in refused["reason"]
    assert "Quotas=incremental-import-bytes:" in refused["reason"]
    assert cloud.loop(DatasetImport, want, run="run-4", **context)["did"] == "imported"

    monkeypatch.setenv("PERSONALIZE_QUOTAS", "full-import-bytes:1000")
    cloud.later()
    cloud.upload(name, seed=2)
    refused = cloud.turn(DatasetImport, want, run="run-5", **context)["failed"]
    assert "1,000 may come in one FULL import" in refused["reason"]


def test_what_was_imported_in_full_is_not_added_again_but_the_other_way_round(cloud, data):
    name, context, want = data
    adding = want | {"importMode": "INCREMENTAL"}
    full = cloud.loop(DatasetImport, want, **context)
    cloud.later()

    assert cloud.loop(DatasetImport, adding, run="run-2", **context)["arn"] == full["arn"]

    cloud.upload(name, seed=1)
    cloud.loop(DatasetImport, adding, run="run-3", **context)
    cloud.later()
    again = cloud.loop(DatasetImport, want, run="run-4", **context)
    assert (again["did"], mode_of(cloud, again)) == ("imported", "FULL")


def test_data_that_changes_while_it_is_imported_does_not_start_a_second_job(cloud, data):
    name, context, want = data
    first = cloud.turn(DatasetImport, want, **context)

    cloud.upload(name, seed=1)
    step = cloud.loop(DatasetImport, want, **context, last=first)

    assert step["arn"] == first["arn"]
    jobs = cloud.personalize.list_dataset_import_jobs(datasetArn=context["datasetArn"])["datasetImportJobs"]
    assert len(jobs) == 1


def test_the_running_import_of_the_same_data_is_taken_over(cloud, data):
    _name, context, want = data
    other = cloud.turn(DatasetImport, want, run="run-1", **context)

    step = cloud.loop(DatasetImport, want, run="run-2", **context)

    assert (step["arn"], step["did"]) == (other["arn"], "reused")


def test_jobs_of_a_deleted_dataset_do_not_count(cloud, data):
    name, context, want = data
    first = cloud.loop(DatasetImport, want, **context)
    cloud.later()
    cloud.personalize.delete_dataset(datasetArn=context["datasetArn"])
    cloud.later()
    cloud.dataset(f"{name}-i", context["datasetGroupArn"], f"{ACCOUNT}:schema/{name}-s")

    step = cloud.loop(DatasetImport, want, run="run-2", **context)

    assert step["did"] == "imported"
    assert step["arn"] != first["arn"]


def test_no_data_is_no_import(cloud, data):
    _name, context, _want = data
    nowhere = {"dataSource": {"dataLocation": "s3://resources/nowhere/"}}

    step = cloud.turn(DatasetImport, nowhere, **context)

    assert step["failed"]["error"] == "DataInvalid"
    assert "s3://resources/nowhere/: there is no data." in step["failed"]["reason"]


def test_bad_rows_end_with_the_words_of_personalize(cloud, data):
    name, context, want = data
    cloud.s3.put("resources", {f"{name}/interactions.csv": "USER_ID,ITEM_ID\n1,2\n"})

    step = cloud.loop(DatasetImport, want, **context)

    assert step["failed"]["error"] == "ResourceFailed"
    assert "Input CSV is missing the following columns: [TIMESTAMP, EVENT_TYPE]." in step["failed"]["reason"]
    assert f"Correct the data in s3://resources/{name}/" in step["failed"]["reason"]
