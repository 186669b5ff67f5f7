"""What both kinds of batch jobs have in common: when one is made, and what to do about a failed one."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from personalize_pipeline.params.batch import FILTER
from personalize_pipeline.params.shapes import ALWAYS
from personalize_pipeline.resources.job_on_files import JobOnFiles
from personalize_pipeline.resources.resource import Found
from personalize_pipeline.resources.run_job import FAILED, RunJob
from personalize_pipeline.resources.service_role import lacks_permission

Job = tuple[datetime, str, str]
"""When it was made, its ARN, its status."""


class BatchJob(JobOnFiles, RunJob):
    """Its fingerprint is of the version, of the settings, the filter among them, and of the files with lines.

    The same questions to the same version have been answered, and are not paid for twice.
    """

    @property
    def location(self) -> str:
        """Where the lines are."""
        return str(self.want["jobInput"]["s3DataSource"]["path"])

    @property
    def version(self) -> str:
        """The version that answers."""
        return self.context.given("solution_version_arn")

    def describe(self) -> Found | None:
        """This run's job; else one that answered the same; else None."""
        if self.context.last and self.context.last.arn:
            return self.shown(self.arn)
        # The newest first.
        jobs = sorted(self.jobs(), reverse=True)
        same = [arn for _, arn, status in jobs if f"-{self.mark}-" in arn and status != FAILED]
        own = [arn for arn in same if arn.endswith(f"-{self.run_mark}")]
        if self.want.get(ALWAYS):
            same = own  # no earlier job will do; but this one may do for a later run
        if same and not own:
            self._because = f"{same[0].rpartition('/')[2]} answered the same lines with the same version"
        return self.shown((own or same)[0]) if same else None

    @abstractmethod
    def jobs(self) -> Iterator[Job]:
        """All jobs of the version."""

    @abstractmethod
    def shown(self, arn: str) -> Found:
        """Describe the job."""

    def arguments(self) -> dict[str, Any]:
        """The arguments of the Create call."""
        made = self.given("filterArn", FILTER)
        if name := self.want.get("filterArn"):
            made["filterArn"] = name if name.startswith("arn:") else self.context.run.arn(f"filter/{name}")
        return {**made, "solutionVersionArn": self.version}

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        source = found.settings.get("jobInput", {}).get("s3DataSource", {}).get("path")
        if lacks_permission(found):
            return (
                f"Personalize reads {source} and writes {self.output} with the role "
                f"{found.settings.get('roleArn')}: this must trust personalize.amazonaws.com and allow "
                "s3:ListBucket and s3:GetObject there, s3:PutObject here, and the policies of the buckets "
                "must allow the same to personalize.amazonaws.com. The stack's own role may write into "
                "folders named batch-output of the input bucket only. Then upload the params file again."
            )
        return f"Correct the lines in {source} (or the access to them) and upload the params file again."

    def details(self, found: Found) -> dict[str, Any]:
        """Where it read and where it wrote."""
        return {
            "input": found.settings.get("jobInput", {}).get("s3DataSource", {}).get("path"),
            "output": found.settings.get("jobOutput", {}).get("s3DataDestination", {}).get("path"),
            "solutionVersionArn": found.settings.get("solutionVersionArn"),
        }

    @cached_property
    def mark(self) -> str:
        """That of version, settings and files; the same whether a schedule or an upload asks for it."""
        return self.fingerprint(self.version, self.settings)
