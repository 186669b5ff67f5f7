"""Metric attribution, data deletion jobs and dataset export jobs on the deployed pipeline."""

import csv
import io
import re
import time
from typing import Any

from tests.support.deployed_stack import DeployedStack, interactions_csv, params

COUNT = {"metricName": "watched", "eventType": "watch", "expression": "SAMPLECOUNT()"}
BOUGHT = {"metricName": "bought", "eventType": "buy", "expression": "SAMPLECOUNT()"}


def with_data(stack: DeployedStack, name: str, seed: int = 0, **sections: Any) -> dict[str, Any]:
    stack.upload_interactions(name, seed=seed)
    return params(name, **{"solutions": [], **sections})


def objects(stack: DeployedStack, location: str) -> dict[str, str]:
    """The objects below a place in S3, by what comes after it."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    s3 = stack.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        item["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=item["Key"])["Body"]
        .read()
        .decode()
        for item in listed
    }


def test_a_metric_attribution_is_made_and_follows_the_params_file(stack: DeployedStack):
    section = {"name": "worth", "metrics": [COUNT, BOUGHT]}
    document = with_data(stack, "worth", metricAttribution=section)

    first = stack.run("worth", document)
    counted = {**BOUGHT, "eventType": "purchase"}
    changed = document | {"metricAttribution": {**section, "metrics": [counted], "metricsOutputConfig": {}}}
    second, third = stack.run("worth", changed), stack.run("worth", changed)

    assert [run.status for run in (first, second, third)] == 3 * ["SUCCEEDED"], second.cause
    steps = [run.step("MetricAttribution") for run in (first, second, third)]
    assert [step["did"] for step in steps] == ["created", "updated", "reused"]
    assert steps[0]["details"]["output"] == f"s3://{stack.bucket}/worth/metrics/"
    personalize, arn = stack.client("personalize"), steps[0]["arn"]
    metrics = personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    assert metrics == [counted]
    shown = personalize.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
    assert "s3DataDestination" not in shown["metricsOutputConfig"]
    assert ":role/" in shown["metricsOutputConfig"]["roleArn"]
    for part in (
        "What recommendations bring about",
        "watched: SAMPLECOUNT() of watch events",
        "worth/metrics/",
    ):
        assert part in first.mail.body


def test_an_import_reports_to_the_metrics_folder_with_the_role_of_the_stack(stack: DeployedStack):
    document = with_data(stack, "report", metricAttribution={"name": "report", "metrics": [COUNT]})
    document["datasets"]["Interactions"]["publishAttributionMetricsToS3"] = True
    stack.run("report", document)

    run = stack.run("report", with_data(stack, "report", seed=1) | document)

    assert run.status == "SUCCEEDED", run.cause
    place = f"s3://{stack.bucket}/report/metrics/"
    deadline = time.monotonic() + 30
    while not (found := objects(stack, place)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert any("watched" in text for text in found.values())


def test_users_of_a_list_are_forgotten_once_for_each_state_of_the_data(stack: DeployedStack):
    job = {"jobName": "forget"}
    document = with_data(stack, "forget", dataDeletionJobs=[job])
    stack.upload("forget/deletions/asked/november.csv", "USER_ID\nu1\nu2\n")
    export = {"ingestionMode": "BULK"}
    document["datasets"]["Interactions"]["datasetExportJobs"] = [export]

    first = stack.run("forget", document)
    second = stack.run("forget", document)
    with_data(stack, "forget", seed=1)  # brings them back
    third = stack.run("forget", document)
    stack.upload("forget/deletions/more.csv", "USER_ID\nu3\n")
    fourth = stack.run("forget", document)

    runs = (first, second, third, fourth)
    assert [run.status for run in runs] == 4 * ["SUCCEEDED"], fourth.cause
    steps = [run.step("DataDeletionJob") for run in runs]
    assert [step["did"] for step in steps] == ["created", "reused", "created", "created"]
    assert [step["details"]["numDeleted"] > 0 for step in steps] == 4 * [True]
    assert steps[1]["arn"] == steps[0]["arn"]
    assert re.search(r":data-deletion-job/forget-[0-9a-f]{8}-[0-9a-f]{8}$", steps[0]["arn"])
    for run, gone in zip(runs, ("u1 u2", "u1 u2", "u1 u2", "u1 u2 u3"), strict=True):
        [text] = objects(stack, run.step("DatasetExportJob")["details"]["output"]).values()
        there = {row["USER_ID"] for row in csv.DictReader(io.StringIO(text))}
        assert "u4" in there
        assert not there & set(gone.split())
    assert "Users that were deleted" in first.mail.body
    assert "done in an earlier run, and nothing was imported since" in second.mail.body


def test_datasets_are_exported_beside_the_params_file_when_their_data_has_changed(stack: DeployedStack):
    document = with_data(stack, "out")
    document["datasets"]["Interactions"]["datasetExportJobs"] = [
        {},
        {"jobName": "out-bulk", "ingestionMode": "BULK", "always": True},
    ]

    first, second = stack.run("out", document), stack.run("out", document)

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    assert first.step("DatasetExportJob", "out-interactions")["did"] == "created"
    assert second.step("DatasetExportJob", "out-interactions")["did"] == "reused"
    assert "an earlier run: nothing was imported or deleted since" in second.mail.body
    places = set()
    for run in (first, second):
        for name in ("out-interactions", "out-bulk"):
            step = run.step("DatasetExportJob", name)
            place = step["details"]["output"]
            assert place.startswith(f"s3://{stack.bucket}/out/exports/Interactions/")
            assert place in run.mail.body
            [text] = objects(stack, place).values()
            assert len(text.splitlines()) == len(interactions_csv().splitlines())
            places.add(place)
    assert len(places) == 3


def test_an_export_that_fails_stops_nothing_else_and_says_why(stack: DeployedStack):
    document = with_data(stack, "noexport")
    elsewhere = {"s3DataDestination": {"path": f"s3://{stack.bucket}/noexport/elsewhere/"}}
    jobs = [{"jobName": "noexport-denied", "jobOutput": elsewhere}, {"jobName": "noexport-fine"}]
    document["datasets"]["Interactions"]["datasetExportJobs"] = jobs

    run = stack.run("noexport", document)

    assert run.status == "FAILED"
    did = run.did()
    assert did["DatasetExportJob", "noexport-denied"] == "failed"
    assert did["DatasetExportJob", "noexport-fine"] == "created"
    assert "folders named exports of the input bucket" in " ".join(run.mail.body.split())


def test_when_users_cannot_be_deleted_nothing_is_trained(stack: DeployedStack):
    document = with_data(stack, "nodelete", dataDeletionJobs=[{}]) | {
        "solutions": params("nodelete")["solutions"]
    }
    stack.upload("nodelete/deletions/users.csv", "USER_ID\nu1\n")
    stack.fail_next("data-deletion-job", "no room")

    run = stack.run("nodelete", document)
    again = stack.run("nodelete", document)

    assert run.status == "FAILED"
    assert "no room" in run.mail.body
    assert not [step for step in run.steps if step["resource"] == "SolutionVersion"]
    assert "solution version nodelete-for-you" in run.mail.body
    assert again.status == "SUCCEEDED", again.cause
    assert again.step("DataDeletionJob")["did"] == "created"


def test_without_a_list_of_users_or_with_a_wrong_metric_nothing_is_begun(stack: DeployedStack):
    wrong = {"name": "nothing", "metrics": [{**COUNT, "expression": "SUM(Items.PRICE)"}]}
    document = with_data(stack, "nothing", dataDeletionJobs=[{}], metricAttribution=wrong)

    run = stack.run("nothing", document)

    assert run.status == "FAILED"
    assert run.steps == []
    for part in (
        f"s3://{stack.bucket}/nothing/deletions/: there is no CSV file.",
        "metricAttribution.metrics[0].expression: the dataset group has no Items dataset.",
    ):
        assert part in run.mail.body
