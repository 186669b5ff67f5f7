"""Datasets: one per type and dataset group; their data lies in a folder each."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_local.engine.datasets import DatasetFiles
from personalize_local.service import kinds
from personalize_local.service.errors import InvalidInputException, ResourceInUseException
from personalize_local.service.kinds import CREATING, Status
from personalize_local.service.resource import Answer, Context, Tags, named, operation
from personalize_local.service.schemas import read_schema
from personalize_local.service.updates import Updatable
from personalize_rules.schema_changes import REPLACEABLE, compare
from personalize_rules.schemas import DatasetType, Domain, Schema, check_schema

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.service.store import Record, Store


class Datasets(Updatable):
    """CreateDataset, DescribeDataset, ListDatasets, UpdateDataset, DeleteDataset."""

    kind = kinds.DATASET
    member = "dataset"
    listed = "datasets"
    summary: ClassVar = ("name", "datasetArn", "datasetType")
    shows_reason = False
    update_member = "latestDatasetUpdate"

    @operation
    def create_dataset(
        self, *, name: str, schemaArn: str, datasetGroupArn: str, datasetType: str, tags: Tags | None = None
    ) -> Answer:
        """A place for data of one type. Its ARN is made of the group's name and the type, not of its name."""
        try:
            dataset_type = DatasetType.parse(datasetType)
        except ValueError as error:
            raise InvalidInputException(str(error)) from error
        with self.store.transaction():
            group = self.fetch(kinds.DATASET_GROUP, datasetGroupArn)
            arn = self.context.arn(self.kind, f"{group.name}/{dataset_type}")
            self.refuse_taken(arn)
            self.require_active(group)
            schema = self.fetch(kinds.SCHEMA, schemaArn)
            _refuse_unfit(schema, dataset_type, group.body.get("domain"))
            body: dict[str, Any] = {
                "name": name,
                "datasetArn": arn,
                "datasetGroupArn": group.arn,
                "datasetType": str(dataset_type),
                "schemaArn": schemaArn,
            }
            if dataset_type is DatasetType.ACTION_INTERACTIONS:
                body["trackingId"] = str(uuid.uuid4())
            self.add(arn, name, body, group=group.arn, parent=group.arn, tags=tags)
        return {"datasetArn": arn}

    @operation
    def describe_dataset(self, *, datasetArn: str) -> Answer:
        """One dataset, with its latest update if there was one."""
        return self.describe(datasetArn)

    @operation
    def list_datasets(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Datasets of a group, or of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    @operation
    def update_dataset(self, *, datasetArn: str, schemaArn: str) -> Answer:
        """Replace the schema of an Items or Users dataset by one that has more columns."""
        with self.store.transaction():
            record = self.get(datasetArn)
            self.require_active(record)
            self.refuse_during_update(record)
            if self.store.count(kinds.IMPORT_JOB, parent=datasetArn, statuses=CREATING):
                raise ResourceInUseException(f"Resource {datasetArn} has an import job in progress.")
            new = self.fetch(kinds.SCHEMA, schemaArn)
            group = self.fetch(kinds.DATASET_GROUP, record.group)
            dataset_type = DatasetType(record.body["datasetType"])
            _refuse_unfit(new, dataset_type, group.body.get("domain"))
            old = self.fetch(kinds.SCHEMA, record.body["schemaArn"])
            _refuse_changes(read_schema(old), read_schema(new), dataset_type)
            self.start_update(record, {"schemaArn": schemaArn})
        return {"datasetArn": datasetArn}

    @operation
    def delete_dataset(self, *, datasetArn: str) -> Answer:
        """Takes its data along. Refused while the group still works with it."""
        with self.store.transaction():
            record = self.get(datasetArn)
            updating = ["it is being updated"] if self.update_in_progress(record) else []
            return self.delete(record, blockers=updating + self._blockers(record))

    def resume(self) -> None:
        """Also tidy the folders: what a crash left, and what no training can be reading any more."""
        super().resume()
        for record in self.store.find(self.kind):
            schema = self.store.get(record.body["schemaArn"])
            folder = dataset_folder(self.context, record)
            if schema and folder.is_dir():
                DatasetFiles(folder, read_schema(schema), DatasetType(record.body["datasetType"])).sweep()

    def apply_update(self, record: Record, update: dict[str, Any]) -> None:
        """The new columns are there from now on, without values for the records that exist."""
        record.body["schemaArn"] = update["schemaArn"]

    def removed(self, record: Record) -> None:
        """The data goes along. Its jobs stay known, but not as those of a namesake to come."""
        for kind in (kinds.IMPORT_JOB, kinds.EXPORT_JOB):
            for job in self.store.find(kind, parent=record.arn):
                job.parent = ""
                self.store.save(job)
        self.store.execute("DELETE FROM events WHERE dataset = ?", (record.number,))
        self.store.execute("DELETE FROM records WHERE dataset = ?", (record.number,))
        shutil.rmtree(dataset_folder(self.context, record), ignore_errors=True)

    def _blockers(self, record: Record) -> list[str]:
        def found(kind: str, *statuses: Status) -> list[Record]:
            return self.store.find(kind, group=record.group, statuses=statuses or None)

        blockers = named(found(kinds.FILTER), "its dataset group has filters")
        if record.body["datasetType"] == DatasetType.INTERACTIONS:
            blockers += named(found(kinds.EVENT_TRACKER), "its dataset group has an event tracker")
        for kind, what in ((kinds.IMPORT_JOB, "an import"), (kinds.EXPORT_JOB, "an export")):
            jobs = self.store.find(kind, parent=record.arn, statuses=CREATING)
            blockers += named(jobs, f"{what} is in progress")
        blockers += named(found(kinds.METRIC_ATTRIBUTION), "its dataset group has a metric attribution")
        for kind in (kinds.BATCH_INFERENCE_JOB, kinds.BATCH_SEGMENT_JOB):
            blockers += named(found(kind, *CREATING), "a batch job is in progress")
        blockers += named(found(kinds.DATA_DELETION_JOB, *CREATING), "users are being deleted")
        blockers += named(
            found(kinds.SOLUTION_VERSION, Status.PENDING, Status.IN_PROGRESS, Status.STOPPING),
            "a solution version is in progress",
        )
        blockers += named(
            found(kinds.CAMPAIGN, Status.PENDING, Status.IN_PROGRESS, Status.ACTIVE),
            "its dataset group has campaigns",
        )
        blockers += named(
            [
                recommender
                for recommender in found(kinds.RECOMMENDER)
                if recommender.status not in (Status.INACTIVE, Status.FAILED)
            ],
            "its dataset group has recommenders",
        )
        return blockers


def dataset_folder(context: Context, record: Record) -> Path:
    """Where the data of a dataset lies; a dataset of the same name that comes later gets another folder."""
    return context.settings.data_dir / "datasets" / str(record.number)


def find_dataset(store: Store, group_arn: str, dataset_type: DatasetType) -> Record | None:
    """The dataset of a type in a group, unless it is being deleted."""
    for record in store.find(kinds.DATASET, group=group_arn):
        if record.body["datasetType"] == dataset_type and record.status not in kinds.DELETING:
            return record
    return None


def require_writable(dataset: Record) -> None:
    """Refuse single records for a dataset that is not ready for them.

    Raises:
        ResourceInUseException: it is being made, changed or deleted.
        InvalidInputException: it could not be made.
    """
    if (
        dataset.status in kinds.MOVING
        or dataset.body.get("latestDatasetUpdate", {}).get("status") in CREATING
    ):
        what = "being updated" if dataset.status == Status.ACTIVE else f"in status {dataset.status}"
        raise ResourceInUseException(f"Resource {dataset.arn} is {what}.")
    if dataset.status != Status.ACTIVE:
        raise InvalidInputException(f"Resource {dataset.arn} is not ACTIVE. Its status is {dataset.status}.")


def has_data(store: Store, dataset: Record) -> bool:
    """Whether a bulk import into a dataset has succeeded."""
    return store.count(kinds.IMPORT_JOB, parent=dataset.arn, statuses=[Status.ACTIVE]) > 0


def dataset_arguments(context: Context, group_arn: str) -> dict[str, dict[str, Any]]:
    """The datasets of a group as jobs get them, by type."""
    datasets = {}
    for dataset_type in DatasetType:
        dataset = find_dataset(context.store, group_arn, dataset_type)
        if dataset is None:
            continue
        schema = context.store.get(dataset.body["schemaArn"])
        assert schema  # cannot be deleted while the dataset refers to it
        datasets[str(dataset_type)] = {
            "number": dataset.number,
            "folder": str(dataset_folder(context, dataset)),
            "schema": schema.body["schema"],
        }
    return datasets


def group_schemas(store: Store, group_arn: str) -> dict[DatasetType, Schema]:
    """The schemas of a group's datasets."""
    schemas = {}
    for record in store.find(kinds.DATASET, group=group_arn):
        schema = store.get(record.body["schemaArn"])
        if schema:
            schemas[DatasetType(record.body["datasetType"])] = read_schema(schema)
    return schemas


def _refuse_unfit(schema: Record, dataset_type: DatasetType, domain: str | None) -> None:
    has = schema.body.get("domain")
    if has != domain:
        raise InvalidInputException(
            f"Schema {schema.arn} has {f'domain {has}' if has else 'no domain'}, the dataset group has "
            f"{f'domain {domain}' if domain else 'none'}. They must have the same domain."
        )
    problems = check_schema(read_schema(schema), dataset_type, Domain(domain) if domain else None)
    if problems:
        raise InvalidInputException.of(
            [
                f"Schema {schema.arn} does not fit a dataset of type {dataset_type}",
                *(str(problem) for problem in problems),
            ]
        )


def _refuse_changes(old: Schema, new: Schema, dataset_type: DatasetType) -> None:
    if dataset_type not in REPLACEABLE:
        raise InvalidInputException(
            f"The schema of a dataset of type {dataset_type} cannot be replaced, only of Items and Users."
        )
    change = compare(old, new)
    problems = [
        f"Field {field.name} of the present schema is missing or different in the new one"
        for field in old.fields
        if new.field(field.name) != field
    ]
    problems += [f"Field {field.name} is new and must allow null" for field in change.required]
    if problems:
        raise InvalidInputException.of(problems)
