"""WaitForTurn: runs on the same dataset group go one after the other, in the order of their starts.

Deleting a dataset group is such a run too: it waits for those before it, and those after it wait for it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Run, Step, StepInput
from personalize_pipeline.errors import PipelineError
from personalize_pipeline.pacing import wait_seconds
from personalize_pipeline.params import dataset_group_name
from personalize_pipeline.params_source import params_source
from personalize_pipeline.step import TROUBLE, wait_out, waiting_step

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# ListExecutions may lag behind: as long as it does not show this run, it may not show an earlier one either.
_LISTED_AFTER = timedelta(minutes=1)


def wait_for_turn(event: Mapping[str, Any]) -> dict[str, Any]:
    """Look for an earlier run on the same dataset group that is still going.

    Follows the step contract, so that the polling loop can run it: `want` is `{"datasetGroup": name}`, `arn`
    the run that is waited for. An earlier run that waits itself counts: the order is that of the starts, so
    no two runs wait for each other.
    """
    given = StepInput.parse(event)
    run, group, now = given.context.run, str(given.want["datasetGroup"]), datetime.now(UTC)
    waiting = waiting_step(given.context, run.execution, group, now)
    try:
        running = _running()
        if run.execution not in running and now - run.start_time < _LISTED_AFTER:
            return waiting.model_copy(update={"reason": "Step Functions does not list this run yet"}).output()
        ahead = next(
            (one for one in _earlier(run, running) if _dataset_group(one["executionArn"]) == group), None
        )
    except TROUBLE as error:
        return wait_out(error, waiting, given.context.last, now).output()
    if ahead is None:
        return Step(done=True, arn=run.execution, name=group, status="ACTIVE").output()
    reason = f"run {ahead['name']} on dataset group {group} is still going"
    seconds = wait_seconds(now - ahead["startDate"])
    return waiting.model_copy(
        update={"arn": ahead["executionArn"], "wait_seconds": seconds, "reason": reason}
    ).output()


def _running() -> "dict[str, ExecutionListItemTypeDef]":
    listing = clients.stepfunctions().get_paginator("list_executions")
    return {
        item["executionArn"]: item
        for machine in (os.environ["PIPELINE_ARN"], os.environ["DELETE_ARN"])
        for page in listing.paginate(stateMachineArn=machine, statusFilter="RUNNING")
        for item in page["executions"]
    }


def _earlier(
    run: Run, running: "Mapping[str, ExecutionListItemTypeDef]"
) -> "Iterator[ExecutionListItemTypeDef]":
    """Those of the running executions that were started before this one, the oldest first."""
    # Its own entry has the time in the same precision as the others.
    own = running.get(run.execution)
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
