"""Start: an execution of the pipeline for each upload of a params file, each time that a schedule is due."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from personalize_pipeline import clients
from personalize_pipeline.execution import execution_name, scheduled_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

logger = Logger()


def start(event: Mapping[str, Any], client: "SFNClient | None" = None) -> dict[str, list[str]]:
    """Start the pipeline for every params file in an S3 event, or for a schedule; returns the runs' names.

    S3 and Scheduler may send an event twice: the name is made of the object's version, or of the schedule and
    the time for which it was due, so the second time changes nothing (`known`). What is not an upload of a
    params file is left alone, S3's test event too.

    Raises:
        ExceptionGroup: some could not be started; the others were. The next attempt finds those `known`.
    """
    client = client or clients.stepfunctions()
    outcome: dict[str, list[str]] = {"started": [], "known": []}
    errors: list[Exception] = []
    for name, source in (_scheduled(event),) if "scheduled" in event else _uploads(event):
        try:
            client.start_execution(
                stateMachineArn=os.environ["PIPELINE_ARN"], name=name, input=json.dumps(source)
            )
        except client.exceptions.ExecutionAlreadyExists:
            outcome["known"].append(name)
        except ClientError as error:
            error.add_note(f"s3://{source['bucket']}/{source['key']} was not started")
            errors.append(error)
        else:
            outcome["started"].append(name)
            logger.info("started", extra={"execution": name, **source})
    if errors:
        raise ExceptionGroup("the pipeline could not be started", errors)
    return outcome


def _scheduled(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The same for a schedule: what it gives is the input."""
    due = event["scheduled"]
    return scheduled_name(due["schedule"], due["time"]), dict(event)


def _uploads(event: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The execution's name and input for each upload of a params file."""
    wanted = os.environ.get("PARAMS_FILE_NAME", "params.json")
    for record in event.get("Records", []):
        if not record.get("eventName", "").startswith("ObjectCreated:"):
            continue
        bucket, item = record["s3"]["bucket"]["name"], record["s3"]["object"]
        key = unquote_plus(item["key"])
        if key.rpartition("/")[2] != wanted:
            continue
        source = {"bucket": bucket, "key": key}
        version = item.get("versionId")
        if version and version != "null":
            source["versionId"] = version
        # Without versions the sequencer tells one upload from the next, and is the same in a repeated event.
        yield execution_name(bucket, key, source.get("versionId") or item.get("sequencer")), source
