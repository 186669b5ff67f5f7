"""Deliver reports of metric attributions to CloudWatch and, as CSV, to S3; what fails is kept for later."""

from __future__ import annotations

import csv
import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service.kept_reports import Report, keep, kept
from personalize_local.service.metrics import (
    MetricsDenied,
    MetricsUnreachable,
    NoMetrics,
    Point,
    make_metrics,
)
from personalize_local.service.objects import ObjectsDenied, ObjectsMissing, make_objects
from personalize_local.service.scratch import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

COLUMNS: Final = (
    "METRIC_NAME",
    "EVENT_TYPE",
    "VALUE",
    "MATH_FUNCTION",
    "EVENT_ATTRIBUTION_SOURCE",
    "TIMESTAMP",
)
CLOUDWATCH: Final = "cloudwatch"
S3: Final = "s3"
PATIENCE_SECONDS: Final = 60
"""So long, reports that wait are tried at once; where nobody answers, each takes its time."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where the reports of an attribution go, as the service hands it over."""

    arn: str
    number: int
    group: str
    role_arn: str
    destination: str | None
    kms_key_arn: str | None

    @property
    def folder(self) -> str:
        """The destination, with a "/" at its end."""
        assert self.destination
        return self.destination if self.destination.endswith("/") else f"{self.destination}/"


def deliver(settings: Settings, place: Output, report: Report) -> None:
    """Deliver a report, or keep it for `deliver_kept`. AWS does not document what it does then."""
    _attempt(settings, place, report, None)


def deliver_kept(settings: Settings, place: Output) -> None:
    """Try again what could not be delivered, where reports go by now.

    A process that is killed in between delivers one of them twice; where CloudWatch took a part of the
    values before it failed, it gets that part twice.
    """
    latest = time.monotonic() + PATIENCE_SECONDS
    for file, report in sorted(kept(settings.data_dir, place.number), key=lambda one: one[1].attempts):
        if time.monotonic() > latest:
            break
        _attempt(settings, place, report, file)


def _attempt(settings: Settings, place: Output, report: Report, file: Path | None) -> None:
    try:
        if report.to == CLOUDWATCH:
            _to_cloudwatch(settings, place, report.rows)
        elif place.destination:
            _to_s3(settings, place, report.rows, report.method)
    except NoMetrics as error:
        logger.warning("%s: not reported: %s", place.arn, error)
    except (MetricsDenied, MetricsUnreachable, ObjectsDenied, ObjectsMissing) as error:
        failed = replace(report, attempts=report.attempts + 1)
        most = settings.attribution_attempts
        if failed.attempts < most:
            if failed.attempts == 1:  # not every time: they are many
                text = "%s: not reported, is tried again, %d times in all: %s"
                logger.warning(text, place.arn, most, error)
            keep(settings.data_dir, place.number, failed, file)
            return
        logger.warning("%s: not reported, given up after %d attempts: %s", place.arn, most, error)
    if file:
        file.unlink(missing_ok=True)


def _to_cloudwatch(settings: Settings, place: Output, rows: Sequence[Sequence[Any]]) -> None:
    points = [
        Point(
            name,
            value,
            timestamp,
            {"DatasetGroupArn": place.group, "EventType": event_type, "EventAttributionSource": source},
        )
        for name, event_type, value, _, source, timestamp in rows
    ]
    make_metrics(settings).put(points, place.role_arn, source_arn=place.arn)


def _to_s3(settings: Settings, place: Output, rows: Sequence[Sequence[Any]], method: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
    with TemporaryDirectory(dir=settings.data_dir / SCRATCH) as temporary:
        file = Path(temporary) / "report.csv"
        with file.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        make_objects(settings).store(
            file,
            f"{place.folder}AggregatedAttributionMetrics - {method} - {now}.csv",
            place.role_arn,
            source_arn=place.arn,
            kms_key_arn=place.kms_key_arn,
        )
