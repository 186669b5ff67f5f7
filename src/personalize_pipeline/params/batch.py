"""Batch jobs of a solution: where they read and write, and their names, if the file does not say so."""

from collections.abc import Mapping
from typing import Any, Final

INPUT: Final = "batch"
OUTPUT: Final = "batch-output"
"""Folders beside the params file, one inside for each solution. Personalize writes into the second only."""

THEMES: Final = "THEME_GENERATION"
"""The batchInferenceJobMode that makes themes."""

FILTER: Final = "filterExpression"
"""Beside the arguments of the call: what its filter means. A filter keeps its name when it is replaced."""


def job_name(job: Mapping[str, Any], solution: str) -> str:
    """The beginning of the job's name in every run."""
    return str(job.get("jobName") or solution)


def input_path(job: Mapping[str, Any]) -> str | None:
    """Where the file says that the lines are."""
    place: Any = job
    for key in ("jobInput", "s3DataSource", "path"):
        place = place.get(key) if isinstance(place, Mapping) else None
    return place if isinstance(place, str) else None


def batch_job(
    job: Mapping[str, Any], solution: str, beside: str | None, filters: Mapping[str, str]
) -> dict[str, Any]:
    """What the job's step needs: the arguments of its Create call, `outputFolder` in place of `jobOutput`.

    `beside` is the folder of the params file, `s3://bucket/.../`; without it, only places that the file gives
    are there. `filters` are the expressions of the file's filters by name.
    """
    made = {**job, "jobName": job_name(job, solution)}
    if expression := filters.get(str(job.get("filterArn", "")).rpartition("/")[2]):
        made[FILTER] = expression
    if beside:
        made.setdefault("jobInput", {"s3DataSource": {"path": f"{beside}{INPUT}/{solution}/"}})
        if "jobOutput" not in job:
            made["outputFolder"] = f"{beside}{OUTPUT}/{solution}/"
    return made
