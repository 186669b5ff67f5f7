"""Puts metrics into CloudWatch with the rights of a role, as Amazon Personalize does for metric attributions.

With an IAM (`--iam-endpoint`), the role must let personalize.amazonaws.com have it and allow
`cloudwatch:PutMetricData`. Without one, the credentials of the process are used and roles are not looked at.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from personalize_local.aws.service_roles import RoleRefused, ServiceRoles
from personalize_local.service.metrics import MetricsDenied, MetricsUnreachable, NoMetrics
from personalize_local.settings_from_environment import cloudwatch_endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.service.metrics import Point
    from personalize_local.service.settings import Settings

ACTION: Final = "cloudwatch:PutMetricData"
POINTS_PER_CALL: Final = 100  # AWS takes 1,000; emulators less, and a call has 1 MB at most
TIMEOUT_SECONDS: Final = 10
_DENIED = ("AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "403")


class CloudWatchMetrics:
    """`service.metrics.Metrics` on CloudWatch (or what answers at its address). One per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._roles = ServiceRoles(settings)

    def put(self, points: Sequence[Point], role_arn: str, *, source_arn: str) -> None:
        """Put values; see `service.metrics.Metrics.put`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._client(self._roles.credentials(role_arn, source_arn))
            for start in range(0, len(points), POINTS_PER_CALL):
                client.put_metric_data(
                    Namespace=self._settings.attribution_namespace,
                    MetricData=[_datum(point) for point in points[start : start + POINTS_PER_CALL]],
                )
        except RoleRefused as refused:
            raise MetricsDenied(str(refused)) from refused
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _DENIED:
                raise MetricsDenied(f"{role_arn} may not do {ACTION}: {error}") from error
            raise MetricsUnreachable(f"CloudWatch refuses: {error}") from error
        except BotoCoreError as error:
            raise MetricsUnreachable(f"CloudWatch cannot be reached: {error}") from error

    def check_writable(self, role_arn: str, *, source_arn: str) -> None:
        """Ask IAM; see `service.metrics.Metrics.check_writable`."""
        context = {"cloudwatch:namespace": self._settings.attribution_namespace}
        try:
            self._roles.check(role_arn, source_arn, ACTION, "*", context)
        except RoleRefused as refused:
            raise MetricsDenied(str(refused)) from refused

    def _client(self, credentials: dict[str, Any]) -> Any:
        import boto3
        from botocore.config import Config

        try:
            endpoint = cloudwatch_endpoint(os.environ)
        except RuntimeError as error:
            raise NoMetrics(str(error)) from error
        if endpoint and not credentials and not boto3.session.Session().get_credentials():
            # A local CloudWatch wants a signature, and does not care whose.
            credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(
            connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"mode": "standard"}
        )
        return boto3.client(
            "cloudwatch",
            endpoint_url=endpoint,
            region_name=self._settings.region,
            config=config,
            **credentials,
        )


def _datum(point: Point) -> dict[str, Any]:
    return {
        "MetricName": point.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in point.dimensions.items()],
        "Timestamp": datetime.fromtimestamp(point.timestamp, UTC),
        "Value": point.value,
    }


def make_metrics(settings: Settings) -> CloudWatchMetrics:
    """The factory that `Settings.metrics` names."""
    return CloudWatchMetrics(settings)
