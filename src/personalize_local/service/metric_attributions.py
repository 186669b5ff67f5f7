"""Metric attributions: what recommendations bring, reported to CloudWatch and S3.

Events that come by PutEvents are reported on a schedule; imports by the job itself, see `tasks.imports`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import dataset_arguments, find_dataset, group_schemas
from personalize_local.service.errors import (
    InvalidInputException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from personalize_local.service.kept_reports import any_kept, forget
from personalize_local.service.kinds import Status
from personalize_local.service.locations import is_location
from personalize_local.service.pages import make_token, read_token
from personalize_local.service.resource import Answer, Resource, operation
from personalize_local.service.workers import Job, Outcome
from personalize_rules.metric_expressions import check_metric_expression, parse_metric_expression
from personalize_rules.schemas import DatasetType, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record, Store

logger = logging.getLogger(__name__)

_Metrics = list[dict[str, Any]]


class MetricAttributions(Resource):
    """CreateMetricAttribution, Update, Describe, List, Delete, ListMetricAttributionMetrics."""

    kind = kinds.METRIC_ATTRIBUTION
    member = "metricAttribution"
    listed = "metricAttributions"
    summary: ClassVar = ("name", "metricAttributionArn")

    @operation
    def create_metric_attribution(
        self,
        *,
        name: str,
        datasetGroupArn: str,
        metrics: _Metrics,
        metricsOutputConfig: dict[str, Any],
    ) -> Answer:
        """One per dataset group; reports on what comes from now on."""
        arn = self.context.arn(self.kind, name)
        with self.store.transaction():
            self.refuse_taken(arn)
            group = self.ready(kinds.DATASET_GROUP, datasetGroupArn)
            there = self.store.find(self.kind, group=group.arn)
            if len(there) >= self.context.settings.quotas.metric_attributions:
                # As for event trackers: a second one collides like a taken name does.
                raise ResourceAlreadyExistsException.of(there[0].arn)
            problems = list(_output_problems(metricsOutputConfig))
            problems += self._metric_problems(group.arn, [], metrics)
            if problems:
                raise InvalidInputException.of(problems)
            body = {
                "name": name,
                "metricAttributionArn": arn,
                "datasetGroupArn": group.arn,
                "metricsOutputConfig": metricsOutputConfig,
            }
            private = {
                "metrics": [{"number": n, "metric": one} for n, one in enumerate(metrics, start=1)],
                "lastMetric": len(metrics),
                "reported": self._last_event(group.arn),
            }
            self.add(arn, name, body, group=group.arn, parent=group.arn, private=private)
        return {"metricAttributionArn": arn}

    @operation
    def update_metric_attribution(
        self,
        *,
        metricAttributionArn: str | None = None,
        addMetrics: _Metrics | None = None,
        removeMetrics: list[str] | None = None,
        metricsOutputConfig: dict[str, Any] | None = None,
    ) -> Answer:
        """In force at once, for what is reported from then on."""
        if metricAttributionArn is None:
            raise InvalidInputException("metricAttributionArn: required.")
        with self.store.transaction():
            record = self.get(metricAttributionArn)
            self.require_active(record)
            removed = set(removeMetrics or [])
            left = [one for one in record.private["metrics"] if one["metric"]["metricName"] not in removed]
            known = {one["metric"]["metricName"] for one in record.private["metrics"]}
            problems = [f"removeMetrics: '{name}' is not a metric of it" for name in sorted(removed - known)]
            problems += _output_problems(metricsOutputConfig or {})
            problems += self._metric_problems(record.group, [one["metric"] for one in left], addMetrics or [])
            if problems:
                raise InvalidInputException.of(problems)
            for metric in addMetrics or []:
                record.private["lastMetric"] += 1
                left.append({"number": record.private["lastMetric"], "metric": metric})
            record.private["metrics"] = left
            if metricsOutputConfig is not None:
                record.body["metricsOutputConfig"] = metricsOutputConfig
            record.updated = self.context.clock.now()
            self.store.save(record)
        return {"metricAttributionArn": metricAttributionArn}

    @operation
    def describe_metric_attribution(self, *, metricAttributionArn: str) -> Answer:
        """One attribution, without its metrics."""
        return self.describe(metricAttributionArn)

    @operation
    def list_metric_attributions(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Attributions of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def list_metric_attribution_metrics(
        self,
        *,
        metricAttributionArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """The metrics in the order in which they were added; without an ARN, those of the account."""
        scope = f"metrics|{metricAttributionArn or ''}"
        start = read_token(nextToken, scope)
        limit = maxResults or self.context.settings.page_size
        if metricAttributionArn is None:
            found = [
                one["metric"] for record in self.store.find(self.kind) for one in record.private["metrics"]
            ]
            numbered = list(enumerate(found, start=1))
        else:
            try:
                record = self.get(metricAttributionArn)
            except ResourceNotFoundException as error:  # which this operation does not have
                raise InvalidInputException(error.message) from error
            numbered = [(one["number"], one["metric"]) for one in record.private["metrics"]]
        rest = [(number, metric) for number, metric in numbered if number > start]
        answer: Answer = {"metrics": [metric for _, metric in rest[:limit]]}
        if len(rest) > limit:
            answer["nextToken"] = make_token(rest[limit - 1][0], scope)
        return answer

    @operation
    def delete_metric_attribution(self, *, metricAttributionArn: str) -> Answer:
        """Nothing is reported any more; what was reported stays."""
        with self.store.transaction():
            return self.delete(self.get(metricAttributionArn))

    # -- its walk: the role must be able to write

    def work(self, record: Record) -> None:
        """Have a worker find out whether the role may do what it is for."""
        if not self.attempt(record):
            return

        def done(outcome: Outcome) -> None:
            self.finish(record.arn, outcome.reason)

        arguments = {"output": _output(record)}
        job = Job(
            record.arn, record.group, "check_attribution", arguments, done, urgent=True, begins=self.begun
        )
        self.context.workers.submit(job)

    def activated(self, record: Record) -> None:
        """From now on, events are reported."""
        self._schedule_report(record)

    def removed(self, record: Record) -> None:
        """Nor are reports that could not be delivered until now."""
        forget(self.context.settings.data_dir, record.number)

    def resume(self) -> None:
        """After a start: also the schedule of reports."""
        super().resume()
        for record in self.store.find(self.kind, statuses=[Status.ACTIVE]):
            self._at(self.context.clock.now(), self._report, record.arn, record.number)

    # -- reports

    def _schedule_report(self, record: Record) -> None:
        due = self.context.clock.now() + self.context.settings.attribution_seconds
        self._at(due, self._report, record.arn, record.number)

    def _report(self, arn: str, number: int) -> None:
        record = self._in(arn, Status.ACTIVE)
        if record is None or record.number != number:
            return  # deleted; perhaps there is another of the same name, with a schedule of its own
        last = max(self._last_event(record.group), record.private["reported"])  # events may be deleted
        if last <= record.private["reported"] and not any_kept(self.context.settings.data_dir, number):
            self._schedule_report(record)
            return
        arguments = {
            **report_arguments(self.context, record),
            "after": record.private["reported"],
            "until": last,
        }

        def done(outcome: Outcome) -> None:
            self.soon(self._reported, arn, number, last, outcome)

        self.context.workers.submit(
            Job(f"report/{arn}/{number}", record.group, "report_events", arguments, done)
        )

    def _reported(self, arn: str, number: int, last: int, outcome: Outcome) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.ACTIVE)
            if record is None or record.number != number:
                return
            failures = 0 if outcome.result is not None else record.private.get("failures", 0) + 1
            if outcome.result is not None:
                record.private["sources"] = outcome.result["sources"]
            elif failures < self.context.settings.attribution_attempts:
                last = record.private["reported"]
                logger.warning("%s: the report failed and is tried again: %s", arn, outcome.reason)
            else:
                logger.error("%s: given up after %d attempts: %s", arn, failures, outcome.reason)
                failures = 0
            record.private.update(reported=last, failures=failures)
            self.store.save(record)
            self._schedule_report(record)

    # -- rules

    def _last_event(self, group_arn: str) -> int:
        dataset = find_dataset(self.store, group_arn, DatasetType.INTERACTIONS)
        if dataset is None:
            return 0
        [[last]] = self.store.rows(
            "SELECT coalesce(max(id), 0) FROM events WHERE dataset = ?", (dataset.number,)
        )
        return int(last)

    def _metric_problems(
        self, group_arn: str, there: Sequence[Mapping[str, str]], added: Sequence[Mapping[str, str]]
    ) -> Iterator[str]:
        limit = self.context.settings.quotas.metrics_of_attribution
        if len(there) + len(added) > limit:
            yield f"metrics: {len(there) + len(added)} metrics, at most {limit} are allowed"
        names = [one["metricName"] for one in (*there, *added)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"metrics: the name '{name}' is used more than once"
        schemas = group_schemas(self.store, group_arn)
        for number, one in enumerate(added):
            if problem := _expression_problem(one["expression"], schemas):
                yield f"metrics[{number}].expression: {problem}"


def attribution_of(store: Store, group_arn: str) -> Record | None:
    """The attribution of a dataset group, if it is at work."""
    for record in store.find(kinds.METRIC_ATTRIBUTION, group=group_arn, statuses=[Status.ACTIVE]):
        return record
    return None


def report_arguments(context: Context, record: Record) -> dict[str, Any]:
    """What a task needs to know to report on events or an import."""
    sources = (
        *context.store.find(kinds.CAMPAIGN, group=record.group),
        *context.store.find(kinds.RECOMMENDER, group=record.group),
    )
    return {
        "output": _output(record),
        "metrics": [one["metric"] for one in record.private["metrics"]],
        "datasets": dataset_arguments(context, record.group),
        "origins": {str(source.number): source.arn for source in sources},
        "known_sources": record.private.get("sources", []),
    }


def _output(record: Record) -> dict[str, Any]:
    config = record.body["metricsOutputConfig"]
    destination = config.get("s3DataDestination", {})
    return {
        "arn": record.arn,
        "number": record.number,
        "group": record.group,
        "role_arn": config["roleArn"],
        "destination": destination.get("path"),
        "kms_key_arn": destination.get("kmsKeyArn"),
    }


def _output_problems(config: Mapping[str, Any]) -> Iterator[str]:
    path = config.get("s3DataDestination", {}).get("path")
    if path is not None and not is_location(path):
        yield f"Invalid S3 output path. '{path}' must look like s3://bucket/folder/"


def _expression_problem(text: str, schemas: Mapping[DatasetType, Schema]) -> str | None:
    try:
        return check_metric_expression(parse_metric_expression(text), schemas)
    except ValueError as error:
        return str(error)
