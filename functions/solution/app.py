"""Solution: what to train, and how."""

from personalize_pipeline.resources.solution import Solution
from personalize_pipeline.step import step_handler

handler = step_handler(Solution)
