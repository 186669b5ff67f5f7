"""The events API, records: PutItems, PutUsers, PutActions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personalize_local.engine.datasets import DatasetFiles
from personalize_local.service import kinds, put_records
from personalize_local.service.datasets import dataset_folder, require_writable
from personalize_local.service.errors import InvalidInputException, ResourceNotFoundException
from personalize_local.service.kinds import CREATING
from personalize_local.service.properties import parse_properties, record_columns
from personalize_local.service.resource import Answer, Context, operation
from personalize_local.service.schemas import read_schema
from personalize_rules.schemas import DatasetType, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.service.record_changes import RecordChanges
    from personalize_local.service.store import Record


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the records of a dataset look in a call."""

    operation: str
    members: str  # the argument that lists them
    member: str  # with the ID in a record
    column: str  # with the ID in the dataset


_SHAPES: Final = {
    DatasetType.ITEMS: _Shape("PutItems", "items", "itemId", "ITEM_ID"),
    DatasetType.USERS: _Shape("PutUsers", "users", "userId", "USER_ID"),
    DatasetType.ACTIONS: _Shape("PutActions", "actions", "actionId", "ACTION_ID"),
}


class PutOperations:
    """PutItems, PutUsers, PutActions: a record replaces the one of its ID, whatever brought that one in."""

    def __init__(self, context: Context, changes: RecordChanges) -> None:
        self.context = context
        self._changes = changes

    @operation
    def put_items(self, *, datasetArn: str, items: list[dict[str, Any]]) -> Answer:
        """Up to 10 items."""
        return self._put(DatasetType.ITEMS, datasetArn, items)

    @operation
    def put_users(self, *, datasetArn: str, users: list[dict[str, Any]]) -> Answer:
        """Up to 10 users."""
        return self._put(DatasetType.USERS, datasetArn, users)

    @operation
    def put_actions(self, *, datasetArn: str, actions: list[dict[str, Any]]) -> Answer:
        """Up to 10 actions."""
        return self._put(DatasetType.ACTIONS, datasetArn, actions)

    def _put(self, wanted: DatasetType, arn: str, records: Sequence[Mapping[str, Any]]) -> Answer:
        """All records of the call or none."""
        store, shape = self.context.store, _SHAPES[wanted]
        with store.transaction():
            dataset, schema = self._dataset(arn, wanted)
            read, problems = [], []
            for index, record in enumerate(records):
                columns, found = self._columns(record, shape, schema)
                problems += [f"{shape.members}[{index}]: {problem}" for problem in found]
                read.append((record[shape.member], columns))
            if problems:
                raise InvalidInputException.of(problems)
            put_records.put(store, dataset.number, self._order(dataset, schema, wanted), read)
            self._changes.note(dataset.group)
        return {}

    def _dataset(self, arn: str, wanted: DatasetType) -> tuple[Record, Schema]:
        dataset = self.context.store.get(arn)
        if dataset is None or dataset.kind != kinds.DATASET:
            raise ResourceNotFoundException.of(arn)
        if dataset.body["datasetType"] != wanted:
            raise InvalidInputException(
                f"Dataset {arn} is of type {dataset.body['datasetType']}."
                f" {_SHAPES[wanted].operation} puts records into a dataset of type {wanted}."
            )
        require_writable(dataset)
        schema = self.context.store.get(dataset.body["schemaArn"])
        assert schema  # cannot be deleted while the dataset refers to it
        return dataset, read_schema(schema)

    def _columns(
        self, record: Mapping[str, Any], shape: _Shape, schema: Schema
    ) -> tuple[dict[str, Any], list[str]]:
        try:
            properties = parse_properties(record.get("properties"))
        except InvalidInputException as error:
            return {}, [error.message]
        properties.pop(shape.column, None)  # the ID is the one beside the properties
        settings = self.context.settings
        columns, problems = record_columns(
            properties, schema, shape.column, need_required=settings.put_records_need_required_columns
        )
        return {shape.column: record[shape.member], **columns}, problems

    def _order(self, dataset: Record, schema: Schema, dataset_type: DatasetType) -> int:
        """The imports that the records are newer than: those that are there, and those that have begun."""
        files = DatasetFiles(dataset_folder(self.context, dataset), schema, dataset_type)
        begun = self.context.store.count(kinds.IMPORT_JOB, parent=dataset.arn, statuses=CREATING)
        return files.order + begun
