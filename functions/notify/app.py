"""Notify: mail what the run built and how good it is, or what failed and why."""

from personalize_pipeline.reporting.notify import notify
from personalize_pipeline.step import task_handler

handler = task_handler(notify)
