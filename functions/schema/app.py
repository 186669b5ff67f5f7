"""Schema: what the columns of a dataset are."""

from personalize_pipeline.resources.schema import Schema
from personalize_pipeline.step import step_handler

handler = step_handler(Schema)
