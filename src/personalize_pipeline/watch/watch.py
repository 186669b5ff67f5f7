"""The function that runs every hour and measures what no event tells: that something does not happen.

Its metrics are sent by PutMetricData and not with the log, so that alarms on them work on a local stack too.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger

from personalize_pipeline import clients
from personalize_pipeline.reporting.metrics import NAMESPACE, SERVICE
from personalize_pipeline.watch.requests import requests
from personalize_pipeline.watch.serving import serving
from personalize_pipeline.watch.usage import Run, Usage, usage, window

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_stepfunctions import SFNClient

_SECONDS_PER_DAY: Final = 86_400
_LONGEST_RUN: Final = timedelta(days=3)  # pipeline.asl.yaml
_DATA: Final = 1_000  # PutMetricData takes as many

logger = Logger()


def watch(event: Mapping[str, Any]) -> dict[str, Any]:
    """Measure, at the `time` of the event: days since the last success; what campaigns are used."""
    time = event.get("time")
    now = datetime.fromisoformat(time) if isinstance(time, str) else datetime.now(UTC)
    days = days_since_success(clients.stepfunctions(), os.environ["PIPELINE_ARN"], now)
    usages = _usages(now)
    for one in usages:
        if one.finding:
            logger.info(one.finding, extra={"finding": one.finding, "arn": one.serving.arn})
    counts = {
        "IdleCampaigns": sum(one.idle for one in usages),
        "UnderProvisionedCampaigns": sum(one.under_provisioned for one in usages),
        "OverProvisionedCampaigns": sum(one.over_provisioned for one in usages),
    }
    data = [
        _datum("DaysSinceSuccess", days, "None"),
        *(_datum(name, count, "Count") for name, count in counts.items()),
        *(_datum("Utilization", one.utilization, "Percent", one.serving.name) for one in usages),
    ]
    for first in range(0, len(data), _DATA):
        clients.cloudwatch().put_metric_data(Namespace=NAMESPACE, MetricData=data[first : first + _DATA])
    return {
        "daysSinceSuccess": round(days, 2),
        **counts,
        "findings": [_shown(one) for one in usages if one.finding],
    }


def days_since_success(client: "SFNClient", pipeline: str, now: datetime) -> float:
    """Days since the last run that succeeded; without one, since the stack is there.

    Step Functions forgets runs after 90 days.
    """
    succeeded = client.list_executions(stateMachineArn=pipeline, statusFilter="SUCCEEDED", maxResults=100)
    stops = [run["stopDate"] for run in succeeded["executions"]]
    last = max(stops) if stops else client.describe_state_machine(stateMachineArn=pipeline)["creationDate"]
    return max(0.0, (now - last).total_seconds() / _SECONDS_PER_DAY)


def runs_since(client: "SFNClient", pipeline: str, since: datetime, now: datetime) -> list[Run]:
    """From when to when runs went, those that have not ended by `since`."""
    found: list[Run] = []
    for page in client.get_paginator("list_executions").paginate(stateMachineArn=pipeline):
        spans = [(run["startDate"], run.get("stopDate", now)) for run in page["executions"]]
        found += [span for span in spans if span[1] >= since]
        if spans and spans[-1][0] < since - _LONGEST_RUN:  # the newest come first
            break
    return found


def _usages(now: datetime) -> list[Usage]:
    groups = os.environ["WATCHED_DATASET_GROUPS"]
    idle_days = int(os.environ["IDLE_DAYS"])
    those = serving(clients.personalize_patient(), groups) if groups.strip() else []
    if not those:
        return []
    start = now - window(idle_days)
    series = requests(clients.cloudwatch(), those, start, now)
    runs = runs_since(clients.stepfunctions(), os.environ["PIPELINE_ARN"], start, now)
    return [usage(one, series[one.arn], now, idle_days, runs) for one in those]


def _datum(name: str, value: float, unit: Any, campaign: str = "") -> "MetricDatumTypeDef":
    dimensions = {
        SERVICE: os.environ["POWERTOOLS_SERVICE_NAME"],
        **({"Campaign": campaign} if campaign else {}),
    }
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Unit": unit,
        "Value": value,
    }


def _shown(one: Usage) -> dict[str, str]:
    return {"arn": one.serving.arn, "finding": one.finding}
