"""What both kinds of batch jobs have in common: names, places, and what to do about a failed one."""

import os
from collections.abc import Mapping
from typing import Any

from personalize_pipeline.context import Did
from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.resource import Found, Resource

_ROLE_VARIABLE = "PERSONALIZE_ROLE_ARN"
_OWN = frozenset({"jobName", "outputFolder", "filterArn"})


class BatchJob(Resource):
    """A job of the run's own, named `<jobName>-<8 hex of the run>`: every run has a new version to ask.

    Names of jobs are used up for ever and jobs cannot be stopped or deleted, so a job is known by its name.
    """

    tags_follow = False

    @property
    def name(self) -> str:
        """Its name in this run, at most 63 characters."""
        return derived_name(str(self.want["jobName"]), short_hash(self.context.run.id))

    @property
    def known_as(self) -> str:
        """By its name without the run."""
        return str(self.want["jobName"])

    @property
    def output(self) -> str:
        """Where the answers go: as the params file says, else into a new folder, which sorts by time."""
        if "jobOutput" in self.want:
            return str(self.want["jobOutput"]["s3DataDestination"]["path"])
        return f"{self.want['outputFolder']}{self.context.run.start_time:%Y%m%dT%H%M%SZ}-{self.name}/"

    def arguments(self) -> dict[str, Any]:
        """The arguments of the Create call."""
        made = {key: value for key, value in self.want.items() if key not in _OWN}
        made.setdefault("jobOutput", {"s3DataDestination": {"path": self.output}})
        made.setdefault("roleArn", os.environ[_ROLE_VARIABLE])
        if name := self.want.get("filterArn"):
            made["filterArn"] = name if name.startswith("arn:") else self.context.run.arn(f"filter/{name}")
        version = self.context.given("solution_version_arn")
        return {**made, "jobName": self.name, "solutionVersionArn": version}

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:  # noqa: ARG002
        """Nobody else makes jobs of this name."""
        return "created"

    def way_on(self, found: Found) -> str:
        """A failed job is in nobody's way. Of a missing permission, Personalize does not say which."""
        source = found.settings.get("jobInput", {}).get("s3DataSource", {}).get("path")
        if "privilege" in found.failure_reason.lower():
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
