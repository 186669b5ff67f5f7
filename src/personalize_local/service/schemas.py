"""Schemas: belong to the account, have no status, cannot change."""

from __future__ import annotations

from typing import ClassVar

from personalize_local.service import kinds
from personalize_local.service.errors import (
    InvalidInputException,
    LimitExceededException,
    ResourceInUseException,
)
from personalize_local.service.resource import Answer, Resource, moment, named, operation
from personalize_local.service.store import Record
from personalize_rules.schemas import Schema, parse_schema


class Schemas(Resource):
    """CreateSchema, DescribeSchema, ListSchemas, DeleteSchema."""

    kind = kinds.SCHEMA
    member = "schema"
    listed = "schemas"
    summary: ClassVar = ("name", "schemaArn", "domain")

    @operation
    def create_schema(self, *, name: str, schema: str, domain: str | None = None) -> Answer:
        """Check the document alone; against a dataset type it is checked when a dataset is made with it."""
        arn = self.context.arn(self.kind, name)
        with self.store.transaction():
            self.refuse_taken(arn)
            limit = self.context.settings.quotas.schemas
            if self.store.count(self.kind) >= limit:
                raise LimitExceededException(
                    f"Cannot create a schema. More than {limit} resources in ACTIVE state. "
                    "Please delete some and try again."
                )
            _, problems = parse_schema(schema)
            if problems:
                raise InvalidInputException.of(
                    ["The schema is not valid", *(str(problem) for problem in problems)]
                )
            now = self.context.clock.now()
            body = {"name": name, "schemaArn": arn, "schema": schema}
            if domain is not None:
                body["domain"] = domain
            self.store.insert(
                Record(
                    arn=arn,
                    kind=self.kind,
                    name=name,
                    group="",
                    parent="",
                    status=kinds.Status.ACTIVE,
                    created=now,
                    updated=now,
                    body=body,
                )
            )
        return {"schemaArn": arn}

    @operation
    def describe_schema(self, *, schemaArn: str) -> Answer:
        """The document as it was given."""
        return self.describe(schemaArn)

    @operation
    def list_schemas(self, *, nextToken: str | None = None, maxResults: int | None = None) -> Answer:
        """All schemas of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults)

    @operation
    def delete_schema(self, *, schemaArn: str) -> Answer:
        """Gone at once; refused while a dataset refers to it."""
        with self.store.transaction():
            self.get(schemaArn)
            users = [
                dataset
                for dataset in self.store.find(kinds.DATASET)
                if schemaArn in (dataset.body["schemaArn"], _coming(dataset))
            ]
            if users:
                reason = named(users, "it is used by")[0]
                raise ResourceInUseException(f"Resource {schemaArn} cannot be deleted: {reason}.")
            self.store.remove(schemaArn)
        return {}

    def state(self, record: Record) -> Answer:
        """Times only: schemas have no status."""
        return {
            "creationDateTime": moment(record.created),
            "lastUpdatedDateTime": moment(record.updated),
        }


def _coming(dataset: Record) -> str | None:
    """The schema that a dataset is about to get."""
    update = dataset.body.get("latestDatasetUpdate", {})
    return update.get("schemaArn") if update.get("status") in kinds.CREATING else None


def read_schema(record: Record) -> Schema:
    """The schema behind a stored one, which was checked when it was created."""
    schema, problems = parse_schema(record.body["schema"])
    if schema is None:
        raise InvalidInputException.of([f"{record.arn} is not valid", *(str(p) for p in problems)])
    return schema
