"""Filter: which items may be recommended. A filter cannot be changed, so another one takes its name.

With a stand-in, `<name>-<8 hex of the expression>`: it is made first, which shows that Personalize accepts
the new expression; then the old filter goes; then the new one is made under its name, and the stand-in goes.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from personalize_pipeline.context import Context
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.resource import Change, Found, Resource, sentence, tail
from personalize_pipeline.tagging import carried_over
from personalize_rules.filters import FilterSyntaxError, parse_filter

_EXPRESSION = "filterExpression"


class Filter(Resource):
    """A filter expression under a name. Its stand-in counts as its update."""

    kind = "filter"
    updates = "replaced"

    def __init__(self, want: Mapping[str, Any], context: Context, client: Any = None) -> None:
        super().__init__(want, context, client)
        self._stand_in: Found | None = None

    @property
    def stand_in(self) -> str:
        """The name of what answers while the filter itself is being replaced."""
        return derived_name(self.name, short_hash(_meaning(self.want[_EXPRESSION])))

    def describe(self) -> Found | None:
        """DescribeFilter, of itself and of its stand-in: one may be left from a run that was stopped."""
        last = self.context.last
        alone = last is not None and (last.memory or {}).get("alone", False)
        self._stand_in = None if alone else self._at(self.stand_in)
        found = self._at(self.name)
        return found and Found.of(found.arn, found.settings, self._stand_in and self._stand_in.settings)

    def create(self) -> None:
        """CreateFilter; after a predecessor, with the tags that this had."""
        tags = self._tags_of(self._stand_in) if self._stand_in else self._tags
        self._create(self.name, tags)

    def wanted(self) -> Mapping[str, Any]:
        """Names are unique in the account: one of this name may belong to another dataset group."""
        return {
            "datasetGroupArn": self.context.given("dataset_group_arn"),
            _EXPRESSION: self.want[_EXPRESSION],
        }

    def changes(self, found: Found) -> Sequence[Change]:
        """Where it means something else; spaces and capitals of key words mean nothing."""
        same = _meaning(found.settings.get(_EXPRESSION, "")) == _meaning(self.want[_EXPRESSION])
        return [change for change in super().changes(found) if not (same and change.attribute == _EXPRESSION)]

    def update(self, found: Found, changes: Sequence[Change]) -> None:
        """One step of the replacement: make the stand-in; when this is active, delete the old filter.

        Raises:
            ResourceChanged: the filter of this name belongs to another dataset group.
            ResourceFailed: Personalize could not make a filter of the new expression.
        """
        if [change.attribute for change in changes] != [_EXPRESSION]:
            raise self.changed(found, changes)
        other = self._stand_in
        if other is None:
            tags = carried_over(self._tags, self._tags_of(found))
            with suppress(self.client.exceptions.ResourceAlreadyExistsException):  # made, but not yet shown
                self._create(self.stand_in, tags)
            self.noted = {"was": found.settings[_EXPRESSION], "standIn": self.stand_in}
        elif other.failed:
            self.client.delete_filter(filterArn=other.arn)
            raise ResourceFailed(
                f"{tail(found.arn)}: Amazon Personalize cannot make a filter of its new expression: "
                f"{sentence(other.failure_reason)} It still works with its old expression. Correct "
                "filterExpression and upload the params file again."
            )
        else:
            self.client.delete_filter(filterArn=found.arn)
            known = self.noted or {"was": found.settings[_EXPRESSION], "standIn": self.stand_in}
            self.noted = {**known, "deletedAt": datetime.now(UTC).isoformat()}

    def tried(self, changes: Sequence[Change]) -> bool:  # noqa: ARG002
        """A stand-in that is ready or failed is no end: `update` goes on from there."""
        return False

    def memory(self) -> dict[str, Any]:
        """Whether it is there without a stand-in: then later looks are one call."""
        return {"alone": self._stand_in is None and not self.noted}

    def left_over(self, found: Found) -> bool:  # noqa: ARG002
        """Whether the stand-in is still there."""
        return self._stand_in is not None and not self._stand_in.moving

    def tidy(self, found: Found) -> None:
        """Delete the stand-in; batch jobs that use it finish first."""
        assert self._stand_in is not None
        self.client.delete_filter(filterArn=self._stand_in.arn)
        if self.noted:
            self.noted = {**self.noted, "activeAt": found.settings["lastUpdatedDateTime"].isoformat()}

    def since(self, found: Found) -> datetime:
        """Between the old filter and the new one, requests are refused: it is looked at often."""
        deleted = self.noted and self.noted.get("deletedAt")
        return datetime.fromisoformat(deleted) if deleted else found.created

    def details(self, found: Found) -> dict[str, Any] | None:
        """What was replaced, and when requests were refused."""
        return {**self.noted, "is": found.settings[_EXPRESSION]} if self.noted else None

    def _at(self, name: str) -> Found | None:
        arn = self.context.run.arn(f"{self.kind}/{name}")
        try:
            return Found.of(arn, self.client.describe_filter(filterArn=arn)["filter"])
        except self.client.exceptions.ResourceNotFoundException:
            return None

    def _create(self, name: str, tags: list[Any]) -> None:
        wanted = {"name": name, **({"tags": tags} if tags else {})}
        self.client.create_filter(**{**self.wanted(), **wanted})


def _meaning(expression: str) -> str:
    """The expression in one spelling; as it is, where it cannot be read."""
    try:
        return str(parse_filter(expression))
    except FilterSyntaxError:
        return expression
