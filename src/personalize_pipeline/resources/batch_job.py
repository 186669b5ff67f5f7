"""What both kinds of batch jobs have in common: their arguments, and what to do about a failed one."""

from typing import Any

from personalize_pipeline.resources.resource import Found
from personalize_pipeline.resources.run_job import RunJob, lacks_permission


class BatchJob(RunJob):
    """Every run has a new version to ask."""

    def arguments(self) -> dict[str, Any]:
        """The arguments of the Create call."""
        made = self.given("filterArn")
        if name := self.want.get("filterArn"):
            made["filterArn"] = name if name.startswith("arn:") else self.context.run.arn(f"filter/{name}")
        return {**made, "solutionVersionArn": self.context.given("solution_version_arn")}

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
