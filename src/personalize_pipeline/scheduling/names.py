"""The names of schedules: they tell the dataset group and the params file that a schedule belongs to.

All schedules of a stack are in one schedule group. Two dataset groups never share a beginning, nor do two
params files of one dataset group, so each can be listed, changed and removed without touching the others.
"""

from typing import TYPE_CHECKING

from personalize_pipeline.execution import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_MAX_WORDS = 26  # of 64 characters in all; the hashes, the kind and the number take the rest


def of_dataset_group(name: str) -> str:
    """What the names of all schedules of a dataset group begin with."""
    return f"{name[:_MAX_WORDS]}-{short_hash('dataset-group', name)}-"


def of_params_file(dataset_group: str, bucket: str, key: str) -> str:
    """What the names of all schedules of a params file begin with."""
    return f"{of_dataset_group(dataset_group)}{short_hash('params', bucket, key)}-"


def schedule_name(dataset_group: str, bucket: str, key: str, kind: str, number: int) -> str:
    """The name of the schedule that is the `number`-th of its kind in the file: `...-retrain-1`."""
    return f"{of_params_file(dataset_group, bucket, key)}{kind}-{number + 1}"


def existing(client: "EventBridgeSchedulerClient", group: str, prefix: str) -> "Iterator[tuple[str, str]]":
    """Name and ARN of all schedules in the schedule group whose names begin like this."""
    pages = client.get_paginator("list_schedules").paginate(GroupName=group, NamePrefix=prefix)
    return ((item["Name"], item["Arn"]) for page in pages for item in page["Schedules"])
