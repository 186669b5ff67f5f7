"""Start: begin a run for every params file that is uploaded."""

from personalize_pipeline.start import start
from personalize_pipeline.step import task_handler

handler = task_handler(start)
