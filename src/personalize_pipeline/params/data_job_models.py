"""The sections of metric attribution, data deletion jobs and dataset export jobs."""

from functools import cache
from typing import Any

from pydantic import Field

from personalize_pipeline.params.shapes import Model, always, call_model, member_type, part_model


@cache
def metric_attribution() -> type[Model]:
    """CreateMetricAttribution."""
    output = part_model(
        "MetricAttributionOutput",
        "CreateMetricAttribution",
        "metricsOutputConfig",
        optional=frozenset({"roleArn"}),
        description="Where reports go beside CloudWatch, and as whom Personalize writes.",
    )
    return call_model(
        "MetricAttribution",
        "CreateMetricAttribution",
        filled_in=frozenset({"datasetGroupArn"}),
        description="The metric attribution of the dataset group.",
        own={
            "metricsOutputConfig": (
                output,
                Field(
                    None,
                    description="If left out: reports go to CloudWatch, and to metrics/ beside the params "
                    "file. Without s3DataDestination: to CloudWatch only. Without roleArn: with the role of "
                    "the stack.",
                ),
            )
        },
    )


@cache
def data_deletion_job() -> type[Model]:
    """CreateDataDeletionJob."""
    operation = "CreateDataDeletionJob"
    return call_model(
        "DataDeletionJob",
        operation,
        filled_in=frozenset({"datasetGroupArn"}),
        description="Takes users out of all datasets and models.",
        own={
            "jobName": _job_name(operation, "the name of the dataset group"),
            "dataSource": (
                member_type(operation, "dataSource"),
                Field(
                    None,
                    description="CSV files with the column USER_ID: a file, or all below a folder. If left "
                    "out: deletions/ beside the params file.",
                ),
            ),
            "roleArn": _role(operation, "reads"),
        },
    )


@cache
def dataset_export_job() -> type[Model]:
    """CreateDatasetExportJob."""
    operation = "CreateDatasetExportJob"
    return call_model(
        "DatasetExportJob",
        operation,
        filled_in=frozenset({"datasetArn"}),
        description="What the dataset holds at the end of the run, as CSV files.",
        own={
            "jobName": _job_name(operation, "the name of the dataset"),
            "ingestionMode": (
                member_type(operation, "ingestionMode"),
                Field(
                    "ALL",
                    description="BULK: what was imported; PUT: what came record by record; ALL: both.",
                ),
            ),
            "jobOutput": (
                member_type(operation, "jobOutput"),
                Field(
                    None,
                    description="Where the files go. If left out: a new folder for each job in "
                    "exports/<type>/ beside the params file.",
                ),
            ),
            "roleArn": _role(operation, "writes"),
            **always("only if data was imported, or users deleted, since the last export like this"),
        },
    )


def _job_name(operation: str, default: str) -> tuple[Any, Any]:
    return member_type(operation, "jobName"), Field(
        None,
        description="The beginning of the jobs' names; each job gets an ending of its own, because a name "
        f"can be used only once. If left out: {default}.",
    )


def _role(operation: str, does: str) -> tuple[Any, Any]:
    return member_type(operation, "roleArn"), Field(
        None, description=f"As whom Personalize {does}. If left out: the role of the stack."
    )
