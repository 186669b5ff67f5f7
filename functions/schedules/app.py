"""Schedules: create, change and remove what EventBridge Scheduler starts for a params file."""

from personalize_pipeline.scheduling.schedules import schedules
from personalize_pipeline.step import task_handler

handler = task_handler(schedules)
