"""Dataset: a place for data of one type, with its schema."""

from personalize_pipeline.resources.dataset import Dataset
from personalize_pipeline.step import step_handler

handler = step_handler(Dataset)
