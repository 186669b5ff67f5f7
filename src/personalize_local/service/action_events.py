"""The events API: PutActionInteractions, what users did with actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.service import kinds
from personalize_local.service.datasets import require_writable
from personalize_local.service.errors import InvalidInputException, ResourceNotFoundException
from personalize_local.service.events import seconds, size_problems
from personalize_local.service.live_events import LiveEvents, NewEvent
from personalize_local.service.properties import column_values, parse_properties
from personalize_local.service.resource import Answer, Context, operation
from personalize_local.service.schemas import read_schema
from personalize_rules.schemas import is_action_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.service.store import Record
    from personalize_rules.schemas import Schema

_OWN_COLUMNS = frozenset({"USER_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE"})


class ActionEvents:
    """PutActionInteractions."""

    def __init__(self, context: Context, live: LiveEvents) -> None:
        self.context = context
        self._live = live

    @operation
    def put_action_interactions(self, *, trackingId: str, actionInteractions: list[dict[str, Any]]) -> Answer:
        """All of the call or none. They count in the next answer for the user or the session."""
        dataset = self._dataset(trackingId)
        schema = self.context.store.get(dataset.body["schemaArn"])
        assert schema  # cannot be deleted while the dataset refers to it
        read_as = read_schema(schema)
        events, problems = [], []
        for index, interaction in enumerate(actionInteractions):
            event, found = self._event(interaction, read_as)
            problems += [f"actionInteractions[{index}]: {problem}" for problem in found]
            events.append(event)
        if problems:
            raise InvalidInputException.of(problems)
        self._live.put(dataset.number, events)
        return {}

    def _dataset(self, tracking_id: str) -> Record:
        for dataset in self.context.store.find(kinds.DATASET):
            if dataset.body.get("trackingId") == tracking_id:
                require_writable(dataset)
                return dataset
        raise ResourceNotFoundException(
            f"Tracking ID {tracking_id} does not exist. DescribeDataset shows that of an Action interactions"
            " dataset."
        )

    def _event(self, given: Mapping[str, Any], schema: Schema) -> tuple[NewEvent, list[str]]:
        problems = size_problems(given, self.context.settings.quotas.event_bytes)
        event_type = given["eventType"]
        if not is_action_event(event_type):
            problems.append(f"eventType: '{event_type}' must be Taken, Not Taken or Viewed")
        try:
            properties = parse_properties(given.get("properties"))
        except InvalidInputException as error:
            properties = {}
            problems.append(error.message)
        columns, wrong = column_values(
            {name: value for name, value in properties.items() if name not in _OWN_COLUMNS}, schema
        )
        event = NewEvent(
            session=given["sessionId"],
            user=given.get("userId"),
            item=given["actionId"],
            type=event_type,
            timestamp=seconds(given["timestamp"]),
            value=None,
            event_id=given.get("eventId"),
            recommendation=given.get("recommendationId"),
            attribution=None,
            impression=tuple(given.get("impression", ())),
            columns=columns,
        )
        return event, problems + wrong
