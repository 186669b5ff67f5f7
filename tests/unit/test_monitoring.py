"""The dashboard and the alarms: everything on them is something that is really measured."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tests.support.deployment import ROOT, functions, resources, template
from tests.unit.reporting.endings import NOW, RUN, STATES, SUCCEEDED

from personalize_pipeline import clients
from personalize_pipeline.reporting.mail import Ending
from personalize_pipeline.reporting.metrics import write_metrics
from personalize_pipeline.watch import requests
from personalize_pipeline.watch.serving import Serving
from personalize_pipeline.watch.watch import runs_since, watch

STACK = "reco"
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
SEARCH = re.compile(r"SEARCH\('\{([^}]*)\} (.*)', '(\w+)', (\d+)\)")
# What AWS measures: namespace -> metric -> the dimensions that it has it by.
OF_AWS = {
    "AWS/States": {
        name: [{"StateMachineArn"}]
        for name in ("ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsAborted")
    },
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": [{"QueueName"}]},
    # docs.aws.amazon.com/personalize/latest/dg/cloudwatch-metrics.html; recommenders have an ARN of their own
    "AWS/Personalize": {
        "GetRecommendations": [{"CampaignArn"}, {"RecommenderArn"}],
        "GetRecommendationsLatency": [{"CampaignArn"}, {"RecommenderArn"}],
        "GetPersonalizedRanking": [{"CampaignArn"}],
        "GetPersonalizedRankingLatency": [{"CampaignArn"}],
    },
}
Metric = tuple[str, str, frozenset[str]]


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    body, variables = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    for name, value in variables.items():
        body = body.replace(f"${{{name}}}", value["Fn::If"][1]["Fn::Sub"])
    made: dict[str, Any] = json.loads(body.replace("${AWS::StackName}", STACK))
    return made


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> set[Metric]:
    """What the code emits: for a run, in its log; by `watch`, as calls; by the filter of the log."""
    run = {**RUN, "stateMachine": f"{STATES}:stateMachine:{STACK}-pipeline"}
    write_metrics(Ending.model_validate({**SUCCEEDED, "run": run}), datetime.fromisoformat(NOW))
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {
        (metrics["Namespace"], metric["Name"], frozenset(metrics["Dimensions"][0]))
        for line in written
        for metrics in line["_aws"]["CloudWatchMetrics"]
        for metric in metrics["Metrics"]
    }
    (filtered,) = resources("AWS::Logs::MetricFilter")["FunctionErrorsFilter"]["MetricTransformations"]
    found.add((filtered["MetricNamespace"], named(filtered["MetricName"]), frozenset()))
    with watched(monkeypatch):
        watch({"time": NOW})
        found |= {
            (
                metric["Namespace"],
                metric["MetricName"],
                frozenset(one["Name"] for one in metric["Dimensions"]),
            )
            for metric in boto3.client("cloudwatch").list_metrics()["Metrics"]
        }
    for namespace, metrics in OF_AWS.items():
        found |= {(namespace, name, frozenset(some)) for name, all_ in metrics.items() for some in all_}
    return found


class watched:  # noqa: N801  # a context manager
    """An AWS in which one campaign is live and no run has succeeded yet."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch, self._aws = monkeypatch, mock_aws()

    def __enter__(self) -> None:
        for name, value in {
            "AWS_DEFAULT_REGION": "eu-central-1",
            "POWERTOOLS_SERVICE_NAME": STACK,
            "WATCHED_DATASET_GROUPS": "*",
            "IDLE_DAYS": "7",
        }.items():
            self._patch.setenv(name, value)
        self._aws.start()
        for client in (clients.cloudwatch, clients.stepfunctions):
            client.cache_clear()
        machine = boto3.client("stepfunctions").create_state_machine(
            name="pipeline",
            definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
            roleArn="arn:aws:iam::123456789012:role/r",
        )
        self._patch.setenv("PIPELINE_ARN", machine["stateMachineArn"])
        live = Serving("movies", "arn:c", "CampaignArn", 1, datetime(2026, 1, 1, tzinfo=UTC))
        # Personalize itself is not in moto: tests/integration/resources/test_watching.py asks the local one.
        self._patch.setattr("personalize_pipeline.watch.watch.serving", lambda *_: [live])

    def __exit__(self, *_: object) -> None:
        self._aws.stop()
        for client in (clients.cloudwatch, clients.stepfunctions):
            client.cache_clear()


def named(value: Any) -> str:
    return str(value.get("Fn::Sub") if isinstance(value, dict) else value).replace("${AWS::StackName}", STACK)


def shown(widget: dict[str, Any]) -> Iterator[Metric]:
    for row in widget["properties"].get("metrics", []):
        if not isinstance(row[0], dict):
            namespace, name, *dimensions = [part for part in row if isinstance(part, str)]
            yield namespace, name, frozenset(dimensions[::2])
        elif search := SEARCH.fullmatch(row[0]["expression"]):
            namespace, *dimensions = search[1].split(",")
            terms = dict(re.findall(r'(\w+)="([^"]*)"', search[2]))
            assert namespace.startswith("AWS/") or terms["service"] == STACK
            yield namespace, terms["MetricName"], frozenset(dimensions)


def test_every_metric_of_the_dashboard_is_measured(dashboard: dict[str, Any], measured: set[Metric]):
    all_shown = {metric for widget in dashboard["widgets"] for metric in shown(widget)}

    assert len(all_shown) > 15
    assert all_shown <= measured


def test_every_alarm_is_on_a_metric_that_is_measured_and_is_mailed(measured: set[Metric]):
    for name, alarm in resources("AWS::CloudWatch::Alarm").items():
        dimensions = {one["Name"] for one in alarm.get("Dimensions", [])}
        assert (alarm["Namespace"], named(alarm["MetricName"]), frozenset(dimensions)) in measured, name
        assert alarm["AlarmActions"] == [{"Ref": "NotificationTopic"}], name
        # CloudWatch's limits: seven days, and one if the periods are shorter than an hour
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= (
            604_800 if alarm["Period"] >= 3600 else 86_400
        )


def test_every_alarm_is_on_the_dashboard_and_on_the_page(dashboard: dict[str, Any]):
    (widget,) = (one for one in dashboard["widgets"] if one["type"] == "alarm")
    alarms = resources("AWS::CloudWatch::Alarm").keys()

    assert {
        alarm.removeprefix("${").removesuffix(".Arn}") for alarm in widget["properties"]["alarms"]
    } == alarms
    assert alarms <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


def test_the_dashboard_has_no_widget_on_top_of_another(dashboard: dict[str, Any]):
    taken: set[tuple[int, int]] = set()
    for widget in dashboard["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert max(columns) < 24
        assert not cells & taken
        taken |= cells


def test_expressions_use_what_is_beside_them(dashboard: dict[str, Any]):
    for widget in dashboard["widgets"]:
        rows = [row[0] for row in widget["properties"].get("metrics", []) if isinstance(row[0], dict)]
        ids = {row["id"] for row in rows}
        assert len(ids) == len(rows)
        assert all(re.fullmatch(r"[a-z]\w*", name) for name in ids)
        for row in rows:
            if not SEARCH.fullmatch(row["expression"]):
                assert row["expression"].partition(" / ")[0] in ids


def test_rates_are_divided_by_the_period_of_their_sums_over_any_time(dashboard: dict[str, Any]):
    rows = [
        row[0]
        for widget in dashboard["widgets"]
        for row in widget["properties"].get("metrics", [])
        if isinstance(row[0], dict)
    ]
    periods = {row["id"]: found[4] for row in rows if (found := SEARCH.fullmatch(row["expression"]))}
    rates = [row["expression"].split(" / ") for row in rows if " / " in row["expression"]]

    assert rates
    assert all(periods[summed] == seconds for summed, seconds in rates)
    # Without this, CloudWatch chooses other periods, by the time that is shown.
    assert dashboard["periodOverride"] == "inherit"


def test_every_metric_of_ours_is_on_the_page(measured: set[Metric]):
    offline = {
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_25",
        "precision_at_5",
    }
    ours = {name for namespace, name, _ in measured if namespace == "PersonalizePipeline"} - offline
    missing = {name for name in ours if f"`{name.replace(STACK, '<stack>')}`" not in PAGE}
    assert not missing


def test_requests_of_all_kinds_and_of_many_campaigns_are_added_up(monkeypatch: pytest.MonkeyPatch):
    with watched(monkeypatch):
        client = boto3.client("cloudwatch")
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        now = now.replace(minute=now.minute // 5 * 5)
        those = [Serving(str(one), f"arn:{one}", "CampaignArn", 1, now) for one in range(70)]
        for metric, value in (("GetRecommendations", 3), ("GetPersonalizedRanking", 4)):
            client.put_metric_data(
                Namespace="AWS/Personalize",
                MetricData=[
                    {
                        "MetricName": metric,
                        "Dimensions": [{"Name": "CampaignArn", "Value": "arn:69"}],
                        "Timestamp": now - requests.WINDOW,
                        "Value": value,
                    }
                ],
            )

        series = requests.requests(client, those, now - 12 * requests.WINDOW, now)

    assert len(series) == 70
    assert {time: value for time, value in series["arn:69"].items() if value} == {now - requests.WINDOW: 7}
    assert not any(series["arn:0"].values())


def test_runs_that_are_going_are_known_and_old_ones_do_not_count(monkeypatch: pytest.MonkeyPatch):
    with watched(monkeypatch):
        client, pipeline = boto3.client("stepfunctions"), os.environ["PIPELINE_ARN"]
        for name in ("one", "two"):
            client.start_execution(stateMachineArn=pipeline, name=name)
        client.stop_execution(
            executionArn=f"{pipeline.replace(':stateMachine:', ':execution:')}:one", error="e", cause="c"
        )
        now = datetime.now(UTC)

        lately = runs_since(client, pipeline, now - timedelta(days=1), now)
        later = runs_since(client, pipeline, now + timedelta(days=1), now + timedelta(days=2))

    assert len(lately) == 2
    assert all(start <= stop <= now for start, stop in lately)
    assert [stop for _, stop in later] == [now + timedelta(days=2)]  # the one that still goes


def test_log_retention_and_tracing_hold_for_every_function_and_state_machine():
    shared = template()["Globals"]["Function"]
    assert shared["Tracing"] == "Active"
    assert shared["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": "FunctionLogs"}}
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for properties in functions().values():
        assert not {"Tracing", "LoggingConfig"} & properties.keys()  # nothing of its own
    for properties in resources("AWS::Serverless::StateMachine").values():
        assert properties["Tracing"] == {"Enabled": True}
        assert properties["Logging"]["Destinations"]
