"""Event trackers: the door through which live events reach a dataset group."""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from personalize_local.service import kinds
from personalize_local.service.errors import ResourceAlreadyExistsException
from personalize_local.service.resource import Answer, Resource, Tags, operation


class EventTrackers(Resource):
    """CreateEventTracker, DescribeEventTracker, ListEventTrackers, DeleteEventTracker."""

    kind = kinds.EVENT_TRACKER
    member = "eventTracker"
    listed = "eventTrackers"
    summary: ClassVar = ("name", "eventTrackerArn")
    shows_reason = False

    @operation
    def create_event_tracker(self, *, name: str, datasetGroupArn: str, tags: Tags | None = None) -> Answer:
        """One per dataset group. A second one collides like a taken name does."""
        with self.store.transaction():
            group = self.fetch(kinds.DATASET_GROUP, datasetGroupArn)
            for other in (
                *self.store.find(self.kind, name=name),
                *self.store.find(self.kind, group=group.arn),
            ):
                raise ResourceAlreadyExistsException.of(other.arn)
            self.require_active(group)
            # Unlike most ARNs this one ends with an id, so that the name does not tell it.
            arn = self.context.arn(self.kind, secrets.token_hex(4))
            body = {
                "name": name,
                "eventTrackerArn": arn,
                "accountId": self.context.settings.account_id,
                "trackingId": str(uuid.uuid4()),
                "datasetGroupArn": group.arn,
            }
            self.add(arn, name, body, group=group.arn, parent=group.arn, tags=tags)
        return {"eventTrackerArn": arn, "trackingId": body["trackingId"]}

    @operation
    def describe_event_tracker(self, *, eventTrackerArn: str) -> Answer:
        """With its tracking ID."""
        return self.describe(eventTrackerArn)

    @operation
    def list_event_trackers(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Event trackers of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def delete_event_tracker(self, *, eventTrackerArn: str) -> Answer:
        """The events stay; PutEvents with its tracking ID fails from then on."""
        with self.store.transaction():
            return self.delete(self.get(eventTrackerArn))
