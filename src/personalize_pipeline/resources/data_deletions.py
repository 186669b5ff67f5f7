"""The data deletion jobs that a dataset group has had."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import (
        DataDeletionJobSummaryTypeDef,
        ListDataDeletionJobsRequestTypeDef,
    )


def data_deletions(client: "PersonalizeClient", group_arn: str) -> "Iterator[DataDeletionJobSummaryTypeDef]":
    """All of them; boto3 has no paginator for these."""
    asked: ListDataDeletionJobsRequestTypeDef = {"datasetGroupArn": group_arn}
    while True:
        page = client.list_data_deletion_jobs(**asked)
        yield from page["dataDeletionJobs"]
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]
