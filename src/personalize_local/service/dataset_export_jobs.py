"""Dataset export jobs: what a dataset holds as a CSV file in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from personalize_local.service import kinds
from personalize_local.service.datasets import dataset_folder
from personalize_local.service.deletions_in_progress import refuse_during_deletion
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.locations import output_problems
from personalize_local.service.resource import Answer, Resource, Tags, operation
from personalize_local.service.workers import Job, Outcome
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.store import Record

EXPORTED: Final = (DatasetType.INTERACTIONS, DatasetType.ITEMS, DatasetType.USERS)


class DatasetExportJobs(Resource):
    """CreateDatasetExportJob, DescribeDatasetExportJob, ListDatasetExportJobs.

    There is no delete, so names are used up for ever.
    """

    kind = kinds.EXPORT_JOB
    member = "datasetExportJob"
    listed = "datasetExportJobs"
    summary: ClassVar = ("datasetExportJobArn", "jobName")

    @operation
    def create_dataset_export_job(
        self,
        *,
        jobName: str,
        datasetArn: str,
        roleArn: str,
        jobOutput: dict[str, Any],
        ingestionMode: str = "PUT",
        tags: Tags | None = None,
    ) -> Answer:
        """BULK is what was imported, PUT what came record by record and event by event, ALL is both."""
        arn = self.context.arn(self.kind, jobName)
        path = jobOutput["s3DataDestination"]["path"]
        with self.store.transaction():
            self.refuse_taken(arn)
            dataset = self.ready(kinds.DATASET, datasetArn)
            problems = []
            if dataset.body["datasetType"] not in EXPORTED:
                problems.append(
                    f"A dataset of type {dataset.body['datasetType']} cannot be exported, only"
                    f" {', '.join(EXPORTED)}"
                )
            problems += output_problems(path)
            if problems:
                raise InvalidInputException.of(problems)
            refuse_during_deletion(self.store, dataset.group)
            body = {
                "jobName": jobName,
                "datasetExportJobArn": arn,
                "datasetArn": datasetArn,
                "ingestionMode": ingestionMode,
                "roleArn": roleArn,
                "jobOutput": jobOutput,
            }
            self.add(arn, jobName, body, group=dataset.group, parent=datasetArn, tags=tags)
        return {"datasetExportJobArn": arn}

    @operation
    def describe_dataset_export_job(self, *, datasetExportJobArn: str) -> Answer:
        """One job."""
        return self.describe(datasetExportJobArn)

    @operation
    def list_dataset_export_jobs(
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
        destination = record.body["jobOutput"]["s3DataDestination"]
        arguments: dict[str, Any] = {
            "arn": record.arn,
            "job_name": record.name,
            "mode": record.body["ingestionMode"],
            "destination": destination["path"],
            "kms_key_arn": destination.get("kmsKeyArn"),
            "role_arn": record.body["roleArn"],
            "dataset_arn": dataset.arn,
            "dataset_type": dataset.body["datasetType"],
            "number": dataset.number,
            "schema": schema.body["schema"],
            "folder": str(dataset_folder(self.context, dataset)),
        }

        def done(outcome: Outcome) -> None:
            self.soon(self.finish, record.arn, outcome.reason)

        self.context.workers.submit(
            Job(record.arn, record.group, "export_dataset", arguments, done, begins=self.begun)
        )
