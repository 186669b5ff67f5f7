"""Reports of metric attributions: to CloudWatch, and as CSV to S3."""

from __future__ import annotations

import csv
import logging
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service.live_events import events_between
from personalize_local.service.metrics import MetricsDenied, MetricsUnreachable, Point, make_metrics
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks.data import Data, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_rules.metric_expressions import parse_metric_expression
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from personalize_local.engine.attribution import Total
    from personalize_local.service.settings import Settings
    from personalize_rules.schemas import Schema

logger = logging.getLogger(__name__)

CLOUDWATCH_SECONDS: Final = 14 * 86_400
"""Older events are not put into CloudWatch. Source: Developer Guide, guidelines for a metric attribution."""

COLUMNS: Final = (
    "METRIC_NAME",
    "EVENT_TYPE",
    "VALUE",
    "MATH_FUNCTION",
    "EVENT_ATTRIBUTION_SOURCE",
    "TIMESTAMP",
)
BY_EVENTS: Final = "PutEvents"
BY_IMPORT: Final = "BulkImport"
"""The import methods in names of files; how the service calls them is not documented."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where the reports of an attribution go, as the service hands it over."""

    arn: str
    group: str
    role_arn: str
    destination: str | None
    kms_key_arn: str | None


def check_attribution(settings: Settings, *, output: dict[str, Any]) -> dict[str, Any]:
    """Find out whether the role may write reports."""
    place = Output(**output)
    problems = []
    try:
        make_metrics(settings).check_writable(place.role_arn, source_arn=place.arn)
    except MetricsDenied as error:
        problems.append(f"Insufficient privileges for putting metrics into Amazon CloudWatch. {error}")
    if place.destination:
        try:
            make_objects(settings).check_writable(
                _folder(place.destination), place.role_arn, source_arn=place.arn
            )
        except ObjectsDenied as error:
            problems.append(f"Insufficient privileges for accessing data in Amazon S3. {error}")
        except ObjectsMissing as error:
            problems.append(str(error))
    if problems:
        raise Rejected(" ".join(problems))
    return {}


def report_events(
    settings: Settings, *, after: int, until: int, datasets: dict[str, dict[str, Any]], **report: Any
) -> dict[str, Any]:
    """Report on the events that came by PutEvents, from number `after` (without it) to `until`."""
    from personalize_local.engine.attribution import write_events  # noqa: PLC0415

    interactions = datasets[DatasetType.INTERACTIONS]
    columns = _summed_columns(report["metrics"], read_schema(interactions["schema"]))
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as temporary:
        events = Path(temporary) / "events.parquet"
        with closing(open_reader(settings.data_dir / STATE)) as reader:
            write_events(events_between(reader, interactions["number"], after, until), columns, events)
        return publish(
            settings,
            events,
            datasets=datasets,
            method=BY_EVENTS,
            to_cloudwatch=True,
            to_s3=settings.attribution_of_events_to_s3,
            **report,
        )


def publish(
    settings: Settings,
    events: Path,
    *,
    output: dict[str, Any],
    metrics: list[dict[str, str]],
    datasets: dict[str, dict[str, Any]],
    origins: dict[str, str],
    known_sources: list[str],
    method: str,
    to_cloudwatch: bool,
    to_s3: bool,
) -> dict[str, Any]:
    """Compute the metrics of some events, given as Parquet, and report them.

    What cannot be reported is named in the log; the rest is.

    Returns:
        All sources that were ever reported on, at most as many as the quota says.

    """
    from personalize_local.engine.attribution import Metric, totals  # noqa: PLC0415

    place = Output(**output)
    items = (
        Data.of(DatasetType.ITEMS, datasets[DatasetType.ITEMS], settings).parquet
        if DatasetType.ITEMS in datasets
        else None
    )
    read = [
        Metric(one["metricName"], one["eventType"], parse_metric_expression(one["expression"]))
        for one in metrics
    ]
    found = totals(
        events, items, read, origins={f"{int(number):08x}": arn for number, arn in origins.items()}
    )
    kept, sources = _within_quota(found, known_sources, settings.quotas.sources_of_attribution, place.arn)
    young = [total for total in kept if total.timestamp > time.time() - CLOUDWATCH_SECONDS]
    if to_cloudwatch and young:
        _attempt(place.arn, lambda: _to_cloudwatch(settings, place, young))
    if to_s3 and place.destination and kept:
        _attempt(place.arn, lambda: _to_s3(settings, place, kept, method))
    return {"sources": sources}


def _within_quota(
    found: Sequence[Total], known: Sequence[str], limit: int, arn: str
) -> tuple[list[Total], list[str]]:
    """The totals of known sources and of new ones as long as there is room, and all sources then known."""
    seen = sorted({total.source for total in found} - set(known))
    sources = [*known, *seen][:limit]
    if len(known) + len(seen) > limit:
        logger.warning("%s: more than %d sources; further ones are not reported.", arn, limit)
    allowed = set(sources)
    return [total for total in found if total.source in allowed], sources


def _attempt(arn: str, report: Callable[[], None]) -> None:
    """A report that cannot be delivered is lost, as in AWS; the log says why."""
    try:
        report()
    except (MetricsDenied, MetricsUnreachable, ObjectsDenied, ObjectsMissing) as error:
        logger.warning("%s: not reported: %s", arn, error)


def _to_cloudwatch(settings: Settings, place: Output, found: Sequence[Total]) -> None:
    points = [
        Point(
            total.metric.name,
            total.value,
            total.timestamp,
            {
                "DatasetGroupArn": place.group,
                "EventType": total.metric.event_type,
                "EventAttributionSource": total.source,
            },
        )
        for total in found
    ]
    make_metrics(settings).put(points, place.role_arn, source_arn=place.arn)


def _to_s3(settings: Settings, place: Output, found: Sequence[Total], method: str) -> None:
    assert place.destination
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
    with TemporaryDirectory(dir=settings.data_dir / SCRATCH) as temporary:
        file = Path(temporary) / "report.csv"
        with file.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text, lineterminator="\n")
            rows.writerow(COLUMNS)
            rows.writerows(map(_row, found))
        make_objects(settings).store(
            file,
            f"{_folder(place.destination)}AggregatedAttributionMetrics - {method} - {now}.csv",
            place.role_arn,
            source_arn=place.arn,
            kms_key_arn=place.kms_key_arn,
        )


def _row(total: Total) -> tuple[Any, ...]:
    metric = total.metric
    return (
        metric.name,
        metric.event_type,
        total.value,
        metric.expression.function,
        total.source,
        total.timestamp,
    )


def _folder(destination: str) -> str:
    return destination if destination.endswith("/") else f"{destination}/"


def _summed_columns(metrics: Sequence[dict[str, str]], schema: Schema) -> list[str]:
    """The columns of interactions that metrics sum up, as the schema spells them."""
    read = [parse_metric_expression(one["expression"]) for one in metrics]
    fields = [
        schema.find(one.column)
        for one in read
        if one.dataset is DatasetType.INTERACTIONS and one.column is not None
    ]
    return sorted({field.name for field in fields if field is not None})
