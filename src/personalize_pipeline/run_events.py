"""The events of runs: that one begins; `reporting.end_event` sends how it ended, `ensure` those of resources.

What is in them is a contract with whoever has rules for them: docs/events.md. Sending never fails a run.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from personalize_pipeline import clients
from personalize_pipeline.context import Run

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE: Final = "personalize-pipeline"
RUN_CHANGED: Final = "Personalize Pipeline Run State Change"

logger = Logger()


def began(run: Run, client: "EventBridgeClient | None" = None) -> None:
    """Send that the run begins: what it is asked for has been read."""
    send(run, "RUNNING", {}, client)


def send(run: Run, status: str, more: dict[str, Any], client: "EventBridgeClient | None" = None) -> None:
    """Send where a run is, and what there is to say about it."""
    known = {"datasetGroup": run.dataset_group} if run.dataset_group else {}
    detail = {
        "stack": run.stack,
        "stateMachine": run.machine,
        "run": run.id,
        "execution": run.execution,
        **known,
        "status": status,
        "startTime": run.start_time.isoformat().replace("+00:00", "Z"),
        **more,
    }
    entry = {"Source": SOURCE, "DetailType": RUN_CHANGED, "Resources": [run.execution]}
    try:
        answer = (client or clients.events()).put_events(
            Entries=[{**entry, "Detail": json.dumps(detail)}]  # type: ignore[typeddict-item]
        )
    except (BotoCoreError, ClientError):
        logger.exception("The event of the run was not sent.")
        return
    if answer["FailedEntryCount"]:
        logger.error("The event of the run was not sent.", extra={"answer": answer["Entries"]})
