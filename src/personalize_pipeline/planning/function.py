"""The function behind the state `Plan`: asks, and changes nothing."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline import clients
from personalize_pipeline.context import Message, Run
from personalize_pipeline.costs.counting import Amount, from_s3, measure
from personalize_pipeline.data.files import list_files
from personalize_pipeline.errors import QuotaExceeded
from personalize_pipeline.planning.plan import make_plan
from personalize_pipeline.stack_quotas import quotas_of_stack
from personalize_pipeline.step import failed

# Read to count lines; a second or two. Beyond, their number is inferred.
_BYTES = 32 * 10**6


class PlanInput(Message):
    """What `ReadParams` made of the params file."""

    plan: dict[str, Any]
    run: Run


def plan(event: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the run will do and what that costs; `failed` as well, if quotas are too small for it."""
    given = PlanInput.model_validate(event)
    planned = make_plan(given.plan, given.run, look, raised=quotas_of_stack())
    answer = planned.output()
    if planned.quotas:
        lines = "\n".join(f"- {quota}" for quota in planned.quotas).replace("\nDelete", "\n  Delete")
        answer |= failed(QuotaExceeded(f"Nothing was begun: quotas of the account are too small.\n{lines}"))
    return answer


def look(location: str, header: bool) -> Amount:  # noqa: FBT001
    """How much data is at a place in S3."""
    return measure(list_files(clients.s3(), location), from_s3(clients.s3()), _BYTES, header=header)
