"""Solution version: trained if anything has changed since the newest one; once per run and solution."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.data_changes import deleted_since, done_since, imported_since
from personalize_pipeline.resources.resource import Found, Resource, last_duration, tail

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import SolutionVersionSummaryTypeDef

_ACTIVE = frozenset({"ACTIVE"})
# One that is being trained is paid for already: a run that somebody stopped leaves such a one behind.
_USABLE = _ACTIVE | {"CREATE PENDING", "CREATE IN_PROGRESS"}


class SolutionVersion(Resource):
    """Named after its run, so that a function that forgot having started it finds it again.

    Personalize has no token against double calls here, and every call to create one trains and costs:
    that one is not repeated. And a training on the data of the last one costs as much and brings nothing: the
    newest version is kept until data or settings change. `train: true` (and trainingMode UPDATE, which takes
    in events that no import shows) trains in any case, `train: false` never.
    """

    kind = "solution"
    creates = "trained"

    def __init__(
        self, want: Mapping[str, Any], context: Context, client: "PersonalizeClient | None" = None
    ) -> None:
        super().__init__(want, context, client)
        self._once = client or clients.personalize_once()
        self._because = ""
        self._again = False
        self._made = ""
        self._listed: list[SolutionVersionSummaryTypeDef] = []
        self._before: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """`<name in the params file, or the solution's>-<8 hex of the run>`, at most 63 characters."""
        words = self.want.get("name") or tail(self.solution_arn).partition("/")[2]
        return derived_name(words, self.run_mark)

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

    @property
    def trains(self) -> bool:
        """Whether this run may train."""
        return bool(self.want.get("train", True))

    @property
    def asked_for(self) -> bool:
        """Whether it is to train whatever there is."""
        return bool(self.want.get("train")) or self.want.get("trainingMode") == "UPDATE"

    def describe(self) -> Found | None:
        """The version that this run made; else the newest one, if the run is not to train another."""
        if self.arn:
            return self._describe(self.arn)
        versions = list(self._versions())
        self._again = bool(versions)
        started = self.context.run.start_time.replace(microsecond=0)
        self._listed = versions
        for version in versions if self.trains else ():
            if version["creationDateTime"] >= started:
                found = self._describe(version["solutionVersionArn"])
                if found.settings.get("name") == self.name:
                    return found
        usable = _USABLE if self.trains else _ACTIVE
        newest = _newest(version for version in versions if version["status"] in usable)
        if versions and not newest:
            self._because = "no version of it is ACTIVE"
        return self._describe(newest) if newest and self._is_enough(newest, versions) else None

    def because(self) -> str:
        """What has changed since the newest version, or that nothing has."""
        return self._because

    @property
    def again(self) -> bool:
        """Whether there is a version already."""
        return self._again

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
        self._before = self._previous(self._listed)
        self._made = self._once.create_solution_version(
            **{**settings, "name": self.name, "solutionArn": self.solution_arn}
        )["solutionVersionArn"]

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def origin(self, found: Found) -> Did:
        """Nobody else makes versions of this name."""
        return "trained" if found.settings.get("name") == self.name else "reused"

    def memory(self) -> dict[str, Any]:
        """The version before this one with its metrics, and what training it took, if in the same mode."""
        mode = self.want.get("trainingMode", "FULL")
        same = (version for version in self._listed if version.get("trainingMode", "FULL") == mode)
        return {"lastTimeSeconds": last_duration(same), "previous": self._before}

    @property
    def _looks_at_tags(self) -> bool:
        """Not at those of a version that is only used: it is left as it is, whoever made it."""
        return self.trains and super()._looks_at_tags

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

    def _is_enough(self, newest: str, versions: "Iterable[SolutionVersionSummaryTypeDef]") -> bool:
        """Whether the newest version will do; why, or why not, is kept for `because`."""
        name = tail(newest)
        if not self.trains:
            self._because = f"train is false: {name} is used"
            return True
        if self.asked_for:
            self._because = (
                "the schedule asks for it"
                if self.context.run.scheduled
                else "the params file asks for it (train: true, or trainingMode UPDATE)"
            )
            return False
        (created,) = (one["creationDateTime"] for one in versions if one["solutionVersionArn"] == newest)
        self._because = self.context.outdated or next(self._changed_since(created), "")
        if self._because:
            return False
        self._because = f"{name} was trained on the same data, with the same settings"
        return True

    def _changed_since(self, time: datetime) -> Iterator[str]:
        """What a version that was begun at this time does not know."""
        group = self.context.given("dataset_group_arn")  # what changes most often is asked first
        for datasets in self.client.get_paginator("list_datasets").paginate(datasetGroupArn=group):
            for dataset in datasets["datasets"]:
                if imported_since(self.client, dataset["datasetArn"], time):
                    yield f"{dataset['name']} was imported after it"
        if deleted_since(self.client, group, time):
            yield "users were deleted from the data after it"
        solution = self.client.describe_solution(solutionArn=self.solution_arn)["solution"]
        update: Any = solution.get("latestSolutionUpdate") or {}
        if "eventsConfig" in update.get("solutionUpdateConfig", {}) and done_since(time, update):
            yield "eventsConfig of the solution was changed after it"

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
        newest = _newest(older)
        return {"arn": newest, "metrics": self._metrics(newest)} if newest else {}

    def _metrics(self, arn: str) -> dict[str, float]:
        return dict(self.client.get_solution_metrics(solutionVersionArn=arn)["metrics"])


def _newest(versions: "Iterable[SolutionVersionSummaryTypeDef]") -> str | None:
    found = max(versions, key=lambda version: version["creationDateTime"], default=None)
    return found["solutionVersionArn"] if found else None


def solution_of(version_arn: str) -> str:
    """The ARN of the solution that a version belongs to."""
    return re.sub(r"/[^/]+$", "", version_arn)
