"""Data deletion and dataset export jobs, metric attribution: where they read and write, and their names."""

from collections.abc import Mapping
from typing import Any, Final

from personalize_rules.schemas import DatasetType

DELETIONS: Final = "deletions"
"""Folder beside the params file: CSV files that name the users to forget."""
EXPORTS: Final = "exports"
METRICS: Final = "metrics"
"""Folders beside the params file that Personalize writes into."""


def deletion_name(job: Mapping[str, Any], group: str) -> str:
    """The beginning of the names of a data deletion job."""
    return str(job.get("jobName") or group)


def deletion_location(job: Mapping[str, Any], beside: str) -> str:
    """Where the users are named."""
    source = job.get("dataSource")
    location = source.get("dataLocation") if isinstance(source, Mapping) else None
    return location if isinstance(location, str) else f"{beside}{DELETIONS}/"


def data_deletion_job(job: Mapping[str, Any], group: str, beside: str | None) -> dict[str, Any]:
    """What the job's step needs: the arguments of its Create call."""
    made = {**job, "jobName": deletion_name(job, group)}
    if beside:
        made["dataSource"] = {"dataLocation": deletion_location(job, beside)}
    return made


def export_name(job: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    """The beginning of the names of a dataset export job."""
    return str(job.get("jobName") or dataset.get("name", ""))


def dataset_export_job(
    job: Mapping[str, Any], word: str, dataset: Mapping[str, Any], beside: str | None
) -> dict[str, Any]:
    """What the job's step needs: the arguments of its Create call, `outputFolder` in place of `jobOutput`."""
    kind = DatasetType.parse(word)
    made = {"ingestionMode": "ALL", **job, "jobName": export_name(job, dataset), "datasetType": kind.value}
    if beside and "jobOutput" not in job:
        made["outputFolder"] = f"{beside}{EXPORTS}/{kind.word}/"
    return made


def metric_attribution(section: Mapping[str, Any], beside: str | None) -> dict[str, Any]:
    """The arguments of CreateMetricAttribution; the role may be missing."""
    config = section.get("metricsOutputConfig")
    if config is None:
        config = {"s3DataDestination": {"path": f"{beside}{METRICS}/"}} if beside else {}
    return {**section, "metrics": section.get("metrics", []), "metricsOutputConfig": config}
