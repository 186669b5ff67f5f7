"""Filter: which items recommendations may contain."""

from personalize_pipeline.resources.filter import Filter
from personalize_pipeline.step import step_handler

handler = step_handler(Filter)
