"""The function behind the state `DeletionPlan`."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import StrictBool, StringConstraints, ValidationError

from personalize_pipeline import clients, run_events
from personalize_pipeline.context import Message, Run
from personalize_pipeline.deletion.plan import Known, make_plan, schedules_of
from personalize_pipeline.errors import ParamsInvalid
from personalize_rules.schemas import Problem

_WRONG = {
    "": "the input of the execution is no object.",
    "datasetGroup": "the input of the execution names none (letters, digits, - and _; 63 at most).",
    "data": "it is true (the files in S3 go too) or false.",
    "known": "this is what an earlier deletion has found, and it cannot be read: leave it out.",
}
_ADVICE = 'Give {"datasetGroup": {"name": "..."}, "data": false}.'


class Group(Message):
    """The dataset group that is to go."""

    name: Annotated[
        str, StringConstraints(strict=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*$", max_length=63)
    ]


class Asked(Message):
    """The input of the state machine `delete`."""

    dataset_group: Group
    data: StrictBool = False
    known: Known = Known()

    @classmethod
    def parse(cls, given: Any) -> "Asked":
        """Read the input of an execution.

        Raises:
            ParamsInvalid: it does not say what to delete, or not in this form.
        """
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = dict.fromkeys(str(one["loc"][0]) if one["loc"] else "" for one in error.errors())
            *most, last = wrong
            problems = [Problem(place, _WRONG[place]) for place in most]
            raise ParamsInvalid([*problems, Problem(last, _WRONG[last], _ADVICE)]) from error


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
    asked = Asked.parse(given.input)
    name = asked.dataset_group.name
    plan = make_plan(
        clients.personalize_patient(),
        given.run.arn(f"dataset-group/{name}"),
        os.environ["INPUT_BUCKET"],
        asked.known,
        data=asked.data,
        schedules=schedules_of(clients.scheduler(), os.environ["SCHEDULE_GROUP"], name),
    )
    return plan.output()
