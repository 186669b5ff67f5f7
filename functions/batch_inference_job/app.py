"""BatchInferenceJob: write recommendations to files, with the version of the run."""

from personalize_pipeline.resources.batch_inference_job import BatchInferenceJob
from personalize_pipeline.step import step_handler

handler = step_handler(BatchInferenceJob)
