"""DataDeletionJob: forget users, before anything is trained."""

from personalize_pipeline.resources.data_deletion_job import DataDeletionJob
from personalize_pipeline.step import step_handler

handler = step_handler(DataDeletionJob)
