"""Preprocess: find out whether the Glue job is to run, or has made these files already."""

from personalize_pipeline.preprocessing import preprocessing
from personalize_pipeline.step import task_handler

handler = task_handler(preprocessing)
