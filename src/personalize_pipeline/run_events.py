"""The events of runs: that one begins, and how it ended. `ensure` sends those of resources.

What is in them is a contract with whoever has rules for them: docs/events.md. Sending never fails a run.
"""

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from personalize_pipeline import clients
from personalize_pipeline.context import Run

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from personalize_pipeline.reporting.mail import Ending

SOURCE: Final = "personalize-pipeline"
RUN_CHANGED: Final = "Personalize Pipeline Run State Change"

# PutEvents takes 256 KB; a run of a hundred failures must fit, and its mail has the whole texts.
_MAX_FAILURES = 50
_MAX_REASON = 2_000

logger = Logger()


def began(run: Run, client: "EventBridgeClient | None" = None) -> None:
    """Send that the run begins: what it is asked for has been read."""
    _send(run, _detail(run, "RUNNING"), client)


def ended(ending: "Ending", now: datetime, client: "EventBridgeClient | None" = None) -> None:
    """Send how the run ended: how many resources were created, reused and so on; what failed, and why."""
    run = ending.run
    if not run.dataset_group and ending.dataset_group:
        run = run.model_copy(update={"dataset_group": ending.dataset_group})
    detail = _detail(run, "SUCCEEDED" if ending.succeeded else "FAILED")
    detail["seconds"] = round((now - run.start_time).total_seconds())
    detail["outcomes"] = outcomes(ending)
    if ending.failures:
        detail["failures"] = [
            {"what": what, "error": failure.error, "reason": failure.reason[:_MAX_REASON]}
            for what, failure in ending.failures[:_MAX_FAILURES]
        ]
    _send(run, detail, client)


def outcomes(ending: "Ending") -> dict[str, int]:
    """How many resources came to which end: `{"created": 2, "reused": 5, "failed": 1}`."""
    words = ("failed" if one.failed else one.did for one in ending.outcomes)
    return dict(Counter(word for word in words if word))


def _detail(run: Run, status: str) -> dict[str, Any]:
    known = {"datasetGroup": run.dataset_group} if run.dataset_group else {}
    return {
        "stack": run.stack,
        "stateMachine": run.machine,
        "run": run.id,
        "execution": run.execution,
        **known,
        "status": status,
        "startTime": run.start_time.isoformat().replace("+00:00", "Z"),
    }


def _send(run: Run, detail: dict[str, Any], client: "EventBridgeClient | None") -> None:
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
