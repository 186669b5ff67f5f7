"""What happened to the data of a dataset group since a time: imports, and users that were deleted."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import (
        DataDeletionJobSummaryTypeDef,
        ListDataDeletionJobsRequestTypeDef,
    )


def imported_since(client: "PersonalizeClient", dataset_arn: str, time: datetime) -> bool:
    """Whether an import of this dataset has ended since."""
    pages = client.get_paginator("list_dataset_import_jobs").paginate(datasetArn=dataset_arn)
    return any(done_since(time, job) for page in pages for job in page["datasetImportJobs"])


def deleted_since(client: "PersonalizeClient", group_arn: str, time: datetime) -> bool:
    """Whether a data deletion job of this dataset group has ended since."""
    return any(done_since(time, job) for job in data_deletions(client, group_arn))


def data_deletions(client: "PersonalizeClient", group_arn: str) -> "Iterator[DataDeletionJobSummaryTypeDef]":
    """All data deletion jobs that a dataset group has had; boto3 has no paginator for these."""
    asked: ListDataDeletionJobsRequestTypeDef = {"datasetGroupArn": group_arn}
    while True:
        page = client.list_data_deletion_jobs(**asked)
        yield from page["dataDeletionJobs"]
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]


def done_since(time: datetime, job: Any) -> bool:
    """Whether a job or an update, in the form of List or Describe, has ended well since."""
    # Data deletion jobs have a word of their own for it.
    return bool(job["status"] in ("ACTIVE", "COMPLETED") and job["lastUpdatedDateTime"] > time)
