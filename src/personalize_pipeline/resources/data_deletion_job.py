"""Data deletion job: users are taken out of all datasets and models, unless this was done already."""

from functools import cached_property
from typing import Any

from personalize_pipeline.data.files import DataFile
from personalize_pipeline.errors import DataInvalid
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.data_changes import data_deletions
from personalize_pipeline.resources.job_on_files import JobOnFiles
from personalize_pipeline.resources.resource import Found
from personalize_pipeline.resources.service_role import lacks_permission, role_of_the_stack
from personalize_rules.schemas import Problem

# These jobs have words of their own for how far they are.
_STATUS = {
    "PENDING": "CREATE PENDING",
    "IN_PROGRESS": "CREATE IN_PROGRESS",
    "COMPLETED": "ACTIVE",
    "FAILED": "CREATE FAILED",
}


class DataDeletionJob(JobOnFiles):
    """Its fingerprint is of the files that name the users, and of the imports that are in the datasets.

    An import may bring users back, so after a new one the job is done again.
    """

    kind = "data-deletion-job"
    deep = True

    @property
    def name(self) -> str:
        """The words of the params file; the job's own name is found in its ARN."""
        return str(self.want["jobName"])

    @property
    def location(self) -> str:
        """Where the users are named."""
        return str(self.want["dataSource"]["dataLocation"])

    @property
    def arn(self) -> str:
        """Known from the turn before, or not yet."""
        last = self.context.last
        return last.arn if last else ""

    def describe(self) -> Found | None:
        """This run's job; else one that did the same and did not fail; else None."""
        if self.arn:
            return self._describe(self.arn)
        same = f"-{self._mark}-"
        listed = data_deletions(self.client, self.context.given("dataset_group_arn"))
        jobs = [job for job in listed if same in job["jobName"]]
        own = [job for job in jobs if job["jobName"].endswith(self.run_mark)]
        done = [job for job in jobs if job["status"] != "FAILED"]
        return next((self._describe(job["dataDeletionJobArn"]) for job in (*own, *done)), None)

    def create(self) -> None:
        """CreateDataDeletionJob: begins at once, and may take a day."""
        made = dict(self.want)
        made.setdefault("roleArn", role_of_the_stack())
        made["jobName"] = derived_name(self.name, f"{self._mark}-{self.run_mark}")
        self.client.create_data_deletion_job(**made, datasetGroupArn=self.context.given("dataset_group_arn"))

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        if lacks_permission(found):
            return (
                f"Personalize reads {self.location} with the role {found.settings.get('roleArn')}: this must "
                "trust personalize.amazonaws.com and allow s3:ListBucket and s3:GetObject, and the policy of "
                "the bucket must allow the same to personalize.amazonaws.com. Then upload the params file "
                "again."
            )
        return f"Correct the files in {self.location} and upload the params file again."

    def details(self, found: Found) -> dict[str, Any]:
        """How many records it deleted, and who was named where."""
        return {"input": self.location, "numDeleted": found.settings.get("numDeleted", 0)}

    def _describe(self, arn: str) -> Found:
        shown = self.client.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]
        return Found.of(arn, {**shown, "status": _STATUS.get(shown["status"], shown["status"])})

    def reads(self, file: DataFile) -> bool:
        """CSV files."""
        return file.is_csv

    @cached_property
    def _mark(self) -> str:
        if self.files == ():
            advice = "Upload a CSV file with the column USER_ID there, or remove the data deletion job."
            raise DataInvalid([Problem(self.location, "there is no CSV file.", advice)])
        return self.fingerprint(self.location, *sorted(self.context.import_arns))
