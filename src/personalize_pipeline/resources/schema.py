"""Schema: what the columns of a dataset are. A schema has no status and never changes."""

import json
from collections.abc import Mapping
from typing import Any

from personalize_pipeline.execution import short_hash
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.resource import Found, Resource, tail
from personalize_rules.schemas import parse_schema


class Schema(Resource):
    """An Avro document under a name: the one of the params file, or `<name>-<8 hex of the columns>`.

    The second is for columns that changed: what has the first name stays as it is.
    """

    kind = "schema"
    tags_follow = False  # schemas cannot have tags
    _taken = False
    """Whether the name of the params file belongs to other columns."""

    @property
    def arn(self) -> str:
        """Under which of its two names it is, or will be; known after `describe`."""
        name = derived_name(self.name, mark(self.want)) if self._taken else self.name
        return self.context.run.arn(f"{self.kind}/{name}")

    def describe(self) -> Found | None:
        """DescribeSchema; its columns stand for the document, so that another order is no change."""
        self._taken = False
        first = self._at(self.name)
        if first and not self.changes(first):
            return first
        self._taken = first is not None
        return self._at(derived_name(self.name, mark(self.want)))

    def create(self) -> None:
        """CreateSchema."""
        self.client.create_schema(**{**self.want, "name": tail(self.arn).partition("/")[2]})

    def wanted(self) -> Mapping[str, Any]:
        """Exactly these columns: one more is a difference like one less."""
        settings = {key: value for key, value in self.want.items() if key != "name"}
        return {"domain": None, **settings, "schema": _columns(self.want["schema"])}

    def _at(self, name: str) -> Found | None:
        arn = self.context.run.arn(f"{self.kind}/{name}")
        try:
            shown = self.client.describe_schema(schemaArn=arn)["schema"]
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return Found.of(arn, {**shown, "schema": _columns(shown.get("schema", ""))})


def mark(schema: Mapping[str, Any]) -> str:
    """Eight hex digits that two schemas share if they mean the same; `schema` as CreateSchema takes it."""
    columns = json.dumps(_columns(schema["schema"]), sort_keys=True)
    return short_hash(str(schema.get("domain")), columns)


def is_replacement(schema: Mapping[str, Any]) -> bool:
    """Whether the pipeline made it, because its columns had changed; `schema` as DescribeSchema shows it."""
    return str(schema["name"]).endswith(f"-{mark(schema)}")


def _columns(document: str) -> Any:
    """The schema as one value that two documents of the same meaning share, readable in a message."""
    schema, problems = parse_schema(document)
    if schema is None or problems:
        return json.loads(document) if document else None
    flags = ("nullable", "categorical", "textual", "item_name")
    return [
        " ".join([field.name, field.type, *(flag for flag in flags if getattr(field, flag))])
        for field in sorted(schema.fields, key=lambda field: field.name)
    ]
