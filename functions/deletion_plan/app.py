"""DeletionPlan: list what belongs to a dataset group, in the order in which it can be deleted."""

from personalize_pipeline.deletion.function import deletion_plan
from personalize_pipeline.step import task_handler

handler = task_handler(deletion_plan)
