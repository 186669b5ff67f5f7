"""Dataset import: bulk data from S3 into a dataset, unless exactly this data is already in it."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from personalize_pipeline.errors import DataInvalid
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.job_on_files import JobOnFiles
from personalize_pipeline.resources.resource import Found, last_duration, tail
from personalize_pipeline.resources.service_role import lacks_permission, role_of_the_stack
from personalize_pipeline.stack_quotas import import_limit
from personalize_rules.schemas import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_personalize.type_defs import DatasetImportJobSummaryTypeDef, DatasetTypeDef

_FULL, _INCREMENTAL = "FULL", "INCREMENTAL"


class DatasetImport(JobOnFiles):
    """Its fingerprint is of the data, the schema and the mode."""

    kind = "dataset-import-job"
    creates = "imported"

    _made = ""
    _listed: "Sequence[DatasetImportJobSummaryTypeDef]" = ()

    @property
    def name(self) -> str:
        """The dataset's words; the job's own name is found in its ARN."""
        words = self.want.get("jobName") or tail(self.dataset_arn).partition("/")[2].replace("/", "-").lower()
        return str(words).replace("_", "-")

    @property
    def known_as(self) -> str:
        """By the type of its dataset."""
        return self.dataset_arn.rpartition("/")[2]

    @property
    def dataset_arn(self) -> str:
        """The dataset that it imports into."""
        return self.context.given("dataset_arn")

    @property
    def location(self) -> str:
        """Where the data is."""
        return str(self.want["dataSource"]["dataLocation"])

    @property
    def arn(self) -> str:
        """Known from the turn before, or since it was made."""
        last = self.context.last
        return self._made or (last.arn if last else "")

    def describe(self) -> Found | None:
        """This run's job; else the latest finished or running one, if it imports the same data; else None."""
        if self.arn:
            return self._describe(self.arn)
        jobs = sorted(self._jobs(), key=lambda job: job["creationDateTime"], reverse=True)
        self._listed = jobs
        same = f"-{self._mark(self._mode)}-"
        for job in jobs:
            if job["jobName"].endswith(same + self.run_mark):
                return self._describe(job["datasetImportJobArn"])
        latest = next((job for job in jobs if job["status"] != "CREATE FAILED"), None)
        # What a full import has just brought, an incremental one need not add.
        enough = {same, f"-{self._mark(_FULL)}-"} if self._mode == _INCREMENTAL else {same}
        if latest and any(mark in latest["jobName"] for mark in enough):
            self._because = f"{latest['jobName']} read the same data"
            return self._describe(latest["datasetImportJobArn"])
        self._because = f"it is not what {latest['jobName']} read" if latest else "the dataset is empty"
        return None

    def create(self) -> None:
        """CreateDatasetImportJob; the first import of a dataset is a full one, as Personalize wants it.

        Raises:
            DataInvalid: it is more than one import may bring.
        """
        role = self.want.get("roleArn") or role_of_the_stack()
        first = not any(job["status"] == "ACTIVE" for job in self._listed)
        mode = _FULL if first else self._mode
        self._check_size(mode)
        self._made = self.client.create_dataset_import_job(
            **{
                **self.want,
                "importMode": mode,
                "jobName": derived_name(self.name, f"{self._mark(self._mode)}-{self.run_mark}"),
                "datasetArn": self.dataset_arn,
                "roleArn": role,
            }
        )["datasetImportJobArn"]

    def _check_size(self, mode: str) -> None:
        size = sum(file.size for file in self.files or ())
        quota, most = import_limit(mode)
        if size > most:
            message = f"{size:,} bytes; {most:,} may come in one {mode} import."
            other = "Give less at a time, or importMode FULL. " if mode == _INCREMENTAL else ""
            advice = (
                f"{other}AWS may raise this quota (Service Quotas, Amazon Personalize); then say so: "
                f"sam deploy --parameter-overrides Quotas={quota}:{size}"
            )
            raise DataInvalid([Problem(self.location, message, advice)])

    def memory(self) -> dict[str, Any]:
        """What the import before this one took, of the same mode."""
        mode = self.want.get("importMode", "FULL")
        same = (job for job in self._listed if job.get("importMode", "FULL") == mode)
        return {"lastTimeSeconds": last_duration(same)}

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        if lacks_permission(found):
            bucket = self.location.removeprefix("s3://").partition("/")[0]
            partition = self.context.run.execution.split(":")[1]
            return (
                f"Personalize reads {self.location} with the role {found.settings.get('roleArn')}: this must "
                "trust personalize.amazonaws.com and allow s3:ListBucket and s3:GetObject, and the policy of "
                f"the bucket {bucket} must allow the same to personalize.amazonaws.com. Into other buckets "
                "than the input bucket, the stack's own role is let by the stack parameter DataBucketArns "
                f"(arn:{partition}:s3:::{bucket}); roleArn in the dataset's section names another role "
                "(docs/data-elsewhere.md). Then upload the params file again."
            )
        return f"Correct the data in {self.location} (or the access to it) and upload the params file again."

    def details(self, found: Found) -> dict[str, Any] | None:
        """How much there is, as far as this function may look, and how it was added to what was there."""
        mode = {"importMode": found.settings.get("importMode")} if self._mode == _INCREMENTAL else {}
        if self.files is None:
            return mode or None
        return {"files": len(self.files), "bytes": sum(file.size for file in self.files), **mode}

    def _describe(self, arn: str) -> Found:
        job = self.client.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
        return Found.of(arn, job)

    def _jobs(self) -> "Iterator[DatasetImportJobSummaryTypeDef]":
        """Those of this dataset; jobs outlive it, and what they brought into an earlier one is gone."""
        pages = self.client.get_paginator("list_dataset_import_jobs").paginate(datasetArn=self.dataset_arn)
        since = self._dataset["creationDateTime"]
        return (
            job for page in pages for job in page["datasetImportJobs"] if job["creationDateTime"] >= since
        )

    @property
    def _mode(self) -> str:
        return str(self.want.get("importMode", _FULL))

    def _mark(self, mode: str) -> str:
        if self.files == ():
            advice = "Upload CSV files there, or correct dataLocation."
            raise DataInvalid([Problem(self.location, "there is no data.", advice)])
        return self.fingerprint(self.location, "" if self.files is None else self._schema_arn, mode)

    @property
    def _schema_arn(self) -> str:
        # The state before has given the dataset this schema; a plan has not.
        return self.context.schema_arn or self._dataset["schemaArn"]

    @cached_property
    def _dataset(self) -> "DatasetTypeDef":
        return self.client.describe_dataset(datasetArn=self.dataset_arn)["dataset"]
