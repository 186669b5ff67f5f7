"""Metrics, alarms and dashboard of the deployed stack, with IAM enforced."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.deployed_stack import DeployedStack, Mail, interactions_csv, params
from tests.support.deployment import resources

MAIL_SECONDS = 10.0
WINDOW = timedelta(minutes=5)


def watch(stack: DeployedStack, time: datetime) -> dict[str, Any]:
    """Let the function look, as its schedule does every hour."""
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": time.isoformat()}
    answer = stack.client("lambda").invoke(
        FunctionName=stack.function("Watch"), Payload=json.dumps(event).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def alarms(stack: DeployedStack) -> dict[str, dict[str, Any]]:
    """By their logical IDs."""
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate()
    here = stack.client("cloudformation").describe_stack_resources(StackName=stack.NAME)["StackResources"]
    ids = {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in here}
    return {
        ids[alarm["AlarmName"]]: alarm
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"] in ids
    }


def mail_about(stack: DeployedStack, word: str, seen: int) -> Mail:
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for mail in stack.mails()[seen:]:
            if word in mail.subject:
                return mail
        time.sleep(0.2)
    pytest.fail(f"no mail about {word}")


def requested(stack: DeployedStack, arn: str, start: datetime, per_second: float, windows: int) -> None:
    """Report requests to a campaign as Amazon Personalize does; Personalize Local does not."""
    data = [
        {
            "MetricName": "GetRecommendations",
            "Dimensions": [{"Name": "CampaignArn", "Value": arn}],
            "Timestamp": start + number * WINDOW,
            "Value": per_second * WINDOW.total_seconds(),
        }
        for number in range(windows)
    ]
    stack.client("cloudwatch").put_metric_data(Namespace="AWS/Personalize", MetricData=data)


def test_the_dashboard_and_the_alarms_are_there(stack: DeployedStack):
    body = stack.client("cloudwatch").get_dashboard(DashboardName=f"{stack.NAME}-us-east-1")["DashboardBody"]
    deployed = alarms(stack)

    widgets = json.loads(body)["widgets"]
    titles = {widget["properties"]["title"] for widget in widgets}
    assert {"Alarms", "Runs", "Solutions: NDCG at 25", "Latency (ms)", "Function errors"} <= titles
    assert deployed.keys() == resources("AWS::CloudWatch::Alarm").keys() - {"NoSuccess"}  # not asked for
    (shown,) = (widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm")
    assert set(shown) == {alarm["AlarmArn"] for alarm in deployed.values()}
    for alarm in deployed.values():
        assert alarm["AlarmActions"]


def test_metrics_of_a_run_are_in_the_log_in_embedded_metric_format(stack: DeployedStack):
    stack.upload_interactions("measured")
    run = stack.run("measured", params("measured"))

    assert run.status == "SUCCEEDED", run.cause
    lines = written(stack, run.name)
    of_run, of_version, of_import = (
        next(line for line in lines if key in line)
        for key in ("RunDuration", "TrainingDuration", "ImportedBytes")
    )
    assert (of_run["service"], of_run["DatasetGroup"]) == (stack.NAME, "measured")
    assert (of_run["RunsSucceeded"], of_run["RunsFailed"]) == ([1.0], [0.0])
    assert of_run["RunDuration"][0] > 0
    assert of_version["Solution"] == "measured-for-you"
    version = run.step("SolutionVersion")["details"]
    assert {name: of_version[name] for name in version["metrics"]} == {
        name: [value] for name, value in version["metrics"].items()
    }
    assert of_version["TrainingHours"] == [version["trainingHours"]]
    assert of_import["ImportedBytes"] == [len(interactions_csv().encode())]


def written(stack: DeployedStack, run: str) -> list[dict[str, Any]]:
    """The metrics that `notify` wrote into the log for a run."""
    pages = (
        stack.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=f"/aws/lambda/{stack.NAME}")
    )
    lines = [
        json.loads(line)
        for page in pages
        for event in page["events"]
        for line in event["message"].splitlines()
        if line.startswith('{"_aws"')
    ]
    return [line for line in lines if line["run"] == run]


def test_an_idle_campaign_raises_an_alarm_and_a_mail(stack: DeployedStack):
    stack.upload_interactions("idle")
    run = stack.run("idle", params("idle"))
    arn = run.step("Campaign")["arn"]
    now = datetime.now(UTC)

    young = watch(stack, now)
    seen = len(stack.mails())
    old = watch(stack, now + timedelta(days=8))

    assert young["findings"] == []
    assert [one["arn"] for one in old["findings"]] == [arn]
    assert "no requests" in old["findings"][0]["finding"]
    assert 0 <= young["daysSinceSuccess"] < 0.01
    assert 8 <= old["daysSinceSuccess"] < 8.01
    assert mail_about(stack, "IdleCampaigns", seen).subject.startswith("ALARM")

    requested(stack, arn, now - timedelta(hours=2), per_second=0.1, windows=1)
    assert watch(stack, now)["IdleCampaigns"] == 0


def test_campaigns_that_are_too_small_or_too_large_raise_alarms(stack: DeployedStack):
    stack.upload_interactions("sized")
    document = params("sized")
    (solution,) = document["solutions"]
    solution["campaigns"] = [
        {"name": "sized-small", "minProvisionedTPS": 1},
        {"name": "sized-large", "minProvisionedTPS": 10},
    ]
    run = stack.run("sized", document)
    small, large = (run.step("Campaign", name)["arn"] for name in ("sized-small", "sized-large"))
    later = datetime.now(UTC) + timedelta(days=8)
    requested(stack, small, later - timedelta(minutes=50), per_second=3, windows=4)
    requested(stack, large, later - timedelta(days=3), per_second=2, windows=100)
    seen = len(stack.mails())

    found = watch(stack, later)

    assert {one["arn"]: one["finding"].partition(" requests")[0] for one in found["findings"]} == {
        small: "up to 3.0",
        large: "at most 2.0",
    }
    counts = {key: found[key] for key in found if key.endswith("Campaigns")}
    assert counts == {
        "IdleCampaigns": 0,
        "UnderProvisionedCampaigns": 1,
        "OverProvisionedCampaigns": 1,
    }
    for name in ("UnderProvisionedCampaigns", "OverProvisionedCampaigns"):
        assert mail_about(stack, name, seen).subject.startswith("ALARM")
        assert alarms(stack)[name]["StateValue"] == "ALARM"
