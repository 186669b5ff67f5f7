"""Metric attributions: what events are worth is computed here, and reported by `reports`."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service.kept_reports import Report
from personalize_local.service.live_events import events_between
from personalize_local.service.metrics import MetricsDenied, make_metrics
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks.data import Data, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_local.service.tasks.reports import CLOUDWATCH, S3, Output, deliver, deliver_kept
from personalize_rules.metric_expressions import parse_metric_expression
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.attribution import Total
    from personalize_local.service.settings import Settings
    from personalize_rules.schemas import Schema

logger = logging.getLogger(__name__)

CLOUDWATCH_SECONDS: Final = 14 * 86_400
"""Older events are not put into CloudWatch. Source: Developer Guide, guidelines for a metric attribution."""

BY_EVENTS: Final = "PutEvents"
BY_IMPORT: Final = "BulkImport"
"""The import methods in names of files; how the service calls them is not documented."""


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
            make_objects(settings).check_writable(place.folder, place.role_arn, source_arn=place.arn)
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
    """Report on the events that came by PutEvents, from number `after` (without it) to `until`.

    Before that, what could not be delivered until now is tried again.
    """
    from personalize_local.engine.attribution import write_events  # noqa: PLC0415

    interactions = datasets[DatasetType.INTERACTIONS]
    columns = _summed_columns(report["metrics"], read_schema(interactions["schema"]))
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    deliver_kept(settings, Output(**report["output"]))
    if until <= after:
        return {"sources": report["known_sources"]}
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

    What cannot be delivered is kept, see `reports`; the rest is.

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
        deliver(settings, place, Report(CLOUDWATCH, method, [_row(total) for total in young]))
    if to_s3 and place.destination and kept:
        deliver(settings, place, Report(S3, method, [_row(total) for total in kept]))
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


def _row(total: Total) -> list[Any]:
    """In the order of a report's columns."""
    metric = total.metric
    return [
        metric.name,
        metric.event_type,
        total.value,
        metric.expression.function,
        total.source,
        total.timestamp,
    ]


def _summed_columns(metrics: Sequence[dict[str, str]], schema: Schema) -> list[str]:
    """The columns of interactions that metrics sum up, as the schema spells them."""
    read = [parse_metric_expression(one["expression"]) for one in metrics]
    fields = [
        schema.find(one.column)
        for one in read
        if one.dataset is DatasetType.INTERACTIONS and one.column is not None
    ]
    return sorted({field.name for field in fields if field is not None})
