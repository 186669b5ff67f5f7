"""Data deletion jobs: users are removed from the datasets of a group and from the answers of its models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from personalize_local.service import kinds, put_records
from personalize_local.service.datasets import dataset_arguments, find_dataset
from personalize_local.service.deletions_in_progress import refuse_beside_jobs
from personalize_local.service.kinds import Status
from personalize_local.service.locations import refuse_wrong_data_location
from personalize_local.service.resource import Answer, Context, Resource, Tags, operation
from personalize_local.service.workers import Job, Outcome
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from personalize_local.service.deployments import Deployments
    from personalize_local.service.forgotten_users import ForgottenUsers
    from personalize_local.service.live_events import LiveEvents
    from personalize_local.service.store import Record

_ON_THE_WIRE: Final = {
    Status.PENDING: "PENDING",
    Status.IN_PROGRESS: "IN_PROGRESS",
    Status.ACTIVE: "COMPLETED",
    Status.FAILED: "FAILED",
}
_USERS_AT_ONCE: Final = 1_000
"""So many users are removed from the store in one transaction, for which others wait."""


class DataDeletionJobs(Resource):
    """CreateDataDeletionJob, DescribeDataDeletionJob, ListDataDeletionJobs.

    A worker takes the users out of what was imported; then the server, the only writer of the store, takes
    out their events and records, and has every model of today take them for unknown. There is no delete.
    """

    kind = kinds.DATA_DELETION_JOB
    member = "dataDeletionJob"
    listed = "dataDeletionJobs"
    summary: ClassVar = ("dataDeletionJobArn", "datasetGroupArn", "jobName")

    def __init__(
        self, context: Context, deployments: Deployments, live: LiveEvents, forgotten: ForgottenUsers
    ) -> None:
        super().__init__(context)
        self._deployments = deployments
        self._live = live
        self._forgotten = forgotten

    @operation
    def create_data_deletion_job(
        self,
        *,
        jobName: str,
        datasetGroupArn: str,
        dataSource: dict[str, str],
        roleArn: str,
        tags: Tags | None = None,
    ) -> Answer:
        """The users are named in CSV files with a column USER_ID: one file, or all below a folder."""
        arn = self.context.arn(self.kind, jobName)
        location = dataSource.get("dataLocation", "")
        with self.store.transaction():
            self.refuse_taken(arn)
            group = self.ready(kinds.DATASET_GROUP, datasetGroupArn)
            refuse_wrong_data_location(location)
            self.refuse_too_many(self.context.settings.quotas.running_data_deletion_jobs, group=group.arn)
            refuse_beside_jobs(self.store, group.arn)
            body = {
                "jobName": jobName,
                "dataDeletionJobArn": arn,
                "datasetGroupArn": group.arn,
                "dataSource": dataSource,
                "roleArn": roleArn,
            }
            self.add(arn, jobName, body, group=group.arn, parent=group.arn, tags=tags)
        return {"dataDeletionJobArn": arn}

    @operation
    def describe_data_deletion_job(self, *, dataDeletionJobArn: str) -> Answer:
        """One job; with `numDeleted`, the number of records, when it is COMPLETED."""
        return self.describe(dataDeletionJobArn)

    @operation
    def list_data_deletion_jobs(
        self,
        *,
        datasetGroupArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Jobs of a dataset group, or of the account; also those of groups that are gone."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=datasetGroupArn)

    def state(self, record: Record) -> Answer:
        """With the words that only these jobs have."""
        state = super().state(record)
        state["status"] = _ON_THE_WIRE[Status(record.status)]
        return state

    def work(self, record: Record) -> None:
        """Hand it to a worker."""
        if not self.attempt(record):
            return
        arguments: dict[str, Any] = {
            "arn": record.arn,
            "location": record.body["dataSource"]["dataLocation"],
            "role_arn": record.body["roleArn"],
            "datasets": dataset_arguments(self.context, record.group),
        }

        def done(outcome: Outcome) -> None:
            self.soon(self._removed_from_imports, record.arn, outcome)

        self.context.workers.submit(
            Job(record.arn, record.group, "delete_users", arguments, done, begins=self.begun)
        )

    def activated(self, record: Record) -> None:
        """Campaigns that are live have nothing of the users any more."""
        record.body["numDeleted"] = record.private.get("deleted", 0)
        self.store.save(record)
        self._deployments.data_changed(record.group)

    def _removed_from_imports(self, arn: str, outcome: Outcome) -> None:
        if outcome.result is None:
            self.finish(arn, outcome.reason)
            return
        with self.store.transaction():
            record = self.store.get(arn)
            if record is None:
                return
            record.private["inImports"] = outcome.result["rows"]
            self.store.save(record)
        self._remove_more(arn, Path(outcome.result["users"]), 0)

    def _remove_more(self, arn: str, file: Path, position: int) -> None:
        """Take the next users out of the store; a step of the lifecycle, so it is tried again on a full disk.

        `position` is where they begin in the file, which has an ID per line, as JSON.
        """
        with file.open("rb") as opened:
            opened.seek(position)
            lines = list(itertools.islice(opened, _USERS_AT_ONCE))
        users = [json.loads(line) for line in lines]
        record = self.store.get(arn)
        if record is None:
            return
        if not users:
            self._end(record)
            file.unlink(missing_ok=True)
            return
        with self.store.transaction():
            self._remove(record, users)
        self._live.forget()
        self._forgotten.read(record.group, users)
        self.soon(self._remove_more, arn, file, position + sum(map(len, lines)))

    def _remove(self, record: Record, users: list[str]) -> None:
        count = 0
        for dataset_type in (DatasetType.INTERACTIONS, DatasetType.ACTION_INTERACTIONS):
            if dataset := find_dataset(self.store, record.group, dataset_type):
                count += self._live.delete(dataset.number, users)
        if dataset := find_dataset(self.store, record.group, DatasetType.USERS):
            count += put_records.delete(self.store, dataset.number, users)
        self._forgotten.add(record.group, users)
        record.private["inStore"] = record.private.get("inStore", 0) + count
        self.store.save(record)

    def _end(self, record: Record) -> None:
        with self.store.transaction():
            record.private["deleted"] = record.private["inImports"] + record.private.get("inStore", 0)
            self.store.save(record)
        self.finish(record.arn)
