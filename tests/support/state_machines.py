"""The state machines' own definitions, run in virtual time: what they wait for passes at once.

Enough of the Amazon States Language for what is in statemachine/: JSONata, Task (Lambda functions and nested
executions), Choice, Map, Pass, Wait, Succeed, Fail, Catch. Counts what AWS bills. Executions are generators
that yield the seconds they wait for, or others to run side by side.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jsonata
from tests.support.deployment import machine

ARNS = "arn:aws:states:us-east-1:000000000000"
TRANSITION_SECONDS = 0.02  # an estimate; AWS states none
LAMBDA_SECONDS = 0.2  # the same, beside the time that a function takes

Waiting = Generator["float | list[Waiting]", Any, Any]


class FailedError(Exception):
    """An execution or a task ended so."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass
class StateMachines:
    """All three, with the functions that they call.

    `invoke` is called with the name of a function's folder and its payload, and yields the seconds that the
    function sleeps; `now` and `move_to` are the clock.
    """

    invoke: Callable[[str, Any], Waiting]
    now: Callable[[], float]
    move_to: Callable[[float], None]
    transitions: Counter[str] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    executions: Counter[str] = field(default_factory=Counter)
    finished: list[dict[str, Any]] = field(default_factory=list)
    """Of each nested execution: its input, output and times."""

    def run(self, *starting: tuple[str, str, Any]) -> list[Any]:
        """Start executions (machine, name, input) at this moment and let them end; their outputs."""
        return list(self._side_by_side([self.execution(*one) for one in starting]))

    def execution(self, which: str, name: str, given: Any) -> Waiting:
        """One execution."""
        self.executions[which] += 1
        context = {
            "Execution": {
                "Id": f"{ARNS}:execution:{which}:{name}",
                "Name": name,
                "Input": given,
                "StartTime": _text(self.now()),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": f"{ARNS}:stateMachine:{which}"},
        }
        return (yield from self._scope(which, machine(which), given, {}, context))

    def _side_by_side(self, processes: list[Waiting]) -> list[Any]:
        """Run processes and those that they ask for; each goes on when its time has come."""
        order = itertools.count()
        waiting: list[tuple[float, int, _Process, Any]] = []

        def goes_on(process: _Process, answer: Any = None, after: float = 0.0) -> None:
            heapq.heappush(waiting, (self.now() + after, next(order), process, answer))

        top = _Process(iter(()), [_MISSING] * len(processes))  # type: ignore[arg-type]  # never goes on
        for index, process in enumerate(processes):
            goes_on(_Process(process, [], top, index))
        while waiting:
            due, _, one, answer = heapq.heappop(waiting)
            if due > self.now():
                self.move_to(due)
            ended, asked = one.step(answer)
            if ended:
                if (parent := one.parent).report(one.index, asked) and parent is not top:
                    goes_on(parent, parent.answer())
            elif isinstance(asked, list):
                one.answers = [_MISSING] * len(asked)
                for index, child in enumerate(asked):
                    goes_on(_Process(child, [], one, index))
                if not asked:
                    goes_on(one, [])
            else:
                goes_on(one, after=asked)
        return top.answers

    def _scope(
        self, which: str, scope: Mapping[str, Any], given: Any, variables: dict[str, Any], context: Any
    ) -> Waiting:
        name, value = scope["StartAt"], given
        while True:
            state = scope["States"][name]
            self.transitions[which] += 1
            yield TRANSITION_SECONDS
            try:
                name, value = yield from self._state(which, name, state, value, variables, context)
            except FailedError as failed:
                if state["Type"] == "Fail" or "Catch" not in state:
                    raise
                (rule,) = state["Catch"]
                seen = {
                    "input": value,
                    "context": context,
                    "errorOutput": {"Error": failed.error, "Cause": failed.cause},
                }
                assigned = evaluate(rule.get("Assign", {}), variables, **seen)
                value = evaluate(rule.get("Output", "{% $states.errorOutput %}"), variables, **seen)
                variables.update(assigned)
                name = rule["Next"]
            if name == "":
                return value

    def _state(  # noqa: PLR0917 - what a state of the language depends on
        self, which: str, name: str, state: Mapping[str, Any], given: Any, variables: Any, context: Any
    ) -> Generator[Any, Any, tuple[str, Any]]:
        seen: dict[str, Any] = {"input": given, "context": context}
        following = state
        if state["Type"] == "Fail":
            raise FailedError(*(str(evaluate(state[key], variables, **seen)) for key in ("Error", "Cause")))
        if state["Type"] == "Choice":
            following = next(
                (one for one in state["Choices"] if evaluate(one["Condition"], variables, **seen)),
                {"Next": state.get("Default")},
            )
            output = evaluate(following.get("Output", given), variables, **seen)
            return following["Next"], output
        if state["Type"] == "Wait":
            yield float(evaluate(state["Seconds"], variables, **seen))
        elif state["Type"] == "Map":
            items = evaluate(state["Items"], variables, **seen)
            seen["result"] = yield [
                self._scope(
                    which,
                    state["ItemProcessor"],
                    evaluate(
                        state.get("ItemSelector", item),
                        variables,
                        input=given,
                        context={**context, "Map": {"Item": {"Index": index, "Value": item}}},
                    ),
                    dict(variables),
                    context,
                )
                for index, item in enumerate(items or [])
            ]
        elif state["Type"] == "Task":
            seen["result"] = yield from self._task(state, evaluate(state["Arguments"], variables, **seen))
        default = seen.get("result", given)
        assigned = evaluate(state.get("Assign", {}), variables, **seen)
        output = evaluate(state["Output"], variables, **seen) if "Output" in state else default
        variables.update(assigned)
        return ("" if state.get("End") or state["Type"] == "Succeed" else following["Next"]), output

    def _task(self, state: Mapping[str, Any], arguments: Any) -> Waiting:
        arguments = json.loads(json.dumps(arguments))
        if state["Resource"].endswith("lambda:invoke"):
            function = folder_of(arguments["FunctionName"])
            self.invocations[function] += 1
            yield LAMBDA_SECONDS / 2
            answer = yield from self.invoke(function, arguments["Payload"])
            yield LAMBDA_SECONDS / 2
            return {"Payload": json.loads(json.dumps(answer))}
        if "StateMachineArn" not in arguments:  # an event on EventBridge
            return {}
        which = {"${EnsureArn}": "ensure", "${PipelineArn}": "pipeline", "${DeleteArn}": "delete"}[
            arguments["StateMachineArn"]
        ]
        began = self.now()
        record = {"input": arguments["Input"], "began": began}
        try:
            output = yield from self.execution(which, arguments["Name"], arguments["Input"])
        except FailedError as failed:
            self.finished.append({**record, "failed": str(failed), "ended": self.now()})
            raise
        self.finished.append({**record, "output": output, "ended": self.now()})
        return {"Output": output}


_MISSING: Any = object()


@dataclass(eq=False)
class _Process:
    """A generator that runs, and the answers of those that it waits for."""

    generator: Waiting
    answers: list[Any]
    parent: Any = None
    index: int = 0

    def step(self, answer: Any) -> tuple[bool, Any]:
        """Go on: whether it has ended, and what it asks for or ended with."""
        try:
            if isinstance(answer, FailedError):
                return False, self.generator.throw(answer)
            return False, self.generator.send(answer)
        except StopIteration as end:
            return True, end.value
        except FailedError as failed:
            return True, failed

    def report(self, index: int, answer: Any) -> bool:
        """One of those that it waits for has ended: whether all have."""
        self.answers[index] = answer
        return not any(one is _MISSING for one in self.answers)

    def answer(self) -> Any:
        """What they ended with: all of it, or the first failure."""
        failed = [one for one in self.answers if isinstance(one, FailedError)]
        return failed[0] if failed else self.answers


def folder_of(placeholder: str) -> str:
    """`${DatasetGroupFunctionArn}` -> `dataset_group`."""
    (name,) = re.findall(r"\$\{(\w+)FunctionArn\}", placeholder)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def evaluate(template: Any, variables: Mapping[str, Any] | None = None, **states_: Any) -> Any:
    """What Step Functions makes of a field: expressions anywhere in it are replaced by their values.

    `states_` are the members of `$states`: input, result, errorOutput, context.
    """
    if isinstance(template, dict):
        return {key: evaluate(value, variables, **states_) for key, value in template.items()}
    if isinstance(template, list):
        return [evaluate(value, variables, **states_) for value in template]
    if not (isinstance(template, str) and template.startswith("{%")):
        return template
    value = _expression(template[2:-2].strip()).evaluate(None, {**(variables or {}), "states": states_})
    return None if value is None else json.loads(json.dumps(value))


@lru_cache(maxsize=512)
def _expression(text: str) -> Any:
    expression = jsonata.Jsonata.jsonata(text)
    expression.register_lambda(
        "hash", lambda text, algorithm: hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()
    )
    # The library's own answers when the newest expression of the thread was read last, not now.
    expression.register_lambda("millis", lambda: round(1000 * time.time()))
    return expression


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
