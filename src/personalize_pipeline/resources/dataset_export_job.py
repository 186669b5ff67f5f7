"""Dataset export job: what a dataset holds at the end of the run, as CSV files in S3."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.shapes import ALWAYS
from personalize_pipeline.resources.data_changes import deleted_since, imported_since
from personalize_pipeline.resources.resource import Found, tail
from personalize_pipeline.resources.run_job import FAILED, RunJob
from personalize_pipeline.resources.service_role import lacks_permission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_personalize.type_defs import DatasetExportJobSummaryTypeDef


class DatasetExportJob(RunJob):
    """Its fingerprint is of its settings. One like it is enough until the imported data changes.

    What came record by record shows nowhere; who wants that exported in every run says `always`.
    """

    kind = "dataset-export-job"

    _because = ""

    @property
    def mark(self) -> str:
        """That of the settings."""
        return short_hash(self.settings)

    @property
    def dataset_arn(self) -> str:
        """The dataset, which is known by its group and type."""
        group = tail(self.context.given("dataset_group_arn")).partition("/")[2]
        return self.context.run.arn(f"dataset/{group}/{self.want['datasetType']}")

    def describe(self) -> Found | None:
        """This run's job; else the newest one like it, if the data has not changed since; else None."""
        if self.context.last and self.context.last.arn:
            return self._describe(self.arn)
        jobs = [job for job in self._jobs() if f"-{self.mark}-" in job["jobName"]]
        if own := [job for job in jobs if job["jobName"] == self.name]:
            return self._describe(own[0]["datasetExportJobArn"])
        done = [job for job in jobs if job["status"] != FAILED]
        newest = max(done, key=lambda job: job["creationDateTime"], default=None)
        if newest is None or self.want.get(ALWAYS):
            return None
        self._because = self._changed_since(newest["creationDateTime"])
        if self._because:
            return None
        self._because = f"nothing was imported or deleted since {newest['jobName']}"
        return self._describe(newest["datasetExportJobArn"])

    def create(self) -> None:
        """CreateDatasetExportJob: begins at once."""
        self.client.create_dataset_export_job(**self.given("datasetType"), datasetArn=self.dataset_arn)

    def because(self) -> str:
        """What has changed since the last one, or that nothing has."""
        return self._because

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        if lacks_permission(found):
            return (
                f"Personalize writes {self.output} with the role {found.settings.get('roleArn')}: this must "
                "trust personalize.amazonaws.com and allow s3:ListBucket and s3:PutObject there, and the "
                "policy of the bucket must allow the same to personalize.amazonaws.com. The stack's own role "
                "may write into folders named exports of the input bucket. Then upload the params file again."
            )
        return "Remove the cause and upload the params file again."

    def details(self, found: Found) -> dict[str, Any]:
        """What was exported, and where it is."""
        return {
            "dataset": self.dataset_arn,
            "ingestionMode": found.settings.get("ingestionMode"),
            "output": found.settings.get("jobOutput", {}).get("s3DataDestination", {}).get("path"),
        }

    def _changed_since(self, time: datetime) -> str:
        if self.context.outdated:
            return self.context.outdated
        if imported_since(self.client, self.dataset_arn, time):
            return "data was imported after the last export"
        if deleted_since(self.client, self.context.given("dataset_group_arn"), time):
            return "users were deleted from the data after the last export"
        return ""

    def _describe(self, arn: str) -> Found:
        return Found.of(
            arn,
            self.client.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"],
        )

    def _jobs(self) -> "Iterator[DatasetExportJobSummaryTypeDef]":
        """Those of this dataset; jobs outlive it, and an earlier one of its name held other data."""
        since = self.client.describe_dataset(datasetArn=self.dataset_arn)["dataset"]["creationDateTime"]
        pages = self.client.get_paginator("list_dataset_export_jobs").paginate(datasetArn=self.dataset_arn)
        return (
            job for page in pages for job in page["datasetExportJobs"] if job["creationDateTime"] >= since
        )
