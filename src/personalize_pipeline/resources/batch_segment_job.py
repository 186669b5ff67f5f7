"""Batch segment job: user segments for the lines of files in S3, by the version of the run."""

from personalize_pipeline.resources.batch_job import BatchJob
from personalize_pipeline.resources.resource import Found


class BatchSegmentJob(BatchJob):
    """Answers as files in S3."""

    kind = "batch-segment-job"

    def describe(self) -> Found:
        """DescribeBatchSegmentJob."""
        shown = self.client.describe_batch_segment_job(batchSegmentJobArn=self.arn)["batchSegmentJob"]
        return Found.of(self.arn, shown)

    def create(self) -> None:
        """CreateBatchSegmentJob: begins at once, and is billed by what it answers."""
        self.client.create_batch_segment_job(**self.arguments())
