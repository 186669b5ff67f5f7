"""Batch inference job: recommendations for the lines of files in S3, by the version of the run."""

from personalize_pipeline.resources.batch_job import BatchJob
from personalize_pipeline.resources.resource import Found


class BatchInferenceJob(BatchJob):
    """Answers as files in S3."""

    kind = "batch-inference-job"

    def describe(self) -> Found:
        """DescribeBatchInferenceJob."""
        shown = self.client.describe_batch_inference_job(batchInferenceJobArn=self.arn)["batchInferenceJob"]
        return Found.of(self.arn, shown)

    def create(self) -> None:
        """CreateBatchInferenceJob: begins at once, and is billed by what it answers."""
        self.client.create_batch_inference_job(**self.arguments())
