"""Solution version: one training per run and solution, also if the function is retried."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did
from personalize_pipeline.execution import short_hash
from personalize_pipeline.resources.resource import Found, Resource, last_duration, tail

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import SolutionVersionSummaryTypeDef

_MAX_NAME = 63


class SolutionVersion(Resource):
    """Named after its run, so that a function that forgot having started it finds it again.

    Personalize has no token against double calls here, and every call to create one trains and costs:
    that one is not repeated.
    """

    kind = "solution"
    creates = "trained"
    tags_follow = False

    def __init__(
        self, want: Mapping[str, Any], context: Context, client: "PersonalizeClient | None" = None
    ) -> None:
        super().__init__(want, context, client)
        self._once = client or clients.personalize_once()
        self._made = ""
        self._listed: list[SolutionVersionSummaryTypeDef] = []
        self._before: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """`<name in the params file, or the solution's>-<8 hex of the run>`, at most 63 characters."""
        mark = short_hash(self.context.run.id)
        words = self.want.get("name") or tail(self.solution_arn).partition("/")[2]
        return f"{words[: _MAX_NAME - len(mark) - 1]}-{mark}"

    @property
    def known_as(self) -> str:
        """By its solution."""
        return tail(self.solution_arn).partition("/")[2]

    @property
    def solution_arn(self) -> str:
        """The solution that it is a version of."""
        return self.context.given("solution_arn")

    @property
    def arn(self) -> str:
        """Known from the turn before, or since it was made: the identifier is Personalize's."""
        last = self.context.last
        return self._made or (last.arn if last else "")

    def describe(self) -> Found | None:
        """The version that this run made."""
        if self.arn:
            return self._describe(self.arn)
        started = self.context.run.start_time.replace(microsecond=0)
        self._listed = list(self._versions())
        for version in self._listed:
            if version["creationDateTime"] >= started:
                found = self._describe(version["solutionVersionArn"])
                if found.settings.get("name") == self.name:
                    return found
        return None

    def create(self) -> None:
        """CreateSolutionVersion: starts a training."""
        self._before = self._previous(self._listed)
        self._made = self._once.create_solution_version(
            **{**self.want, "name": self.name, "solutionArn": self.solution_arn}
        )["solutionVersionArn"]

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:  # noqa: ARG002
        """Nobody else makes versions of this name."""
        return "trained"

    def memory(self) -> dict[str, Any]:
        """The version before this one with its metrics, and what training it took, if in the same mode."""
        mode = self.want.get("trainingMode", "FULL")
        same = (version for version in self._listed if version.get("trainingMode", "FULL") == mode)
        return {"lastTimeSeconds": last_duration(same), "previous": self._before}

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
        last = self.context.last
        known = (last.memory or {}).get("previous") if last else None
        if previous := self._previous(self._versions(), found) if known is None else known:
            details["previous"] = previous
        return details

    def _describe(self, arn: str) -> Found:
        return Found.of(arn, self.client.describe_solution_version(solutionVersionArn=arn)["solutionVersion"])

    def _versions(self) -> "Iterator[SolutionVersionSummaryTypeDef]":
        pages = self.client.get_paginator("list_solution_versions").paginate(solutionArn=self.solution_arn)
        return (version for page in pages for version in page["solutionVersions"])

    def _previous(
        self, versions: "Iterable[SolutionVersionSummaryTypeDef]", found: Found | None = None
    ) -> dict[str, Any]:
        """The newest version that can be used, older than `found`, and its metrics; empty without one."""
        older = [
            version
            for version in versions
            if version["status"] == "ACTIVE"
            and (
                found is None
                or (
                    version["solutionVersionArn"] != found.arn
                    and version["creationDateTime"] <= found.created
                )
            )
        ]
        newest = max(older, key=lambda version: version["creationDateTime"], default=None)
        if newest is None:
            return {}
        arn = newest["solutionVersionArn"]
        return {"arn": arn, "metrics": self._metrics(arn)}

    def _metrics(self, arn: str) -> dict[str, float]:
        return dict(self.client.get_solution_metrics(solutionVersionArn=arn)["metrics"])


def solution_of(version_arn: str) -> str:
    """The ARN of the solution that a version belongs to."""
    return re.sub(r"/[^/]+$", "", version_arn)
