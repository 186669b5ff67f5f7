"""DatasetExportJob: write what a dataset holds to files."""

from personalize_pipeline.resources.dataset_export_job import DatasetExportJob
from personalize_pipeline.step import step_handler

handler = step_handler(DatasetExportJob)
