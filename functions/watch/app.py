"""Watch: every hour, whether runs still succeed and whether campaigns are worth what they cost."""

from personalize_pipeline.step import task_handler
from personalize_pipeline.watch.watch import watch

handler = task_handler(watch)
