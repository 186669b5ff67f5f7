"""Delete: take one thing of a dataset group away, as soon as Personalize lets it go."""

from personalize_pipeline.deletion.delete import delete
from personalize_pipeline.step import task_handler

handler = task_handler(delete)
