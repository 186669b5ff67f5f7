"""How many requests campaigns and recommenders were sent, as Amazon Personalize reports it to CloudWatch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from personalize_pipeline.watch.serving import Serving

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE: Final = "AWS/Personalize"
METRICS: Final = ("GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations")
"""Successful requests. Who answers one kind of them has no metric of the others."""

WINDOW: Final = timedelta(minutes=5)
# GetMetricData takes 500 queries; a week has 2,016 windows, so this many already fill more than one page.
_QUERIES = 100

Series = Mapping[datetime, float]
"""Beginning of a window -> requests in it. A window without requests is absent."""


def requests(
    client: "CloudWatchClient", those: Sequence[Serving], start: datetime, end: datetime
) -> dict[str, Series]:
    """By ARN, how many requests there were."""
    series: dict[str, Counter[datetime]] = {one.arn: Counter() for one in those}
    asked = [(one, metric) for one in those for metric in METRICS]
    for first in range(0, len(asked), _QUERIES):
        part = asked[first : first + _QUERIES]
        queries = [_query(number, one, metric) for number, (one, metric) in enumerate(part)]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,  # type: ignore[arg-type]
            StartTime=start,
            EndTime=end,
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                one, _ = part[int(result["Id"].removeprefix("q"))]
                for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                    series[one.arn][time] += value  # type: ignore[assignment]  # a float that is whole
    return dict(series)


def _query(number: int, one: Serving, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": one.dimension, "Value": one.arn}]
    return {
        "Id": f"q{number}",
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
            "Period": int(WINDOW.total_seconds()),
            "Stat": "Sum",
        },
    }
