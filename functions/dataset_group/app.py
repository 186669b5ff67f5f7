"""DatasetGroup: the container of everything that a run makes."""

from personalize_pipeline.resources.dataset_group import DatasetGroup
from personalize_pipeline.step import step_handler

handler = step_handler(DatasetGroup)
