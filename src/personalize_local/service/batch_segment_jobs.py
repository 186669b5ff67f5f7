"""Batch segment jobs: the users who will most likely take to items, for every line of files in S3."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from personalize_local.service import kinds
from personalize_local.service.batch_jobs import BatchJobs, count_problems, place_problems, refuse
from personalize_local.service.resource import Answer, Tags, operation
from personalize_rules.quotas import RESULTS_DEFAULT

BY_ATTRIBUTES: Final = "aws-item-attribute-affinity"


class BatchSegmentJobs(BatchJobs):
    """CreateBatchSegmentJob, DescribeBatchSegmentJob, ListBatchSegmentJobs."""

    kind = kinds.BATCH_SEGMENT_JOB
    member = "batchSegmentJob"
    listed = "batchSegmentJobs"
    summary: ClassVar = ("batchSegmentJobArn", "jobName", "solutionVersionArn")
    task = "segment_users"
    target = "UserID"

    @operation
    def create_batch_segment_job(
        self,
        *,
        jobName: str,
        solutionVersionArn: str,
        jobInput: dict[str, Any],
        jobOutput: dict[str, Any],
        roleArn: str,
        filterArn: str | None = None,
        numResults: int | None = None,
        tags: Tags | None = None,
    ) -> Answer:
        """Begins at once; each line of its input makes one segment of `numResults` users."""
        arn = self.context.arn(self.kind, jobName)
        count = numResults or RESULTS_DEFAULT
        quotas = self.context.settings.quotas
        with self.store.transaction():
            self.refuse_taken(arn)
            version, recipe = self.version_of(solutionVersionArn)
            found = self.filter_of(filterArn)
            problems = [] if recipe.batch_segment else [f"Recipe {recipe.name} has no batch segment jobs"]
            problems += place_problems(
                jobInput["s3DataSource"]["path"], jobOutput["s3DataDestination"]["path"]
            )
            problems += self.filter_problems(version, recipe, found)
            if found and found[1].uses_interactions and recipe.name == BY_ATTRIBUTES:
                problems.append(
                    f"Filter {found[0].arn} uses interactions, which recipe {recipe.name} does not support"
                )
            problems += count_problems(count, quotas.batch_segment_users)
            refuse(problems)
            self.refuse_too_many(quotas.running_batch_segment_jobs)
            body = {
                "jobName": jobName,
                "batchSegmentJobArn": arn,
                "filterArn": filterArn,
                "solutionVersionArn": solutionVersionArn,
                "numResults": count,
                "jobInput": jobInput,
                "jobOutput": jobOutput,
                "roleArn": roleArn,
            }
            self.add(arn, jobName, body, group=version.group, parent=version.arn, tags=tags)
        return {"batchSegmentJobArn": arn}

    @operation
    def describe_batch_segment_job(self, *, batchSegmentJobArn: str) -> Answer:
        """One job."""
        return self.describe(batchSegmentJobArn)

    @operation
    def list_batch_segment_jobs(
        self,
        *,
        solutionVersionArn: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> Answer:
        """Jobs of a solution version, or of the account; also those of versions that are gone."""
        return self.page(nextToken=nextToken, maxResults=maxResults, parent=solutionVersionArn)
