"""Solution version: one training per run and solution, also if the function is retried; or the newest one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.execution import short_hash
from personalize_pipeline.resources.resource import Found, Resource, tail

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import SolutionVersionSummaryTypeDef

_MAX_NAME = 63


class SolutionVersion(Resource):
    """Named after its run, so that a function that forgot having started it finds it again.

    Personalize has no token against double calls here, and every call to create one trains and costs:
    that one is not repeated. With `train: false` it is the newest one that is ACTIVE, whoever trained it.
    """

    kind = "solution"
    creates = "trained"

    def __init__(
        self, want: Mapping[str, Any], context: Context, client: "PersonalizeClient | None" = None
    ) -> None:
        super().__init__(want, context, client)
        self._once = client or clients.personalize_once()

    @property
    def name(self) -> str:
        """`<name in the params file, or the solution's>-<8 hex of the run>`, at most 63 characters."""
        mark = short_hash(self.context.run.id)
        words = self.want.get("name") or tail(self.solution_arn).partition("/")[2]
        return f"{words[: _MAX_NAME - len(mark) - 1]}-{mark}"

    @property
    def solution_arn(self) -> str:
        """The solution that it is a version of."""
        return self.context.given("solution_arn")

    @property
    def arn(self) -> str:
        """Known from the turn before, or not yet: the identifier is Personalize's."""
        last = self.context.last
        return last.arn if last else ""

    @property
    def trains(self) -> bool:
        """Whether this run is to train."""
        return bool(self.want.get("train", True))

    def describe(self) -> Found | None:
        """The version that this run made; the newest ACTIVE one, if the run is not to train."""
        if self.arn:
            return self._describe(self.arn)
        if not self.trains:
            newest = _newest(version for version in self._versions() if version["status"] == "ACTIVE")
            return self._describe(newest) if newest else None
        started = self.context.run.start_time.replace(microsecond=0)
        for version in self._versions():
            if version["creationDateTime"] >= started:
                found = self._describe(version["solutionVersionArn"])
                if found.settings.get("name") == self.name:
                    return found
        return None

    def create(self) -> None:
        """CreateSolutionVersion: starts a training.

        Raises:
            ResourceFailed: the run is to use a version that is there, and there is none.
        """
        if not self.trains:
            reason = (
                f"{tail(self.solution_arn)} has no version that is ACTIVE, and the params file says not to "
                "train one (solutionVersion.train: false): nothing can be made with it. Remove train from "
                "the params file and upload it again."
            )
            raise ResourceFailed(reason)
        settings = {key: value for key, value in self.want.items() if key != "train"}
        self._once.create_solution_version(
            **{**settings, "name": self.name, "solutionArn": self.solution_arn}
        )

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:  # noqa: ARG002
        """Nobody else makes versions of this name."""
        return "trained" if self.trains else "reused"

    def way_on(self, found: Found) -> str:  # noqa: ARG002
        """A failed version is in nobody's way."""
        return "Remove the cause (most often too little data) and upload the params file again."

    def details(self, found: Found) -> dict[str, Any]:
        """Recipe, metrics, training hours, and the metrics of the version before."""
        details: dict[str, Any] = {
            "recipeArn": found.settings.get("recipeArn"),
            "metrics": self._metrics(found.arn),
            "trainingHours": found.settings.get("trainingHours"),
        }
        if previous := self._previous(found):
            details["previous"] = {"arn": previous, "metrics": self._metrics(previous)}
        return details

    def _describe(self, arn: str) -> Found:
        return Found.of(arn, self.client.describe_solution_version(solutionVersionArn=arn)["solutionVersion"])

    def _versions(self) -> "Iterator[SolutionVersionSummaryTypeDef]":
        pages = self.client.get_paginator("list_solution_versions").paginate(solutionArn=self.solution_arn)
        return (version for page in pages for version in page["solutionVersions"])

    def _previous(self, found: Found) -> str | None:
        older = [
            version
            for version in self._versions()
            if version["status"] == "ACTIVE"
            and version["solutionVersionArn"] != found.arn
            and version["creationDateTime"] <= found.created
        ]
        return _newest(older)

    def _metrics(self, arn: str) -> dict[str, float]:
        return dict(self.client.get_solution_metrics(solutionVersionArn=arn)["metrics"])


def _newest(versions: "Iterable[SolutionVersionSummaryTypeDef]") -> str | None:
    found = max(versions, key=lambda version: version["creationDateTime"], default=None)
    return found["solutionVersionArn"] if found else None


def solution_of(version_arn: str) -> str:
    """The ARN of the solution that a version belongs to."""
    return re.sub(r"/[^/]+$", "", version_arn)
