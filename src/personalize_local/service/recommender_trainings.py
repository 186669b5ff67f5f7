"""How recommenders come to life: the walk through their statuses, their trainings, the change of models.

`private["version"]` is the model that answers, `private["nextVersion"]` one that is being trained or loaded
to take its place. What is live stays so until then.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service import kinds
from personalize_local.service.kinds import CREATING, Status
from personalize_local.service.recommender_models import RecommenderModels
from personalize_local.service.updates import Updatable
from personalize_rules import quotas as documented

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.deployments import Deployments
    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record

logger = logging.getLogger(__name__)

_DAY: Final = 86_400
# Requests that were on their way when the model was replaced have ended after so many seconds.
_GRACE: Final = 60.0
_NEXT: Final = {
    Status.STOP_PENDING: Status.STOP_IN_PROGRESS,
    Status.STOP_IN_PROGRESS: Status.INACTIVE,
    Status.START_PENDING: Status.START_IN_PROGRESS,
    Status.START_IN_PROGRESS: Status.ACTIVE,
}


class TrainedRecommenders(Updatable):
    """Everything about recommenders but the operations."""

    kind = kinds.RECOMMENDER
    update_member = "latestRecommenderUpdate"

    def __init__(self, context: Context, deployments: Deployments) -> None:
        super().__init__(context)
        self._deployments = deployments
        self.models = RecommenderModels(context, deployments, self._trained)

    def retrain(self, record: Record) -> bool:
        """Train it anew on the data of today; False if that is not possible now. The old model serves on."""
        with self.store.transaction():
            now = self._in(record.arn, Status.ACTIVE)
            if now is None or "nextVersion" in now.private or self.update_in_progress(now):
                return False
            self._begin_training(now, now.body["recommenderConfig"])
        return True

    def schedule(self, record: Record) -> None:
        """Also the ways to INACTIVE and back, and the weekly training."""
        super().schedule(record)
        if record.status in _NEXT:
            pending = record.status in (Status.STOP_PENDING, Status.START_PENDING)
            due = self._since(record.updated) + (self.duration.pending if pending else 0)
            self._at(due, self._step, record.arn, Status(record.status))
        elif record.status == Status.ACTIVE:
            self._schedule_training(record)

    def resume(self) -> None:
        """After a start: what was moving or being changed, and models that nobody refers to."""
        super().resume()
        for record in self.store.find(self.kind):
            used = (record.private.get("version"), record.private.get("nextVersion"))
            for model in self.models.of(record):
                if model.arn not in used:
                    self.models.discard(model)
                elif record.status == Status.ACTIVE and not self.update_in_progress(record):
                    self._go_on(record, model)  # the end of a weekly training

    def work(self, record: Record) -> None:
        """Train, then load."""
        self._train(record, record.body["recommenderConfig"])

    def work_on_update(self, record: Record) -> None:
        """Train only if other columns are used; the durations of settings are those of trainings."""
        if record.private.get("updateTrains"):
            self._train(record, record.body[self.update_member]["recommenderConfig"])
        else:
            self.soon(self._end_update, record.arn, None)

    def activated(self, record: Record) -> None:
        """The first model answers."""
        self._switch(record)

    def apply_update(self, record: Record, update: dict[str, Any]) -> None:
        """From the next request on."""
        record.body["recommenderConfig"] = update["recommenderConfig"]
        if "nextVersion" in record.private and record.private.pop("updateTrains", False):
            self._switch(record)

    def updated(self, record: Record) -> None:
        """A change that failed leaves nothing behind."""
        if record.private.pop("updateTrains", False):
            self._drop_next(record)
            self.store.save(record)

    def removed(self, record: Record) -> None:
        """The models go along."""
        for model in self.models.of(record):
            self.models.discard(model)

    def _finish(self, arn: str, reason: str | None) -> None:
        super()._finish(arn, reason)
        if reason is not None:
            with self.store.transaction():
                record = self._in(arn, Status.FAILED)
                if record:
                    self._drop_next(record)
                    self.store.save(record)

    def _step(self, arn: str, status: Status) -> None:
        with self.store.transaction():
            record = self._in(arn, status)
            if record:
                self.set_status(record, _NEXT[status])
                self.schedule(record)

    # -- training

    def _train(self, record: Record, config: dict[str, Any]) -> None:
        """Begin to train, or go on where the last process ended."""
        model = self.store.get(record.private.get("nextVersion", ""))
        if model is None:
            with self.store.transaction():
                self._begin_training(record, config)
        else:
            self._go_on(record, model)

    def _begin_training(self, record: Record, config: dict[str, Any]) -> None:
        record.private["nextVersion"] = self.models.begin(record, config).arn
        self.store.save(record)

    def _trained(self, model: Record, reason: str | None) -> None:
        """Called when the training of a model has ended."""
        record = self.store.get(model.parent)
        if record is None or record.private.get("nextVersion") != model.arn:
            self.models.discard(model)
        else:
            self._go_on(record, model, reason)

    def _go_on(self, record: Record, model: Record, reason: str | None = None) -> None:
        if model.status in CREATING:
            return  # `_trained` will be called
        if record.status == Status.IN_PROGRESS:
            end: Callable[[str, str | None], None] = self.finish
        elif "updateTrains" in record.private:
            end = self.finish_update
        else:
            end = self._end_retraining
        if model.status != Status.ACTIVE:
            end(record.arn, reason or model.failure_reason)
            return
        self._deployments.deploy(model, lambda failure: self.soon(end, record.arn, failure))

    def _end_retraining(self, arn: str, reason: str | None) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.ACTIVE)
            if record is None or "nextVersion" not in record.private:
                return  # stopped meanwhile
            if reason is None:
                self._switch(record)
                return
            logger.error("%s keeps its old model: %s", arn, reason)
            self._drop_next(record)
            self.store.save(record)
            due = self.context.clock.now() + documented.RECOMMENDER_TRAINING_DAYS * _DAY
            self._at(due, self._retrain_due, arn, record.private["version"])

    def _switch(self, record: Record) -> None:
        """Let the next model answer. The old one stays for the requests that are on their way."""
        old = record.private.get("version")
        record.private["version"] = record.private.pop("nextVersion")
        self.store.save(record)
        self._schedule_training(record)
        if old:
            self._at(self.context.clock.now() + _GRACE, self._discard, old)

    def _discard(self, model_arn: str) -> None:
        model = self.store.get(model_arn)
        if model:
            self.models.discard(model)

    def _drop_next(self, record: Record) -> None:
        """Give up what is being trained to take over. To be saved by the caller."""
        model = self.store.get(record.private.pop("nextVersion", ""))
        if model:
            self.models.discard(model)

    def _schedule_training(self, record: Record) -> None:
        model = self.store.get(record.private.get("version", ""))
        if model:
            due = model.created + documented.RECOMMENDER_TRAINING_DAYS * _DAY
            self._at(due, self._retrain_due, record.arn, model.arn)

    def _retrain_due(self, arn: str, model_arn: str) -> None:
        record = self.store.get(arn)
        if record and record.private.get("version") == model_arn:
            self.retrain(record)
