"""Data deletion job: users are taken out of all datasets and models, unless this was done already."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did
from personalize_pipeline.data.files import Listing, NotReadable, list_tree
from personalize_pipeline.errors import DataInvalid
from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.resource import Found, Resource
from personalize_pipeline.resources.run_job import ROLE_VARIABLE, lacks_permission
from personalize_rules.schemas import Problem

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import DataDeletionJobSummaryTypeDef

# These jobs have words of their own for how far they are.
_STATUS = {
    "PENDING": "CREATE PENDING",
    "IN_PROGRESS": "CREATE IN_PROGRESS",
    "COMPLETED": "ACTIVE",
    "FAILED": "CREATE FAILED",
}


class DataDeletionJob(Resource):
    """A job named `<jobName>-<fingerprint>-<run>`, as imports are: names are used up for ever.

    The fingerprint is of the files that name the users, and of the imports that are in the datasets: an
    import may bring users back, so after a new one the job is done again.
    """

    kind = "data-deletion-job"

    def __init__(
        self,
        want: Mapping[str, Any],
        context: Context,
        client: "PersonalizeClient | None" = None,
        listing: Callable[[str], Listing] | None = None,
    ) -> None:
        """`listing` tells the files at a location; if left out, S3 does."""
        super().__init__(want, context, client)
        self._list = listing or (lambda location: list_tree(clients.s3(), location))

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
        same = f"-{self._fingerprint}-"
        jobs = [job for job in self._jobs() if same in job["jobName"]]
        own = [job for job in jobs if job["jobName"].endswith(self._run_mark)]
        done = [job for job in jobs if job["status"] != "FAILED"]
        return next((self._describe(job["dataDeletionJobArn"]) for job in (*own, *done)), None)

    def create(self) -> None:
        """CreateDataDeletionJob: begins at once, and may take a day."""
        made = dict(self.want)
        made.setdefault("roleArn", os.environ[ROLE_VARIABLE])
        made["jobName"] = derived_name(self.name, f"{self._fingerprint}-{self._run_mark}")
        self.client.create_data_deletion_job(**made, datasetGroupArn=self.context.given("dataset_group_arn"))

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:
        """Created, if it is this run's."""
        return "created" if found.arn.endswith(f"-{self._run_mark}") else "reused"

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

    def _jobs(self) -> "Iterator[DataDeletionJobSummaryTypeDef]":
        token: dict[str, str] = {}
        while True:  # boto3 has no paginator for it
            page = self.client.list_data_deletion_jobs(
                datasetGroupArn=self.context.given("dataset_group_arn"),
                **token,  # type: ignore[arg-type]
            )
            yield from page["dataDeletionJobs"]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    @property
    def _run_mark(self) -> str:
        return short_hash(self.context.run.id)

    @cached_property
    def _fingerprint(self) -> str:
        """Eight hex digits; of the run, so never met again, if the files may not be listed."""
        try:
            files = [file for file in self._files.files if file.is_csv]
        except NotReadable:
            return short_hash(self.location, self.context.run.id)
        if not files:
            advice = "Upload a CSV file with the column USER_ID there, or remove the data deletion job."
            raise DataInvalid([Problem(self.location, "there is no CSV file.", advice)])
        lines = [f"{file.key}\t{file.size}\t{file.etag}" for file in files]
        return short_hash(self.location, *sorted(self.context.import_arns), *lines)

    @cached_property
    def _files(self) -> Listing:
        return self._list(self.location)
