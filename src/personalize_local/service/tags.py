"""TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service.errors import (
    InvalidInputException,
    ResourceInUseException,
    ResourceNotFoundException,
    TooManyTagKeysException,
)
from personalize_local.service.kinds import DELETING, TAGGABLE
from personalize_local.service.resource import Answer, Context, Tags, operation
from personalize_local.service.tag_rules import checked_tags, refuse_too_many

if TYPE_CHECKING:
    from personalize_local.service.store import Record


class TagOperations:
    """Tags of everything but schemas."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @operation
    def tag_resource(self, *, resourceArn: str, tags: Tags) -> Answer:
        """Add tags; a key that is there gets the new value."""
        limit = self.context.settings.quotas.tags
        with self.context.store.transaction():
            self._changeable(resourceArn)
            merged = self.context.store.tags(resourceArn) | checked_tags(tags, limit)
            refuse_too_many(len(merged), limit)
            self.context.store.set_tags(resourceArn, merged)
        return {}

    @operation
    def untag_resource(self, *, resourceArn: str, tagKeys: list[str]) -> Answer:
        """Remove tags; keys that are not there are ignored."""
        limit = self.context.settings.quotas.tags
        count = len(set(tagKeys))
        if count > limit:
            raise TooManyTagKeysException(
                f"A resource has at most {limit} tag keys; the request has {count}."
            )
        with self.context.store.transaction():
            self._changeable(resourceArn)
            found = self.context.store.tags(resourceArn)
            kept = {key: value for key, value in found.items() if key not in tagKeys}
            self.context.store.set_tags(resourceArn, kept)
        return {}

    @operation
    def list_tags_for_resource(self, *, resourceArn: str) -> Answer:
        """All tags, by key."""
        self._taggable(resourceArn)
        tags = self.context.store.tags(resourceArn)
        return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}

    def _taggable(self, arn: str) -> Record:
        record = self.context.store.get(arn)
        if record is None:
            raise ResourceNotFoundException.of(arn)
        if record.kind not in TAGGABLE:
            raise InvalidInputException(f"Resource {arn} cannot have tags: a {record.kind} is not taggable.")
        return record

    def _changeable(self, arn: str) -> None:
        record = self._taggable(arn)
        if record.status in DELETING:
            raise ResourceInUseException(f"Resource {arn} is being deleted.")
