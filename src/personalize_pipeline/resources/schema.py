"""Schema: what the columns of a dataset are. A schema has no status and never changes."""

import json
from collections.abc import Mapping
from typing import Any

from personalize_pipeline.resources.resource import Found, Resource
from personalize_rules.schemas import parse_schema


class Schema(Resource):
    """An Avro document under a name."""

    kind = "schema"
    tags_follow = False  # schemas cannot have tags

    def describe(self) -> Found:
        """DescribeSchema; its columns stand for the document, so that another order is no change."""
        shown = self.client.describe_schema(schemaArn=self.arn)["schema"]
        return Found.of(self.arn, {**shown, "schema": _columns(shown.get("schema", ""))})

    def create(self) -> None:
        """CreateSchema."""
        self.client.create_schema(**self.want)

    def wanted(self) -> Mapping[str, Any]:
        """Exactly these columns: one more is a difference like one less."""
        return {"domain": None, **self.want, "schema": _columns(self.want["schema"])}

    def ways_out(self, found: Found) -> str:
        """Datasets hold on to their schema, so deleting it first is rarely the short way."""
        return (
            "Give the schema another name in the params file (datasets.<type>.schemaName): Items and Users "
            "datasets take over a schema that only adds columns which may be null. Otherwise delete the "
            f"dataset and this schema first:\n  {self.delete_command(found)}"
        )


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
