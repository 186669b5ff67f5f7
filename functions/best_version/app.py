"""BestVersion: of several candidates for one solution, choose the version to deploy."""

from personalize_pipeline.best_version import best_version
from personalize_pipeline.step import task_handler

handler = task_handler(best_version)
