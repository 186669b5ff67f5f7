"""BatchSegmentJob: write user segments to files, with the version of the run."""

from personalize_pipeline.resources.batch_segment_job import BatchSegmentJob
from personalize_pipeline.step import step_handler

handler = step_handler(BatchSegmentJob)
