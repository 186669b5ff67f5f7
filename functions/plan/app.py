"""Plan: say what this run will do, what it costs, and whether quotas are in the way; change nothing."""

from personalize_pipeline.planning.function import plan
from personalize_pipeline.step import task_handler

handler = task_handler(plan)
