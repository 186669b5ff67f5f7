"""Jobs that a run begins unless one has done the same: their names, where they write, and as whom."""

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from personalize_pipeline.context import Did
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.params.shapes import ALWAYS
from personalize_pipeline.resources.resource import Found, Resource
from personalize_pipeline.resources.service_role import role_of_the_stack

FAILED: Final = "CREATE FAILED"


class RunJob(Resource):
    """A job named `<jobName>-<fingerprint>-<8 hex of the run>`.

    Names of jobs are used up for ever and jobs cannot be stopped or deleted, so a job is known by its name:
    that of an earlier run with the same fingerprint has done the same.
    """

    tags_follow = False

    @property
    def name(self) -> str:
        """Its name in this run, at most 63 characters."""
        return derived_name(self.known_as, f"{self.mark}-{self.run_mark}")

    @property
    @abstractmethod
    def mark(self) -> str:
        """Its fingerprint, eight hex digits: of the settings at least."""

    @property
    def settings(self) -> str:
        """What its fingerprint has of the settings: it is the same for a job that is done in any case."""
        kept = {key: value for key, value in self.want.items() if key != ALWAYS}
        return json.dumps({**kept, "tags": None}, sort_keys=True, default=str)

    @property
    def arn(self) -> str:
        """Known from the turn before: it may be that of an earlier run, and what it works on may change."""
        last = self.context.last
        return last.arn if last and last.arn else super().arn

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
        left_out = {"jobName", "outputFolder", ALWAYS, *own}
        made = {key: value for key, value in self.want.items() if key not in left_out}
        made.setdefault("jobOutput", {"s3DataDestination": {"path": self.output}})
        made.setdefault("roleArn", role_of_the_stack())
        return {**made, "jobName": self.name}

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:
        """This run's mark is on the jobs that it made."""
        return self.creates if found.arn.endswith(f"-{self.run_mark}") else "reused"
