"""Notify: what everybody is told at the end of a run: its event, its metrics, its mail."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.reporting.end_event import send_end
from personalize_pipeline.reporting.mail import Ending, write_mail
from personalize_pipeline.reporting.metrics import write_metrics

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


def notify(
    event: Mapping[str, Any], client: "SNSClient | None" = None, now: datetime | None = None
) -> dict[str, str]:
    """Publish the mail; the answer holds it, and the error and cause that a failed execution ends with."""
    # With an endpoint of one's own this is not AWS, and there is no console to link to.
    console = not os.environ.get("AWS_ENDPOINT_URL")
    ending, now = Ending.model_validate(event), now or datetime.now(UTC)
    send_end(ending, now)
    write_metrics(ending, now)
    mail = write_mail(ending, now, console=console)
    (client or clients.sns()).publish(
        TopicArn=os.environ["TOPIC_ARN"], Subject=mail.subject, Message=mail.body
    )
    return asdict(mail)
