"""Clients that only look: what would change something is noted down instead of being sent."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

_LOOKS = ("Describe", "Get", "List", "Head")
_QUESTION = "personalize_pipeline_question"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a run would make: `UpdateCampaign` with its arguments, which botocore has checked."""

    operation: str
    arguments: Mapping[str, Any]


class Looking:
    """Makes clients that send nothing but questions. What they did not send is in `calls`.

    Personalize is asked each question once: ten solutions look at the same imports.
    """

    def __init__(self, personalize: "PersonalizeClient | None" = None) -> None:
        self.calls: list[Call] = []
        self._answers: dict[tuple[str, Any], Any] = {}
        # Many questions in a row: it keeps to the rate that Personalize allows.
        patient = Config(retries={"mode": "adaptive", "total_max_attempts": 15})
        self.personalize = self.guard(personalize or boto3.client("personalize", config=patient))
        events = self.personalize.meta.events
        events.register("before-call", self._known)
        events.register("after-call", self._remember)

    def guard(self, client: Any) -> Any:
        """Keep this client of boto3 from sending anything but questions."""
        client.meta.events.register("before-call", self._before_call)
        return client

    def _before_call(self, model: Any, params: Any, **_: Any) -> Any:
        """Botocore's own place for this: an answer that is given here means that nothing is sent."""
        if model.name.startswith(_LOOKS):
            return None
        body = params.get("body") or b"{}"
        self.calls.append(Call(model.name, json.loads(body)))
        return SimpleNamespace(status_code=200), _Answer()

    def _known(self, model: Any, params: Any, context: Any, **_: Any) -> Any:
        """The answer to a question that was asked before."""
        if not model.name.startswith(_LOOKS):
            return None
        context[_QUESTION] = question = (model.name, params.get("body"))
        if question not in self._answers:
            return None
        return SimpleNamespace(status_code=200), deepcopy(self._answers[question])

    def _remember(self, http_response: Any, parsed: Any, context: Any, **_: Any) -> None:
        """Keep an answer; what was not found is asked again."""
        if _QUESTION in context and http_response.status_code < 300:
            self._answers.setdefault(context[_QUESTION], deepcopy(parsed))


class _Answer(dict[str, Any]):
    """What a call answers that was not made: any ARN or name is empty."""

    def __missing__(self, key: str) -> str:
        return ""
