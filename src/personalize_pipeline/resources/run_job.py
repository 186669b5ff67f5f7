"""Jobs that every run begins anew: their names, where they write, and whose role they use."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.context import Did
from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.resource import Found, Resource
from personalize_pipeline.resources.service_role import role_of_the_stack


class RunJob(Resource):
    """A job of the run's own, named `<jobName>-<8 hex of the run>`.

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
        """Where the results go: as the params file says, else into a new folder, which sorts by time."""
        if "jobOutput" in self.want:
            return str(self.want["jobOutput"]["s3DataDestination"]["path"])
        return f"{self.want['outputFolder']}{self.context.run.start_time:%Y%m%dT%H%M%SZ}-{self.name}/"

    def given(self, *own: str) -> dict[str, Any]:
        """The arguments of the Create call that do not depend on its kind; without the keys of our `own`."""
        left_out = {"jobName", "outputFolder", *own}
        made = {key: value for key, value in self.want.items() if key not in left_out}
        made.setdefault("jobOutput", {"s3DataDestination": {"path": self.output}})
        made.setdefault("roleArn", role_of_the_stack())
        return {**made, "jobName": self.name}

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:  # noqa: ARG002
        """Nobody else makes jobs of this name."""
        return "created"
