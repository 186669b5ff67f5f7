"""Service roles when IAM does not answer. IAM itself is tested in tests/integration/test_iam.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personalize_local.aws.cloudwatch import CloudWatchMetrics
from personalize_local.aws.iam import Iam
from personalize_local.aws.s3 import S3Objects
from personalize_local.service.metrics import MetricsDenied
from personalize_local.service.objects import ObjectsDenied
from personalize_local.service.settings import Settings
from personalize_local.settings_from_environment import IAM_ENDPOINT, IAM_TOKEN

if TYPE_CHECKING:
    from typing import Any

ROLE = "arn:aws:iam::000000000000:role/reporter"
SOURCE = "arn:aws:personalize:us-east-1:000000000000:metric-attribution/films"


@pytest.fixture(autouse=True)
def _iam_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hands out the role, and is gone when it is asked what the role may."""
    monkeypatch.setenv(IAM_ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setenv(IAM_TOKEN, "token")

    def ask(self: Iam, question: dict[str, Any]) -> dict[str, Any]:
        if question["ask"] == "assume":
            return {"accessKeyId": "AKID", "secretAccessKey": "secret", "sessionToken": "session"}
        raise ConnectionError("IAM does not answer")

    monkeypatch.setattr(Iam, "ask", ask)


def test_metrics_are_refused_when_iam_goes() -> None:
    metrics = CloudWatchMetrics(Settings(data_dir=Path()))

    with pytest.raises(MetricsDenied, match="IAM does not answer"):
        metrics.check_writable(ROLE, source_arn=SOURCE)


def test_objects_are_refused_when_iam_goes() -> None:
    objects = S3Objects(Settings(data_dir=Path()))

    with pytest.raises(ObjectsDenied, match="IAM does not answer"):
        objects.check_writable("s3://bucket/out/", ROLE, source_arn=SOURCE)
