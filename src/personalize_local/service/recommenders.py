"""Recommenders: use cases of a domain, trained when they are made and every week, serving all the time.

The operations; `recommender_trainings` has the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service import kinds
from personalize_local.service.datasets import group_schemas
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceNotFoundException,
)
from personalize_local.service.kinds import Status
from personalize_local.service.recommender_rules import config_problems, use_case_problems
from personalize_local.service.recommender_trainings import TrainedRecommenders
from personalize_local.service.resource import Answer, Tags, operation
from personalize_local.service.training_data import require_training_data
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from personalize_local.service.store import Record


class Recommenders(TrainedRecommenders):
    """CreateRecommender, Describe, List, Update, Start, Stop, Delete."""

    member = "recommender"
    listed = "recommenders"
    summary: ClassVar = ("name", "recommenderArn", "datasetGroupArn", "recipeArn", "recommenderConfig")

    @operation
    def create_recommender(
        self,
        *,
        name: str,
        datasetGroupArn: str,
        recipeArn: str,
        recommenderConfig: dict[str, Any] | None = None,
        tags: Tags | None = None,
    ) -> Answer:
        """Trains at once."""
        arn = self.context.arn(self.kind, name)
        config = {"minRecommendationRequestsPerSecond": 1, **(recommenderConfig or {})}
        with self.store.transaction():
            self.refuse_taken(arn)
            group = self.ready(kinds.DATASET_GROUP, datasetGroupArn)
            recipe = find_recipe(recipeArn) if ":recipe/" in recipeArn else None
            if recipe is None:
                raise ResourceNotFoundException.of(recipeArn)
            problems = list(use_case_problems(recipe, group.body.get("domain")))
            problems += config_problems(recipe, config, group_schemas(self.store, group.arn))
            if problems:
                raise InvalidInputException.of(problems)
            self._refuse_too_many(group.arn)
            require_training_data(self.store, group.arn, recipe)
            body = {
                "name": name,
                "recommenderArn": arn,
                "datasetGroupArn": group.arn,
                "recipeArn": recipeArn,
                "recommenderConfig": config,
            }
            self.add(arn, name, body, group=group.arn, parent=group.arn, tags=tags)
        return {"recommenderArn": arn}

    @operation
    def describe_recommender(self, *, recommenderArn: str) -> Answer:
        """With its latest update and, when it is trained, the metrics of its model."""
        return self.describe(recommenderArn)

    @operation
    def list_recommenders(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Recommenders of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def update_recommender(self, *, recommenderArn: str, recommenderConfig: dict[str, Any]) -> Answer:
        """Other columns mean another training; all else is changed at once. What is not given stays."""
        with self.store.transaction():
            record = self.get(recommenderArn)
            self.require_active(record)
            self.refuse_during_update(record)
            before = record.body["recommenderConfig"]
            config = {**before, **recommenderConfig}
            problems = config_problems(_use_case(record), config, group_schemas(self.store, record.group))
            if problems:
                raise InvalidInputException.of(problems)
            if config.get("trainingDataConfig") != before.get("trainingDataConfig"):
                require_training_data(self.store, record.group, _use_case(record))
                self._drop_next(record)  # a weekly training would have the old columns
                record.private["updateTrains"] = True
            self.start_update(record, {"recommenderConfig": config})
        return {"recommenderArn": recommenderArn}

    @operation
    def stop_recommender(self, *, recommenderArn: str) -> Answer:
        """It answers nothing and is not trained again until it is started."""
        with self.store.transaction():
            record = self.get(recommenderArn)
            self.require_active(record)
            self.refuse_during_update(record)
            self._drop_next(record)
            self.set_status(record, Status.STOP_PENDING)
            self.schedule(record)
        return {"recommenderArn": recommenderArn}

    @operation
    def start_recommender(self, *, recommenderArn: str) -> Answer:
        """It answers again, with the model that it had."""
        with self.store.transaction():
            record = self.get(recommenderArn)
            if record.status in kinds.MOVING:
                self.require_active(record)
            if record.status != Status.INACTIVE:
                raise InvalidInputException(
                    f"Resource {recommenderArn} cannot be started: it is not INACTIVE, its status is "
                    f"{record.status}."
                )
            self.set_status(record, Status.START_PENDING)
            self.schedule(record)
        return {"recommenderArn": recommenderArn}

    @operation
    def delete_recommender(self, *, recommenderArn: str) -> Answer:
        """Takes its models along."""
        with self.store.transaction():
            record = self.get(recommenderArn)
            blockers = ["it is being updated"] if self.update_in_progress(record) else []
            return self.delete(record, blockers=blockers)

    # -- answering

    def view(self, record: Record) -> Answer:
        """With the metrics of the model that answers."""
        view = super().view(record)
        model = self.store.get(record.private.get("version", ""))
        if model and record.status not in kinds.DELETING:
            view["modelMetrics"] = model.private["metrics"]
        return view

    def summarise(self, record: Record) -> Answer:
        """A summary has no failureReason."""
        summary = super().summarise(record)
        summary.pop("failureReason", None)
        return summary

    def _refuse_too_many(self, group_arn: str) -> None:
        quotas = self.context.settings.quotas
        for limit, count in (
            (quotas.recommenders, self.store.count(self.kind, group=group_arn)),
            (quotas.recommenders_of_region, self.store.count(self.kind)),
        ):
            if count >= limit:
                raise LimitExceededException(
                    f"Cannot create a recommender. More than {limit} resources in ACTIVE state. "
                    "Please delete some and try again."
                )


def _use_case(record: Record) -> Recipe:
    recipe = find_recipe(record.body["recipeArn"])
    assert recipe  # checked when it was created
    return recipe
