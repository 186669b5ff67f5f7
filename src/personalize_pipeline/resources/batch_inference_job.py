"""Batch inference job: recommendations for the lines of files in S3, by the version of the run."""

from collections.abc import Iterator

from personalize_pipeline.resources.batch_job import BatchJob, Job
from personalize_pipeline.resources.resource import Found


class BatchInferenceJob(BatchJob):
    """Answers as files in S3."""

    kind = "batch-inference-job"

    def jobs(self) -> Iterator[Job]:
        """ListBatchInferenceJobs."""
        pages = self.client.get_paginator("list_batch_inference_jobs").paginate(
            solutionVersionArn=self.version
        )
        for page in pages:
            for job in page["batchInferenceJobs"]:
                yield job["creationDateTime"], job["batchInferenceJobArn"], job["status"]

    def shown(self, arn: str) -> Found:
        """DescribeBatchInferenceJob."""
        shown = self.client.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]
        return Found.of(arn, shown)

    def create(self) -> None:
        """CreateBatchInferenceJob: begins at once, and is billed by what it answers."""
        self.client.create_batch_inference_job(**self.arguments())
