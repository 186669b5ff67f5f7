"""Dataset groups: what everything else belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from personalize_local.service import kinds
from personalize_local.service.errors import InvalidInputException, LimitExceededException
from personalize_local.service.resource import Answer, Resource, Tags, named, operation

if TYPE_CHECKING:
    from personalize_local.service.store import Record


class DatasetGroups(Resource):
    """CreateDatasetGroup, DescribeDatasetGroup, ListDatasetGroups, DeleteDatasetGroup."""

    kind = kinds.DATASET_GROUP
    member = "datasetGroup"
    listed = "datasetGroups"
    summary: ClassVar = ("name", "datasetGroupArn", "domain")

    @operation
    def create_dataset_group(
        self,
        *,
        name: str,
        roleArn: str | None = None,
        kmsKeyArn: str | None = None,
        domain: str | None = None,
        tags: Tags | None = None,
    ) -> Answer:
        """A custom group, or one of a domain. The key is kept, nothing is encrypted with it here."""
        arn = self.context.arn(self.kind, name)
        with self.store.transaction():
            self.refuse_taken(arn)
            limit = self.context.settings.quotas.dataset_groups
            if self.store.count(self.kind) >= limit:
                raise LimitExceededException(
                    f"Cannot create a dataset group. More than {limit} resources in ACTIVE state. "
                    "Please delete some and try again."
                )
            if (roleArn is None) != (kmsKeyArn is None):
                raise InvalidInputException(
                    "Give kmsKeyArn and roleArn together: the role must be able to use the key."
                )
            body = {
                "name": name,
                "datasetGroupArn": arn,
                "roleArn": roleArn,
                "kmsKeyArn": kmsKeyArn,
                "domain": domain,
            }
            self.add(arn, name, body, group=arn, tags=tags)
        # Whoever makes a group will import soon: the first job should not wait for a process to start.
        self.context.workers.warm()
        return {"datasetGroupArn": arn} | ({"domain": domain} if domain else {})

    @operation
    def describe_dataset_group(self, *, datasetGroupArn: str) -> Answer:
        """One group."""
        return self.describe(datasetGroupArn)

    @operation
    def list_dataset_groups(self, *, nextToken: str | None = None, maxResults: int | None = None) -> Answer:
        """All groups of the account."""
        return self.page(nextToken=nextToken, maxResults=maxResults)

    @operation
    def delete_dataset_group(self, *, datasetGroupArn: str) -> Answer:
        """Refused while event trackers, solutions, recommenders, filters or datasets are left."""
        with self.store.transaction():
            record = self.get(datasetGroupArn)
            blockers = [
                reason
                for kind, what in (
                    (kinds.EVENT_TRACKER, "it has event trackers"),
                    (kinds.SOLUTION, "it has solutions"),
                    (kinds.RECOMMENDER, "it has recommenders"),
                    (kinds.FILTER, "it has filters"),
                    (kinds.METRIC_ATTRIBUTION, "it has a metric attribution"),
                    (kinds.DATASET, "it has datasets"),
                )
                for reason in named(self.store.find(kind, group=record.arn), what)
            ]
            return self.delete(record, blockers=blockers)

    def removed(self, record: Record) -> None:
        """Its data deletion jobs stay known, but not as those of a namesake to come."""
        for job in self.store.find(kinds.DATA_DELETION_JOB, parent=record.arn):
            job.parent = ""
            self.store.save(job)
        self.store.execute("DELETE FROM forgotten_users WHERE dataset_group = ?", (record.arn,))
