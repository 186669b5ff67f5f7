"""Batch segment job: user segments for the lines of files in S3, by the version of the run."""

from collections.abc import Iterator

from personalize_pipeline.resources.batch_job import BatchJob, Job
from personalize_pipeline.resources.resource import Found


class BatchSegmentJob(BatchJob):
    """Answers as files in S3."""

    kind = "batch-segment-job"

    def jobs(self) -> Iterator[Job]:
        """ListBatchSegmentJobs."""
        pages = self.client.get_paginator("list_batch_segment_jobs").paginate(solutionVersionArn=self.version)
        for page in pages:
            for job in page["batchSegmentJobs"]:
                yield job["creationDateTime"], job["batchSegmentJobArn"], job["status"]

    def shown(self, arn: str) -> Found:
        """DescribeBatchSegmentJob."""
        shown = self.client.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"]
        return Found.of(arn, shown)

    def create(self) -> None:
        """CreateBatchSegmentJob: begins at once, and is billed by what it answers."""
        self.client.create_batch_segment_job(**self.arguments())
