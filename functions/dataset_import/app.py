"""DatasetImport: bring the CSV files into a dataset, unless exactly this data is in it already."""

from personalize_pipeline.resources.dataset_import import DatasetImport
from personalize_pipeline.step import step_handler

handler = step_handler(DatasetImport)
