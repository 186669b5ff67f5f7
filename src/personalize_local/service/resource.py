"""What all resources share: names and ARNs, creation, listing, the walk through the statuses, deletion."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec

from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from personalize_local.service.kinds import CREATING, DELETING, MOVING, Status
from personalize_local.service.pages import make_token, read_token
from personalize_local.service.settings import Duration
from personalize_local.service.store import Record
from personalize_local.service.tag_rules import checked_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from personalize_local.service.clock import Clock
    from personalize_local.service.faults import Faults
    from personalize_local.service.lifecycle import Lifecycle
    from personalize_local.service.rate_limits import RateLimits
    from personalize_local.service.schedules import Schedules
    from personalize_local.service.settings import Settings
    from personalize_local.service.store import Store
    from personalize_local.service.workers import Workers

Answer = dict[str, Any]
Tags = list[dict[str, str]]
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Context:
    """What every part of the service works with."""

    settings: Settings
    store: Store
    clock: Clock
    lifecycle: Lifecycle
    workers: Workers
    faults: Faults
    rates: RateLimits
    schedules: Schedules

    def arn(self, kind: str, tail: str) -> str:
        """An ARN of this account and region."""
        s = self.settings
        return f"arn:{s.partition}:personalize:{s.region}:{s.account_id}:{kind}/{tail}"


def operation(
    method: Callable[Concatenate[Any, _P], Answer],
) -> Callable[Concatenate[Any, _P], Answer]:
    """Mark a method as an API operation: reachable by its name on the Service, with faults and limits."""

    @functools.wraps(method)
    def call(self: Any, /, *args: _P.args, **kwargs: _P.kwargs) -> Answer:
        context: Context = self.context
        context.faults.before(method.__name__)
        context.rates.admit(method.__name__, kwargs)
        return method(self, *args, **kwargs)

    call.__dict__["is_operation"] = True
    return call


class Resource:
    """Base of the resource types. A subclass has the operations, and says what its answers look like."""

    kind: ClassVar[str]
    member: ClassVar[str]  # key of Describe's answer, and with "Arn" after it of the ARN
    listed: ClassVar[str]  # key of List's answer
    summary: ClassVar[Sequence[str]]  # what a summary shows of the body
    shows_reason: ClassVar[bool] = True  # some structures of the API have no failureReason

    def __init__(self, context: Context) -> None:
        self.context = context

    # -- looking things up

    @property
    def store(self) -> Store:
        """The store, for short."""
        return self.context.store

    def get(self, arn: str) -> Record:
        """The resource of this type with this ARN.

        Raises:
            ResourceNotFoundException: there is none; an ARN of another type finds none either.
        """
        return self.fetch(self.kind, arn)

    def fetch(self, kind: str, arn: str) -> Record:
        """The resource of another type.

        Raises:
            ResourceNotFoundException: there is none.
        """
        record = self.store.get(arn)
        if record is None or record.kind != kind:
            raise ResourceNotFoundException.of(arn)
        return record

    def ready(self, kind: str, arn: str) -> Record:
        """A resource of another type that must be ACTIVE for what is asked.

        Raises:
            ResourceNotFoundException: there is none.
            ResourceInUseException, InvalidInputException: it is not ACTIVE (yet).
        """
        record = self.fetch(kind, arn)
        self.require_active(record)
        return record

    def require_active(self, record: Record) -> None:
        """Refuse what needs `record` to be ACTIVE. Which error the service uses is not known: a setting."""
        if record.status == Status.ACTIVE:
            return
        message = f"Resource {record.arn} is not ACTIVE. Its status is {record.status}."
        if record.status in MOVING and self.context.settings.unready_parent_is_in_use:
            raise ResourceInUseException(message)
        raise InvalidInputException(message)

    # -- creating

    def refuse_taken(self, arn: str) -> None:
        """Refuse a name in use.

        Raises:
            ResourceAlreadyExistsException: with the ARN, as the service says it.
        """
        if self.store.get(arn):
            raise ResourceAlreadyExistsException.of(arn)

    def refuse_too_many(self, limit: int, *, group: str | None = None) -> None:
        """Refuse to create one more than may be in progress, in the account or in a dataset group.

        Raises:
            LimitExceededException: with the text of the service.
        """
        if self.store.count(self.kind, group=group, statuses=CREATING) >= limit:
            raise LimitExceededException(f"More than {limit} resources with PENDING or IN_PROGRESS status.")

    def add(
        self,
        arn: str,
        name: str,
        body: Mapping[str, Any],
        *,
        group: str = "",
        parent: str = "",
        tags: Tags | None = None,
        private: dict[str, Any] | None = None,
    ) -> Record:
        """Write a new resource and let it walk. What is None in `body` was not given and stays out."""
        now = self.context.clock.now()
        checked = checked_tags(tags or [], self.context.settings.quotas.tags)
        record = Record(
            arn=arn,
            kind=self.kind,
            name=name,
            group=group,
            parent=parent,
            status=Status.PENDING,
            created=now,
            updated=now,
            body={key: value for key, value in body.items() if value is not None},
            private=private or {},
        )
        if (fault := self.context.faults.take_failure(self.kind)) is not None:
            record.private["fault"] = fault
        with self.store.transaction():
            self.store.insert(record)
            if checked:
                self.store.set_tags(arn, checked)
        self.schedule(record)
        return record

    # -- answering

    def describe(self, arn: str) -> Answer:
        """The answer of a Describe operation."""
        return {self.member: self.view(self.get(arn))}

    def view(self, record: Record) -> Answer:
        """The full structure of a resource."""
        return {**record.body, **self.state(record)}

    def summarise(self, record: Record) -> Answer:
        """The structure of a resource in lists."""
        return {**{key: record.body[key] for key in self.summary if key in record.body}, **self.state(record)}

    def state(self, record: Record) -> Answer:
        """Status, times and reason, as full structure and summary show them."""
        state: Answer = {
            "status": record.status,
            "creationDateTime": moment(record.created),
            "lastUpdatedDateTime": moment(record.updated),
        }
        if record.failure_reason is not None and self.shows_reason:
            state["failureReason"] = record.failure_reason
        return state

    def page(
        self,
        *,
        nextToken: str | None,
        maxResults: int | None,
        group: str | None = None,
        parent: str | None = None,
    ) -> Answer:
        """The answer of a List operation: in the order of creation, so that a token is good for ever."""
        scope = f"{self.kind}|{group or ''}|{parent or ''}"
        limit = maxResults or self.context.settings.page_size
        found = self.store.find(
            self.kind, group=group, parent=parent, after=read_token(nextToken, scope), limit=limit + 1
        )
        answer: Answer = {self.listed: [self.summarise(record) for record in found[:limit]]}
        if len(found) > limit:
            answer["nextToken"] = make_token(found[limit - 1].number, scope)
        return answer

    # -- the walk: CREATE PENDING -> CREATE IN_PROGRESS -> ACTIVE or CREATE FAILED

    @property
    def duration(self) -> Duration:
        """How long resources of this type take at least."""
        return self.context.settings.durations.get(self.kind, _AT_ONCE)

    def schedule(self, record: Record) -> None:
        """Put the next step of the walk into the timetable; also after a restart."""
        since = self._since(record.updated)
        if record.status == Status.PENDING:
            self._at(since + self.duration.pending, self._begin, record.arn)
        elif record.status == Status.IN_PROGRESS:
            self._at(since, self._resume, record.arn)
        elif record.status == Status.DELETE_PENDING:
            self._at(since, self._begin_deletion, record.arn)
        elif record.status == Status.DELETE_IN_PROGRESS:
            self._at(since, self._end_deletion, record.arn)

    def work(self, record: Record) -> None:
        """Do what makes it ACTIVE, or have it done, then call `finish`. Nothing to do by default."""
        self.finish(record.arn)

    def attempt(self, record: Record) -> bool:
        """Number an attempt at a job; False, and the end of the job, if the server died under too many.

        Only attempts count that a process had begun, see `begun`.
        """
        attempts = record.private.get("attempts", 0) + 1
        begun = record.private.get("begun", 0)
        if begun >= self.context.settings.job_attempts:
            self.finish(
                record.arn,
                f"Internal error: given up after {begun} attempts, because Personalize Local ended "
                "during each of them. See its log, and the memory of this machine.",
            )
            return False
        record.private["attempts"] = attempts
        self.store.save(record)
        return True

    def begun(self, arn: str) -> None:
        """Count that a process begins with the job, before it does."""
        with self.store.transaction():
            record = self.store.get(arn)
            if record:
                record.private["begun"] = record.private.get("begun", 0) + 1
                self.store.save(record)

    def soon(self, step: Callable[..., None], *arguments: Any) -> None:
        """Have the lifecycle do something that other threads have found out; again while the disk is full."""
        self._at(self.context.clock.now(), step, *arguments)

    def finish(self, arn: str, reason: str | None = None) -> None:
        """End the work: at once, or when the shortest duration is over. `reason` says why it failed."""
        record = self.store.get(arn)
        if record is None:
            return
        due = self._since(record.updated) + self.duration.of(arn, self.context.settings.seed)
        self._at(due, self._finish, arn, reason)

    def activated(self, record: Record) -> None:
        """Called in the transaction that makes it ACTIVE."""

    def removed(self, record: Record) -> None:
        """Called in the transaction in which it disappears."""

    def resume(self) -> None:
        """After a start: put all that was moving back into the timetable."""
        for record in self.store.find(self.kind, statuses=MOVING):
            self.schedule(record)

    def set_status(self, record: Record, status: str, reason: str | None = None) -> None:
        """Write a new status."""
        record.status = status
        record.failure_reason = reason
        record.updated = self.context.clock.now()
        self.store.save(record)

    def _since(self, moment: float) -> float:
        """The moment, or now if the clock was set back since: nothing waits for a time that was a mistake."""
        return min(moment, self.context.clock.now())

    def _at(self, due: float, step: Callable[..., None], *arguments: Any) -> None:
        self.context.lifecycle.at(due, functools.partial(step, *arguments))

    def _in(self, arn: str, *statuses: Status) -> Record | None:
        """The resource, if it still is in one of the statuses that the step starts from."""
        record = self.store.get(arn)
        return record if record and record.status in statuses else None

    def _begin(self, arn: str) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.PENDING)
            if record is None:
                return
            self.set_status(record, Status.IN_PROGRESS)
        self._resume(arn)

    def _resume(self, arn: str) -> None:
        record = self._in(arn, Status.IN_PROGRESS)
        if record is None:
            return
        if "fault" in record.private:
            self.finish(arn, str(record.private["fault"]))
        else:
            self.work(record)

    def _finish(self, arn: str, reason: str | None) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.IN_PROGRESS)
            if record is None:
                return
            if reason is None:
                self.set_status(record, Status.ACTIVE)
                self.activated(record)
            else:
                self.set_status(record, Status.FAILED, reason)

    # -- deleting

    def delete(self, record: Record, *, blockers: Iterable[str] = ()) -> Answer:
        """Start the deletion; `blockers` are the reasons against it that the caller found.

        Raises:
            ResourceInUseException: with all reasons.
        """
        if record.status in MOVING:
            word = "being deleted already" if record.status in DELETING else f"in status {record.status}"
            raise ResourceInUseException(f"Resource {record.arn} cannot be deleted: it is {word}.")
        if reasons := list(blockers):
            raise ResourceInUseException(f"Resource {record.arn} cannot be deleted: {'; '.join(reasons)}.")
        self.set_status(record, Status.DELETE_PENDING)
        self.schedule(record)
        return {}

    def _begin_deletion(self, arn: str) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.DELETE_PENDING)
            if record is None:
                return
            self.set_status(record, Status.DELETE_IN_PROGRESS)
            self._at(record.updated, self._end_deletion, arn)

    def _end_deletion(self, arn: str) -> None:
        with self.store.transaction():
            record = self._in(arn, Status.DELETE_IN_PROGRESS)
            if record is None:
                return
            self.removed(record)
            self.store.remove(arn)


_AT_ONCE = Duration()


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as the answers carry them."""
    return datetime.fromtimestamp(seconds, UTC)


def in_progress(records: Iterable[Record]) -> list[Record]:
    """Those that are being created or deleted."""
    return [record for record in records if record.status in CREATING | DELETING]


def named(records: Sequence[Record], what: str) -> list[str]:
    """A reason against a deletion, naming up to three culprits; nothing if there are none."""
    if not records:
        return []
    names = ", ".join(record.arn for record in records[:3])
    more = f" and {len(records) - 3} more" if len(records) > 3 else ""
    return [f"{what}: {names}{more}"]
