"""The events API: PutEvents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.datasets import find_dataset
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.kinds import Status
from personalize_local.service.live_events import LiveEvents, NewEvent
from personalize_local.service.properties import column_values, number, parse_properties
from personalize_local.service.resource import Answer, Context, operation
from personalize_local.service.schemas import read_schema
from personalize_rules.schemas import DatasetType, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from personalize_local.service.requests.shown_items import ShownItems


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the events of a tracking ID go."""

    group: str
    dataset: int
    schema: Schema


class Events:
    """PutEvents."""

    def __init__(
        self,
        context: Context,
        live: LiveEvents,
        on_events: Callable[[str, list[str | None]], None],
        shown: ShownItems,
    ) -> None:
        """`on_events` hears of the dataset group and the items of events that were kept."""
        self.context = context
        self._live = live
        self._on_events = on_events
        self._shown = shown
        self._targets: dict[str, _Target] = {}
        self._generation = -1

    @operation
    def put_events(
        self,
        *,
        trackingId: str,
        sessionId: str,
        eventList: list[dict[str, Any]],
        userId: str | None = None,
    ) -> Answer:
        """All events of the call or none. They count in the next answer for the user or the session."""
        target = self._target(trackingId)
        events, problems = [], []
        for index, event in enumerate(eventList):
            new, found = self._event(event, target.schema, userId, sessionId)
            problems += [f"eventList[{index}]: {problem}" for problem in found]
            events.append(new)
        if problems:
            raise InvalidInputException.of(problems)
        self._live.put(target.dataset, events)
        self._on_events(target.group, [event.item for event in events])
        return {}

    def _target(self, tracking_id: str) -> _Target:
        store = self.context.store
        generation = store.generation
        if self._generation != generation:
            self._targets, self._generation = {}, generation
        # This one, even if another thread begins the next: what is found here may be out of date there.
        targets = self._targets
        target = targets.get(tracking_id)
        if target is None:
            target = targets[tracking_id] = self._find_target(tracking_id)
        return target

    def _find_target(self, tracking_id: str) -> _Target:
        store = self.context.store
        for tracker in store.find(kinds.EVENT_TRACKER):
            if tracker.body["trackingId"] != tracking_id:
                continue
            if tracker.status != Status.ACTIVE:
                raise InvalidInputException(
                    f"Event tracker {tracker.arn} is not ACTIVE. Its status is {tracker.status}."
                )
            dataset = find_dataset(store, tracker.group, DatasetType.INTERACTIONS)
            if dataset is None or dataset.status != Status.ACTIVE:
                raise InvalidInputException(
                    f"Dataset group {tracker.group} has no ACTIVE Interactions dataset to put events into."
                )
            schema = store.get(dataset.body["schemaArn"])
            assert schema  # cannot be deleted while the dataset refers to it
            return _Target(tracker.group, dataset.number, read_schema(schema))
        # The model has no other error for it.
        raise InvalidInputException(f"Tracking ID {tracking_id} does not exist.")

    def _event(
        self, event: Mapping[str, Any], schema: Schema, user: str | None, session: str
    ) -> tuple[NewEvent, list[str]]:
        problems = size_problems(event, self.context.settings.quotas.event_bytes)
        properties = parse_properties(event.get("properties"))
        # Older clients put these two into the properties, and the service still takes them there.
        item = event.get("itemId", properties.pop("ITEM_ID", None))
        value = event.get("eventValue", properties.pop("EVENT_VALUE", None))
        if isinstance(item, int) and not isinstance(item, bool):
            item = str(item)
        if item is not None and (not isinstance(item, str) or not 0 < len(item) <= _LONGEST_ID):
            problems.append(f"itemId: {json.dumps(item)} must be a text of 1 to {_LONGEST_ID} characters")
            item = None
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            problems.append(f"eventValue: {json.dumps(value)} must be a number")
            value = None
        if value is not None:
            value, problem = number(value, "float")
            problems += [f"eventValue: {problem}"] if problem else []
        columns, wrong = column_values(
            {key: found for key, found in properties.items() if key not in _OWN_COLUMNS}, schema
        )
        problems += wrong
        new = NewEvent(
            session=session,
            user=user,
            item=item,
            type=event["eventType"],
            timestamp=seconds(event["sentAt"]),
            value=value,
            event_id=event.get("eventId"),
            recommendation=event.get("recommendationId"),
            attribution=event.get("metricAttribution", {}).get("eventAttributionSource"),
            impression=tuple(event.get("impression", ())) or self._shown.of(event.get("recommendationId")),
            columns=columns,
        )
        return new, problems


_LONGEST_ID = 256
_OWN_COLUMNS = frozenset({"USER_ID", "TIMESTAMP", "EVENT_TYPE"})


def size_problems(event: Mapping[str, Any], limit: int) -> list[str]:
    """What is wrong with the size of an event: it is measured as JSON, in bytes."""
    size = len(json.dumps(event, default=str, ensure_ascii=False).encode())
    return [f"The event has {size} bytes, more than {limit}"] if size > limit else []


def seconds(moment: datetime | float) -> int:
    """The time of an event as its column TIMESTAMP has it: whole seconds since the epoch."""
    return int(moment.timestamp() if isinstance(moment, datetime) else moment)
