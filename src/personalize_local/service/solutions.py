"""Solutions: a recipe with its settings, from which versions are trained."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import group_schemas
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceNotFoundException,
)
from personalize_local.service.kinds import DELETING, MOVING
from personalize_local.service.model_files import discard_model
from personalize_local.service.resource import Answer, Context, Tags, named, operation
from personalize_local.service.solution_rules import (
    DEFAULT_SCHEDULE,
    events_config_problems,
    schedule_problems,
    solution_problems,
)
from personalize_local.service.solution_versions import version_summary
from personalize_local.service.updates import Updatable
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from personalize_local.service.auto_training import AutoTraining
    from personalize_local.service.store import Record

_DEFAULT_SCHEDULE = {"schedulingExpression": DEFAULT_SCHEDULE}


class Solutions(Updatable):
    """CreateSolution, DescribeSolution, ListSolutions, UpdateSolution, DeleteSolution."""

    kind = kinds.SOLUTION
    member = "solution"
    listed = "solutions"
    summary: ClassVar = ("name", "solutionArn", "recipeArn")
    shows_reason = False
    update_member = "latestSolutionUpdate"

    def __init__(self, context: Context, auto_training: AutoTraining) -> None:
        super().__init__(context)
        self._auto_training = auto_training

    @operation
    def create_solution(
        self,
        *,
        name: str,
        datasetGroupArn: str,
        performHPO: bool = False,
        performAutoML: bool = False,
        performAutoTraining: bool = True,
        performIncrementalUpdate: bool = False,
        recipeArn: str | None = None,
        eventType: str | None = None,
        solutionConfig: dict[str, Any] | None = None,
        tags: Tags | None = None,
    ) -> Answer:
        """Note the default of performAutoTraining."""
        arn = self.context.arn(self.kind, name)
        config = dict(solutionConfig or {})
        with self.store.transaction():
            self.refuse_taken(arn)
            group = self.ready(kinds.DATASET_GROUP, datasetGroupArn)
            recipe = _chosen_recipe(recipeArn, perform_auto_ml=performAutoML)
            problems = solution_problems(
                recipe,
                group_schemas(self.store, group.arn),
                domain=group.body.get("domain"),
                perform_hpo=performHPO,
                perform_incremental_update=performIncrementalUpdate,
                event_type=eventType,
                config=config,
                quotas=self.context.settings.quotas,
                legacy=self.context.settings.legacy_recipes,
            )
            if problems:
                raise InvalidInputException.of(problems)
            limit = self.context.settings.quotas.solutions
            if self.store.count(self.kind, group=group.arn) >= limit:
                raise LimitExceededException(
                    f"Cannot create a solution. More than {limit} resources in ACTIVE state. "
                    "Please delete some and try again."
                )
            if performAutoTraining:
                config.setdefault("autoTrainingConfig", dict(_DEFAULT_SCHEDULE))
            body = {
                "name": name,
                "solutionArn": arn,
                "performHPO": performHPO,
                "performAutoML": performAutoML,
                "performAutoTraining": performAutoTraining,
                "performIncrementalUpdate": performIncrementalUpdate,
                "recipeArn": recipeArn,
                "datasetGroupArn": group.arn,
                "eventType": eventType,
                "solutionConfig": config or None,
            }
            self.add(arn, name, body, group=group.arn, parent=group.arn, tags=tags)
        return {"solutionArn": arn}

    @operation
    def describe_solution(self, *, solutionArn: str) -> Answer:
        """With its latest version and latest update."""
        return self.describe(solutionArn)

    @operation
    def list_solutions(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Solutions of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def update_solution(
        self,
        *,
        solutionArn: str,
        performAutoTraining: bool | None = None,
        performIncrementalUpdate: bool | None = None,
        solutionUpdateConfig: dict[str, Any] | None = None,
    ) -> Answer:
        """Automatic training, incremental updates and event weights; all else is fixed."""
        config = solutionUpdateConfig or {}
        with self.store.transaction():
            record = self.get(solutionArn)
            self.require_active(record)
            self.refuse_during_update(record)
            recipe = solution_recipe(record)
            problems = list(
                events_config_problems(
                    recipe,
                    config.get("eventsConfig"),
                    record.body.get("eventType"),
                    group_schemas(self.store, record.group),
                )
            )
            problems += schedule_problems(config.get("autoTrainingConfig"))
            if performIncrementalUpdate and not recipe.incremental_update:
                problems.append(f"performIncrementalUpdate is not supported by recipe {recipe.name}")
            if performAutoTraining is None and performIncrementalUpdate is None and not config:
                problems.append(
                    "Give at least one of performAutoTraining, performIncrementalUpdate, solutionUpdateConfig"
                )
            if problems:
                raise InvalidInputException.of(problems)
            self.start_update(
                record,
                {
                    "performAutoTraining": performAutoTraining,
                    "performIncrementalUpdate": performIncrementalUpdate,
                    "solutionUpdateConfig": solutionUpdateConfig,
                },
            )
        return {"solutionArn": solutionArn}

    @operation
    def delete_solution(self, *, solutionArn: str) -> Answer:
        """Takes its versions along; refused while one is used by a campaign or being trained."""
        with self.store.transaction():
            record = self.get(solutionArn)
            campaigns = [
                campaign
                for campaign in self.store.find(kinds.CAMPAIGN, group=record.group)
                if any(version.startswith(solutionArn + "/") for version in campaign_versions(campaign))
            ]
            versions = self.store.find(kinds.SOLUTION_VERSION, parent=solutionArn, statuses=MOVING - DELETING)
            blockers = named(campaigns, "its versions are used by")
            blockers += named(versions, "it has versions in progress")
            if self.update_in_progress(record):
                blockers.append("it is being updated")
            return self.delete(record, blockers=blockers)

    def view(self, record: Record) -> Answer:
        """With the latest version."""
        view = super().view(record)
        if versions := self.store.find(kinds.SOLUTION_VERSION, parent=record.arn):
            view["latestSolutionVersion"] = version_summary(versions[-1])
        return view

    def apply_update(self, record: Record, update: dict[str, Any]) -> None:
        """Counts for the versions that come."""
        before = copy.deepcopy(record.body)
        for member in ("performAutoTraining", "performIncrementalUpdate"):
            if member in update:
                record.body[member] = update[member]
        config = record.body.get("solutionConfig", {}) | update.get("solutionUpdateConfig", {})
        if record.body["performAutoTraining"]:
            config.setdefault("autoTrainingConfig", dict(_DEFAULT_SCHEDULE))
        if config:
            record.body["solutionConfig"] = config
        self._auto_training.changed(record, before)

    def activated(self, record: Record) -> None:
        """It may train by itself from now on."""
        self._auto_training.begin(record)

    def removed(self, record: Record) -> None:
        """The versions go along."""
        for version in self.store.find(kinds.SOLUTION_VERSION, parent=record.arn):
            self.store.remove(version.arn)
            discard_model(self.context, version)


def solution_recipe(record: Record) -> Recipe:
    """The recipe of a solution or a version, which was checked when the solution was created."""
    recipe = find_recipe(record.body["recipeArn"])
    assert recipe
    return recipe


def campaign_versions(campaign: Record) -> list[str]:
    """The solution versions that a campaign serves or is about to serve."""
    versions = [campaign.body["solutionVersionArn"]]
    update = campaign.body.get("latestCampaignUpdate", {})
    if update.get("status") in MOVING and "solutionVersionArn" in update:
        versions.append(update["solutionVersionArn"])
    return versions


def _chosen_recipe(arn: str | None, *, perform_auto_ml: bool) -> Recipe:
    if perform_auto_ml:
        if arn is not None:
            raise InvalidInputException("Give either recipeArn or performAutoML, not both.")
        raise InvalidInputException(
            "performAutoML is not supported: it chose between the aws-hrnn recipes, which are no longer "
            "available. Give recipeArn, for example arn:aws:personalize:::recipe/aws-user-personalization-v2."
        )
    if arn is None:
        raise InvalidInputException("recipeArn is required when performAutoML is false.")
    recipe = find_recipe(arn) if ":recipe/" in arn else None
    if recipe is None:
        raise ResourceNotFoundException.of(arn)
    return recipe
