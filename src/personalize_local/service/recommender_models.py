"""The models of recommenders: trained when one is made, when its columns change, and every week.

Not a resource of the API: nobody lists or describes them. They walk through the statuses like solution
versions, so a training survives a restart in the same way, and `Deployments` serves both alike.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.data_marks import data_marks
from personalize_local.service.datasets import dataset_arguments
from personalize_local.service.kinds import CREATING, Status
from personalize_local.service.model_files import discard_model, models_folder, serving_folder
from personalize_local.service.resource import Context, Resource
from personalize_local.service.workers import Job, Outcome
from personalize_rules.recipes import find_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.deployments import Deployments
    from personalize_local.service.store import Record


class RecommenderModels(Resource):
    """Training, keeping and discarding them."""

    kind = kinds.RECOMMENDER_MODEL

    def __init__(
        self, context: Context, deployments: Deployments, on_end: Callable[[Record, str | None], None]
    ) -> None:
        """`on_end` gets a model when its training has ended, and the reason if it failed."""
        super().__init__(context)
        self._deployments = deployments
        self._on_end = on_end

    def begin(self, recommender: Record, config: dict[str, Any]) -> Record:
        """Train a model for a recommender, on the data of today. To be called in a transaction."""
        arn = f"{recommender.arn}/{secrets.token_hex(4)}"
        body = {
            "recipeArn": recommender.body["recipeArn"],
            "solutionConfig": {
                key: config[key] for key in ("trainingDataConfig",) if key in config
            },  # under the name that solution versions have it
        }
        private = {"data": data_marks(self.store, recommender.group)}
        return self.add(arn, "", body, group=recommender.group, parent=recommender.arn, private=private)

    def of(self, recommender: Record) -> list[Record]:
        """All models of a recommender, the oldest first."""
        return self.store.find(self.kind, parent=recommender.arn)

    def work(self, record: Record) -> None:
        """Hand it to a worker."""
        if not self.attempt(record):
            return

        def done(outcome: Outcome) -> None:
            self.soon(self._ended, record.arn, outcome)

        job = Job(record.arn, record.group, "train_version", self._arguments(record), done, begins=self.begun)
        self.context.workers.submit(job)
        self._deployments.warm()

    def discard(self, record: Record) -> None:
        """Remove a model that no request asks any more, or stop its training."""
        with self.store.transaction():
            self.store.remove(record.arn)  # first, so that the end of its job finds nothing
        self.context.workers.cancel(record.arn)
        self._deployments.forget(record.arn)
        discard_model(self.context, record)

    def _ended(self, arn: str, outcome: Outcome) -> None:
        if outcome.result is not None:
            with self.store.transaction():
                record = self._in(arn, Status.IN_PROGRESS)
                if record:
                    record.private.update(outcome.result)
                    self.store.save(record)
        self.finish(arn, outcome.reason)

    def _finish(self, arn: str, reason: str | None) -> None:
        super()._finish(arn, reason)
        record = self.store.get(arn)
        if record and record.status not in CREATING:
            self._on_end(record, reason)

    def _arguments(self, record: Record) -> dict[str, Any]:
        recipe = find_recipe(record.body["recipeArn"])
        assert recipe  # checked by CreateRecommender
        return {
            "recipe": recipe.name,
            "serving": str(serving_folder(self.context)),
            "datasets": dataset_arguments(self.context, record.group),
            "event_type": recipe.event_type,
            "config": record.body["solutionConfig"],
            "perform_hpo": False,
            "update_of": None,
            "output": str(models_folder(self.context) / f"{record.number}-{record.private['attempts']}"),
        }
