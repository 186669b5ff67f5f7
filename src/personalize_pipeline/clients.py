"""The AWS clients of the functions: made at first use, so that importing a module calls nothing.

Endpoints come from the standard variables (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_PERSONALIZE`), if set.
"""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

# A function has 60 s (template.yaml); a hanging connection must not use them all up.
_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_ATTEMPTS = 3


def _config(attempts: int = _ATTEMPTS) -> Config:
    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


@cache
def personalize() -> "PersonalizeClient":
    """Amazon Personalize, or Personalize Local."""
    return boto3.client("personalize", config=_config())


@cache
def personalize_once() -> "PersonalizeClient":
    """The same without retries: a training that was asked for twice is paid for twice."""
    return boto3.client("personalize", config=_config(attempts=1))


@cache
def personalize_patient() -> "PersonalizeClient":
    """The same for many questions in a row: it keeps to the rate that Personalize allows."""
    return boto3.client("personalize", config=Config(retries={"mode": "adaptive", "total_max_attempts": 15}))


@cache
def cloudwatch() -> "CloudWatchClient":
    """Amazon CloudWatch."""
    return boto3.client("cloudwatch", config=_config())


@cache
def personalize_runtime() -> "PersonalizeRuntimeClient":
    """Amazon Personalize Runtime: what applications ask."""
    return boto3.client("personalize-runtime", config=_config())


@cache
def events() -> "EventBridgeClient":
    """Amazon EventBridge."""
    return boto3.client("events", config=_config())


@cache
def glue() -> "GlueClient":
    """AWS Glue."""
    return boto3.client("glue", config=_config())


@cache
def s3() -> "S3Client":
    """Amazon S3."""
    return boto3.client("s3", config=_config())


@cache
def scheduler() -> "EventBridgeSchedulerClient":
    """Amazon EventBridge Scheduler."""
    return boto3.client("scheduler", config=_config())


@cache
def sns() -> "SNSClient":
    """Amazon SNS."""
    return boto3.client("sns", config=_config())


@cache
def stepfunctions() -> "SFNClient":
    """AWS Step Functions."""
    return boto3.client("stepfunctions", config=_config())
