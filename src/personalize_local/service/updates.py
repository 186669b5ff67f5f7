"""Resources that can be changed: the change walks through the statuses, what is there stays in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.service.errors import ResourceInUseException
from personalize_local.service.kinds import CREATING, Status
from personalize_local.service.resource import Answer, Resource, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.service.store import Record


class Updatable(Resource):
    """A resource whose changes walk through the statuses too, in a `latest…Update` structure."""

    update_member: ClassVar[str]

    def start_update(self, record: Record, fields: Mapping[str, Any]) -> None:
        """Begin a change; what is there stays in force until it is ACTIVE."""
        now = self.context.clock.now()
        record.body[self.update_member] = {
            **{key: value for key, value in fields.items() if value is not None},
            "status": Status.PENDING,
            "creationDateTime": now,
            "lastUpdatedDateTime": now,
        }
        record.private.pop("updateFault", None)
        if (fault := self.context.faults.take_failure(self.kind)) is not None:
            record.private["updateFault"] = fault
        self.store.save(record)
        self._schedule_update(record)

    def update_in_progress(self, record: Record) -> dict[str, Any] | None:
        """The change that is going on."""
        update: dict[str, Any] | None = record.body.get(self.update_member)
        return update if update and update["status"] in CREATING else None

    def refuse_during_update(self, record: Record) -> None:
        """One change at a time.

        Raises:
            ResourceInUseException: another one is going on.
        """
        if self.update_in_progress(record):
            raise ResourceInUseException(f"Resource {record.arn} is being updated.")

    def apply_update(self, record: Record, update: dict[str, Any]) -> None:
        """Put the change in force; called in the transaction that makes it ACTIVE."""
        raise NotImplementedError

    def work_on_update(self, record: Record) -> None:
        """Do what the change takes, and call `finish_update`. Nothing to do by default."""
        self.finish_update(record.arn)

    def finish_update(self, arn: str, reason: str | None = None) -> None:
        """End the change: at once, or when the shortest duration is over."""
        record = self.store.get(arn)
        update = record and self.update_in_progress(record)
        if update:
            seconds = self.duration.of(f"{arn}/update", self.context.settings.seed)
            due = self._since(update["lastUpdatedDateTime"]) + seconds
            self._at(due, self._end_update, arn, reason)

    def view(self, record: Record) -> Answer:
        """The resource with its latest update."""
        view = super().view(record)
        if update := record.body.get(self.update_member):
            view[self.update_member] = {
                **update,
                "creationDateTime": moment(update["creationDateTime"]),
                "lastUpdatedDateTime": moment(update["lastUpdatedDateTime"]),
            }
        return view

    def schedule(self, record: Record) -> None:
        """Both walks."""
        super().schedule(record)
        self._schedule_update(record)

    def resume(self) -> None:
        """After a start: those that were moving, and those that were being changed."""
        for record in self.store.find(self.kind):
            self.schedule(record)

    def updated(self, record: Record) -> None:
        """Called after a change has ended, well or badly."""

    def _schedule_update(self, record: Record) -> None:
        if update := self.update_in_progress(record):
            pending = self.duration.pending if update["status"] == Status.PENDING else 0
            self._at(self._since(update["lastUpdatedDateTime"]) + pending, self._begin_update, record.arn)

    def _begin_update(self, arn: str) -> None:
        with self.store.transaction():
            record = self.store.get(arn)
            update = record and self.update_in_progress(record)
            if record is None or not update:
                return
            if update["status"] == Status.PENDING:
                update["status"] = Status.IN_PROGRESS
                update["lastUpdatedDateTime"] = self.context.clock.now()
                self.store.save(record)
        if "updateFault" in record.private:
            self.finish_update(arn, str(record.private["updateFault"]))
        else:
            self.work_on_update(record)

    def _end_update(self, arn: str, reason: str | None) -> None:
        with self.store.transaction():
            record = self.store.get(arn)
            update = record and self.update_in_progress(record)
            if record is None or not update:
                return
            now = self.context.clock.now()
            update["lastUpdatedDateTime"] = now
            if reason is None:
                update["status"] = Status.ACTIVE
                self.apply_update(record, update)
                record.updated = now
            else:
                update["status"] = Status.FAILED
                update["failureReason"] = reason
            self.store.save(record)
            self.updated(record)
