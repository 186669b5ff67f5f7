"""Dataset import jobs: CSV files from S3 into a dataset, in a worker process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import dataset_folder, has_data
from personalize_local.service.deletions_in_progress import refuse_during_deletion
from personalize_local.service.errors import (
    InvalidInputException,
    ResourceInUseException,
)
from personalize_local.service.kinds import CREATING
from personalize_local.service.locations import refuse_wrong_data_location
from personalize_local.service.metric_attributions import attribution_of, report_arguments
from personalize_local.service.resource import Answer, Context, Resource, Tags, operation
from personalize_local.service.workers import Job, Outcome
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.deployments import Deployments
    from personalize_local.service.store import Record


class DatasetImportJobs(Resource):
    """CreateDatasetImportJob, DescribeDatasetImportJob, ListDatasetImportJobs.

    There is no delete, so names are used up for ever.
    """

    kind = kinds.IMPORT_JOB
    member = "datasetImportJob"
    listed = "datasetImportJobs"
    summary: ClassVar = ("datasetImportJobArn", "jobName", "importMode")

    def __init__(self, context: Context, deployments: Deployments) -> None:
        super().__init__(context)
        self._deployments = deployments

    @operation
    def create_dataset_import_job(
        self,
        *,
        jobName: str,
        datasetArn: str,
        dataSource: dict[str, str],
        roleArn: str | None = None,
        tags: Tags | None = None,
        importMode: str = "FULL",
        publishAttributionMetricsToS3: bool | None = None,
    ) -> Answer:
        """FULL replaces what was imported before, INCREMENTAL adds to it."""
        arn = self.context.arn(self.kind, jobName)
        location = dataSource.get("dataLocation", "")
        with self.store.transaction():
            self.refuse_taken(arn)
            dataset = self.ready(kinds.DATASET, datasetArn)
            refuse_wrong_data_location(location)
            self.refuse_too_many(self.context.settings.quotas.running_import_jobs)
            if dataset.body.get("latestDatasetUpdate", {}).get("status") in CREATING:
                raise ResourceInUseException(f"Resource {datasetArn} is being updated.")
            refuse_during_deletion(self.store, dataset.group)
            if importMode == "INCREMENTAL" and not has_data(self.store, dataset):
                raise InvalidInputException(
                    f"The first import into dataset {datasetArn} must have the import mode FULL."
                )
            body = {
                "jobName": jobName,
                "datasetImportJobArn": arn,
                "datasetArn": datasetArn,
                "dataSource": dataSource,
                "roleArn": roleArn,
                "importMode": importMode,
                "publishAttributionMetricsToS3": publishAttributionMetricsToS3,
            }
            self.add(arn, jobName, body, group=dataset.group, parent=datasetArn, tags=tags)
        return {"datasetImportJobArn": arn}

    @operation
    def describe_dataset_import_job(self, *, datasetImportJobArn: str) -> Answer:
        """One job."""
        return self.describe(datasetImportJobArn)

    @operation
    def list_dataset_import_jobs(
        self, *, datasetArn: str | None = None, nextToken: str | None = None, maxResults: int | None = None
    ) -> Answer:
        """Jobs of a dataset, or of the account; also those of datasets that are gone."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetArn)

    def work(self, record: Record) -> None:
        """Hand it to a worker."""
        dataset = self.store.get(record.parent)
        schema = dataset and self.store.get(dataset.body["schemaArn"])
        if dataset is None or schema is None:
            self.finish(record.arn, f"Dataset {record.parent} does not exist any more.")
            return
        if not self.attempt(record):
            return
        arguments: dict[str, Any] = {
            "arn": record.arn,
            "location": record.body["dataSource"]["dataLocation"],
            "role_arn": record.body.get("roleArn"),
            "mode": record.body["importMode"],
            "dataset_arn": dataset.arn,
            "dataset_type": dataset.body["datasetType"],
            "schema": schema.body["schema"],
            "folder": str(dataset_folder(self.context, dataset)),
            "attribution": self._attribution(record, dataset),
        }

        def done(outcome: Outcome) -> None:
            self.soon(self._ended, record.arn, outcome)

        self.context.workers.submit(
            Job(record.arn, record.group, "import_files", arguments, done, begins=self.begun)
        )

    def _attribution(self, record: Record, dataset: Record) -> dict[str, Any] | None:
        """What to report on the data, and where: incremental imports to CloudWatch, if asked for to S3."""
        found = attribution_of(self.store, dataset.group)
        to_s3 = bool(record.body.get("publishAttributionMetricsToS3"))
        to_cloudwatch = record.body["importMode"] == "INCREMENTAL"
        if found is None or dataset.body["datasetType"] != DatasetType.INTERACTIONS:
            return None
        if not (to_s3 or to_cloudwatch):
            return None
        return {**report_arguments(self.context, found), "to_s3": to_s3, "to_cloudwatch": to_cloudwatch}

    def _ended(self, arn: str, outcome: Outcome) -> None:
        if outcome.result is not None:
            with self.store.transaction():
                found = self.store.get(arn)
                if found:
                    found.private["report"] = outcome.result
                    self.store.save(found)
        self.finish(arn, outcome.reason)

    def activated(self, record: Record) -> None:
        """Campaigns that are live see the new data when they filter."""
        self._deployments.data_changed(record.group)
