"""The function behind the state `DeletionPlan`."""

import os
from collections.abc import Mapping
from typing import Any

from personalize_pipeline import clients, run_events
from personalize_pipeline.context import Message, Run
from personalize_pipeline.deletion.plan import Known, make_plan, schedules_of
from personalize_pipeline.errors import ParamsInvalid
from personalize_rules.schemas import Problem


class Asked(Message):
    """The input of the state machine `delete`."""

    dataset_group: dict[str, Any]
    data: bool = False
    known: Known = Known()


class PlanInput(Message):
    """What the execution was started with, and which execution it is."""

    input: Any = None
    run: Run


def deletion_plan(event: Mapping[str, Any]) -> dict[str, Any]:
    """List what is to be deleted.

    Raises:
        ParamsInvalid: the input of the execution names no dataset group.
    """
    given = PlanInput.model_validate(event)
    run_events.began(given.run)
    asked = Asked.model_validate(given.input)
    name = asked.dataset_group.get("name")
    if not isinstance(name, str):
        advice = 'Give {"datasetGroup": {"name": "..."}, "data": false}.'
        raise ParamsInvalid([Problem("datasetGroup.name", "the input of the execution names none.", advice)])
    plan = make_plan(
        clients.personalize_patient(),
        given.run.arn(f"dataset-group/{name}"),
        os.environ["INPUT_BUCKET"],
        asked.known,
        data=asked.data,
        schedules=schedules_of(clients.scheduler(), os.environ["SCHEDULE_GROUP"], name),
    )
    return plan.output()
