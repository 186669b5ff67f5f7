"""The event of a run that ended (docs/events.md)."""

from collections import Counter
from datetime import datetime
from typing import Any

from personalize_pipeline import run_events
from personalize_pipeline.reporting.mail import Ending

# PutEvents takes 256 KB; a run of a hundred failures must fit, and its mail tells all of them.
_MAX_FAILURES = 50
_MAX_REASON = 2_000


def send_end(ending: Ending, now: datetime) -> None:
    """Send how the run ended: how many resources were created, reused and so on; what failed, and why."""
    run = ending.run
    if not run.dataset_group and ending.dataset_group:
        run = run.model_copy(update={"dataset_group": ending.dataset_group})
    more: dict[str, Any] = {
        "seconds": round((now - run.start_time).total_seconds()),
        "outcomes": _outcomes(ending),
    }
    if ending.failures:
        more["failures"] = [
            {"what": what, "error": failure.error, "reason": failure.reason[:_MAX_REASON]}
            for what, failure in ending.failures[:_MAX_FAILURES]
        ]
    run_events.send(run, "SUCCEEDED" if ending.succeeded else "FAILED", more)


def _outcomes(ending: Ending) -> dict[str, int]:
    """How many resources came to which end: `{"created": 2, "reused": 5, "failed": 1}`."""
    words = ("failed" if one.failed else one.did for one in ending.outcomes)
    return dict(Counter(word for word in words if word))
