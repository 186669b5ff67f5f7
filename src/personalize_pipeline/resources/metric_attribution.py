"""Metric attribution: what recommendations bring about. A dataset group has one at most."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.resources.resource import Change, Found, Resource, tail
from personalize_pipeline.resources.service_role import lacks_permission, role_of_the_stack

_METRICS, _OUTPUT = "metrics", "metricsOutputConfig"
_MAX_UPDATES = 5


class MetricAttribution(Resource):
    """Its metrics and where they go can be changed; its name cannot."""

    kind = "metric-attribution"
    tags_follow = False  # metric attributions cannot have tags

    def describe(self) -> Found | None:
        """DescribeMetricAttribution and its metrics; or the one of another name that the group has."""
        arn = self.arn
        try:
            shown = self.client.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
        except self.client.exceptions.ResourceNotFoundException:
            arn = self._of_group()
            if not arn:
                return None
            shown = self.client.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"]
        return Found.of(arn, {**shown, _METRICS: self._metrics(arn)})

    def create(self) -> None:
        """CreateMetricAttribution."""
        group = self.context.given("dataset_group_arn")
        self.client.create_metric_attribution(
            **{**self.want, _OUTPUT: self._output, "datasetGroupArn": group}
        )

    def wanted(self) -> Mapping[str, Any]:
        """All of it; `None` for a metric that it has and should not."""
        return {
            "name": self.name,
            "datasetGroupArn": self.context.given("dataset_group_arn"),
            _METRICS: {metric["metricName"]: metric for metric in self.want[_METRICS]},
            _OUTPUT: {"s3DataDestination": None, **self._output},
        }

    def changes(self, found: Found) -> Sequence[Change]:
        """Also the metrics that it has and that the params file no longer names."""
        wanted = self.wanted()[_METRICS]
        gone = [
            Change(f"{_METRICS}.{name}", metric, None)
            for name, metric in found.settings[_METRICS].items()
            if name not in wanted
        ]
        return [*super().changes(found), *gone]

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """UpdateMetricAttribution: what goes or changes is removed first, then the rest is added.

        Raises:
            ResourceChanged: the group's attribution has another name, or the name is another group's.
            ResourceFailed: it does not become what is wanted.
        """
        if any(change.attribute in ("name", "datasetGroupArn") for change in changes):
            raise self.changed(found, changes)
        times = (self.noted or {}).get("updates", 0)
        if times >= _MAX_UPDATES:
            lines = "; ".join(map(str, changes))
            raise ResourceFailed(
                f"{tail(found.arn)}: Amazon Personalize accepts the update, but shows other settings: {lines}"
            )
        there, wanted = found.settings[_METRICS], self.wanted()[_METRICS]
        differing = {name for name, metric in there.items() if wanted.get(name) != metric}
        if differing:
            self.client.update_metric_attribution(
                metricAttributionArn=found.arn, removeMetrics=sorted(differing)
            )
        else:
            added = [metric for name, metric in wanted.items() if name not in there]
            self.client.update_metric_attribution(
                metricAttributionArn=found.arn, addMetrics=added, metricsOutputConfig=self._output
            )
        self.noted = {"updates": times + 1}

    def ways_out(self, found: Found) -> str:
        """A second one is refused, so the name in the file has to give way, or the attribution."""
        return (
            f"A dataset group has one metric attribution. Use the name {found.settings['name']} in the "
            f"params file, or delete it first:\n  {self.delete_command(found)}"
        )

    def way_on(self, found: Found) -> str:
        """A failed one keeps its name until it is deleted. Most often its role may not write."""
        if lacks_permission(found):
            place = self._output.get("s3DataDestination", {}).get("path")
            where = f", and {place} with s3:PutObject (the policy of the bucket too)" if place else ""
            return (
                f"Personalize writes with the role {self._output['roleArn']}: this must trust "
                f"personalize.amazonaws.com and allow cloudwatch:PutMetricData{where}. The stack's own role "
                "may write into folders named metrics of the input bucket. Correct that, delete what failed, "
                f"and upload the params file again:\n  {self.delete_command(found)}"
            )
        return super().way_on(found)

    def since(self, found: Found) -> datetime:
        """An update is in force at once; what it takes is another look."""
        return datetime.now(UTC) if self.noted else found.created

    def details(self, found: Found) -> dict[str, Any]:
        """What is counted, and where it goes."""
        return {
            _METRICS: list(found.settings[_METRICS].values()),
            "output": found.settings.get(_OUTPUT, {}).get("s3DataDestination", {}).get("path"),
        }

    @property
    def _output(self) -> Any:
        return {"roleArn": role_of_the_stack(), **self.want[_OUTPUT]}

    def _of_group(self) -> str:
        pages = self.client.get_paginator("list_metric_attributions").paginate(
            datasetGroupArn=self.context.given("dataset_group_arn")
        )
        found = [one for page in pages for one in page["metricAttributions"]]
        return next((one["metricAttributionArn"] for one in found), "")

    def _metrics(self, arn: str) -> dict[str, Any]:
        pages = self.client.get_paginator("list_metric_attribution_metrics").paginate(
            metricAttributionArn=arn
        )
        return {metric["metricName"]: metric for page in pages for metric in page["metrics"]}
