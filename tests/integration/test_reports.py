"""Reports of a metric attribution that cannot be delivered: kept, tried again, given up in the end."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.local_server import ACCOUNT, REGION

from personalize_local.service.kept_reports import Report, any_kept, forget, kept
from personalize_local.service.metrics import MetricsUnreachable, NoMetrics
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.settings import Settings
from personalize_local.service.tasks.imports import import_files
from personalize_local.service.tasks.reports import CLOUDWATCH, S3, Output, deliver, deliver_kept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.s3_server import S3Server

    from personalize_local.service.metrics import Point

ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}:metric-attribution/impact"
ROW = ["watched", "watch", 2.0, "samplecount", "mail", 1_800_000_000]


class Metrics:
    """A CloudWatch that fails as long as it is told to."""

    trouble: Exception | None = None
    got: list[Point]

    def put(self, points: Sequence[Point], _role_arn: str, *, source_arn: str) -> None:
        assert source_arn == ARN
        if self.trouble:
            raise self.trouble
        self.got.extend(points)


METRICS = Metrics()


def make_metrics(_: Settings) -> Metrics:
    return METRICS


@pytest.fixture(autouse=True)
def _fresh(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    METRICS.trouble = None
    METRICS.got = []
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / SCRATCH).mkdir()
    return Settings(
        data_dir=tmp_path,
        region=REGION,
        account_id=ACCOUNT,
        metrics=f"{__name__}:make_metrics",
        attribution_attempts=3,
    )


def place(destination: str) -> Output:
    return Output(ARN, 7, "group", "role", destination, None)


def test_what_could_not_be_delivered_is_delivered_once_it_can_be(s3: S3Server, settings: Settings) -> None:
    there = place("s3://late-bucket/reports")
    METRICS.trouble = MetricsUnreachable("no answer")
    deliver(settings, there, Report(CLOUDWATCH, "PutEvents", [ROW]))
    deliver(settings, there, Report(S3, "PutEvents", [ROW]))

    deliver_kept(settings, there)  # a second time in vain
    assert sorted((report.to, report.attempts) for _, report in kept(settings.data_dir, 7)) == [
        (CLOUDWATCH, 2),
        (S3, 2),
    ]
    METRICS.trouble = None
    s3.put("late-bucket", {})
    deliver_kept(settings, there)
    deliver_kept(settings, there)

    assert [(point.name, point.value, point.timestamp) for point in METRICS.got] == [
        ("watched", 2.0, 1_800_000_000)
    ]
    [written] = s3.client.list_objects_v2(Bucket="late-bucket")["Contents"]
    body = s3.client.get_object(Bucket="late-bucket", Key=written["Key"])["Body"].read().decode()
    assert body.splitlines()[1] == "watched,watch,2.0,samplecount,mail,1800000000"
    assert not any_kept(settings.data_dir, 7)


def test_a_report_is_given_up_after_so_many_attempts(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    there = place("s3://never-a-bucket/reports")
    with caplog.at_level(logging.WARNING):
        deliver(settings, there, Report(S3, "PutEvents", [ROW]))
        deliver_kept(settings, there)
        assert any_kept(settings.data_dir, 7)
        deliver_kept(settings, there)

    assert not any_kept(settings.data_dir, 7)
    [first, last] = [one.getMessage() for one in caplog.records]
    assert "is tried again, 3 times in all" in first
    assert "given up after 3 attempts" in last


def test_what_makes_no_sense_to_try_again_is_not_kept(settings: Settings) -> None:
    METRICS.trouble = NoMetrics("nobody said where")
    deliver(settings, place("s3://x/"), Report(CLOUDWATCH, "PutEvents", [ROW]))
    assert not any_kept(settings.data_dir, 7)

    METRICS.trouble = MetricsUnreachable("no answer")
    deliver(settings, place("s3://x/"), Report(CLOUDWATCH, "PutEvents", [ROW]))
    assert any_kept(settings.data_dir, 7)
    forget(settings.data_dir, 7)
    assert not any_kept(settings.data_dir, 7)


def test_a_report_that_breaks_does_not_fail_the_import(
    s3: S3Server, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put("reported", {"users.csv": "USER_ID,PLAN\nu1,free\n"})
    fields = [{"name": name, "type": "string"} for name in ("USER_ID", "PLAN")]
    broken: dict[str, Any] = {"no such": "argument"}

    done = import_files(
        settings,
        arn=ARN,
        location="s3://reported/users.csv",
        role_arn=None,
        mode="FULL",
        dataset_arn="dataset",
        dataset_type="USERS",
        schema=json.dumps({"type": "record", "name": "Users", "version": "1.0", "fields": fields}),
        folder=str(settings.data_dir / "datasets" / "1"),
        attribution=broken,
    )

    assert done["rows"] == 1
    assert "imported, but not reported" in caplog.text
