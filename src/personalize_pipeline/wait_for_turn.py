"""WaitForTurn: runs on the same dataset group go one after the other, in the order of their starts."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Run, Step, StepInput
from personalize_pipeline.errors import PipelineError
from personalize_pipeline.params import dataset_group_name
from personalize_pipeline.params_source import params_source
from personalize_pipeline.step import wait_seconds

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef


def wait_for_turn(event: Mapping[str, Any]) -> dict[str, Any]:
    """Look for an earlier run on the same dataset group that is still going.

    Follows the step contract, so that the polling loop can run it: `want` is `{"datasetGroup": name}`, `arn`
    the run that is waited for. An earlier run that waits itself counts: the order is that of the starts, so
    no two runs wait for each other.
    """
    given = StepInput.parse(event)
    group = str(given.want["datasetGroup"])
    for execution in _earlier(given.context.run):
        arn, started = execution["executionArn"], execution["startDate"]
        if _dataset_group(arn) == group:
            return Step(
                done=False,
                arn=arn,
                name=group,
                status="WAITING",
                wait_seconds=wait_seconds(datetime.now(UTC) - started),
                reason=f"run {execution['name']} on dataset group {group} is still going",
            ).output()
    return Step(done=True, arn=given.context.run.execution, name=group, status="ACTIVE").output()


def _earlier(run: Run) -> "Iterator[ExecutionListItemTypeDef]":
    """Running executions that were started before this one, the oldest first."""
    pages = (
        clients.stepfunctions()
        .get_paginator("list_executions")
        .paginate(stateMachineArn=os.environ["PIPELINE_ARN"], statusFilter="RUNNING")
    )
    running = {item["executionArn"]: item for page in pages for item in page["executions"]}
    # Its own entry has the time in the same precision as the others.
    own = running.pop(run.execution, None)
    turn = (own["startDate"] if own else run.start_time, run.execution)
    earlier = [item for item in running.values() if (item["startDate"], item["executionArn"]) < turn]
    return iter(sorted(earlier, key=lambda item: item["startDate"]))


@lru_cache(maxsize=1024)
def _dataset_group(execution: str) -> str | None:
    """The dataset group that an execution works on; None if its params cannot be read: it will end by itself.

    What an execution was started with never changes, so it is looked up once.
    """
    given = json.loads(
        clients.stepfunctions().describe_execution(executionArn=execution).get("input", "null")
    )
    try:
        source = params_source(given, input_bucket="")
        return dataset_group_name(source.load(clients.s3()))
    except PipelineError:
        return None
