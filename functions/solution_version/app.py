"""SolutionVersion: train the solution, once per run."""

from personalize_pipeline.resources.solution_version import SolutionVersion
from personalize_pipeline.step import step_handler

handler = step_handler(SolutionVersion)
