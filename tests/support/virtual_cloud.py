"""Whole runs in virtual time: the definitions and handlers against a Personalize Local in this process.

Its clock stands still while something happens and jumps to what happens next, so hours take seconds, and
every time that is measured is exact. Imports and trainings are real work, but take as long as `minutes` says.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import queue
import re
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.integration.resources.cloud import BUCKET, forget_clients, interactions, running
from tests.support.deployment import ROOT
from tests.support.s3_server import start_s3
from tests.support.state_machines import StateMachines, Waiting

from personalize_local.service.settings import Duration
from personalize_pipeline import clients
from personalize_pipeline.step import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_RUNTIME = re.compile("Get.*(Recommendations|Ranking)")
CALL_SECONDS = 0.05
"""What a call of Personalize takes: an estimate."""

_LAMBDA: Any = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
    aws_request_id="1",
)


@dataclass
class Built:
    """What a nested execution brought about: virtual seconds since the start."""

    state: str
    name: str
    building: float
    """From its creation (or its update's) to ACTIVE, as Personalize shows it; 0 if it was there."""
    lost: float
    """From ACTIVE to the end of the loop that waited for it."""
    looks: int
    began: float
    ended: float


@dataclass
class VirtualCloud:
    """See the module. `calls` are the control-plane calls that came: (virtual seconds, operation, error)."""

    machines: StateMachines
    cloud: Any
    built: list[Built] = field(default_factory=list)
    calls: list[tuple[float, str, str | None]] = field(default_factory=list)
    _looks: dict[str, int] = field(default_factory=dict)
    _began: float = 0.0
    _seen: int = 0

    def run(self, *documents: Mapping[str, Any], name: str = "run") -> float:
        """Run params documents side by side; the seconds until all have ended."""
        began = self._began = self.cloud.clock.now()
        self.built, self.calls = [], []
        self._collect()
        self.calls.clear()
        starting = [
            ("pipeline", f"{name}-{number}", dict(document)) for number, document in enumerate(documents)
        ]
        for output in self.machines.run(*starting):
            assert not isinstance(output, Exception), output
            assert output["status"] == "SUCCEEDED", json.dumps(output, indent=1, default=str)
        return float(self.cloud.clock.now() - began)

    def upload(self, seed: int) -> None:
        """Other data, so that the next run imports it."""
        self.cloud.s3.put(BUCKET, {"Interactions/interactions.csv": interactions(seed)})

    def path(self) -> list[Built]:
        """What determined how long the run took, one after the other; the last thing last."""
        found = [max(self.built, key=lambda one: one.ended)]
        while earlier := [one for one in self.built if one.ended <= found[0].began]:
            found.insert(0, max(earlier, key=lambda one: one.ended))
        return found

    def invoke(self, function: str, payload: Any) -> Waiting:
        """Call the handler of a function's folder, from this moment on."""
        if function == "wait_for_turn":  # nobody else is there
            return {"done": True, "arn": "", "name": "", "status": "ACTIVE", "did": None}
        if function == "plan":  # its client keeps to the rate by the clock on the wall
            return {}
        if function == "notify":
            return {"subject": "", "error": "", "cause": ""}
        told = {key: value for key, value in payload.get("context", {}).items() if key != "last"}
        execution = json.dumps([function, payload.get("want"), told], sort_keys=True)
        self._looks[execution] = self._looks.get(execution, 0) + 1
        answer = yield from _Function(
            lambda: handler(function)(json.loads(json.dumps(payload)), _LAMBDA)
        ).run()
        answer = json.loads(json.dumps(answer))
        self._collect()
        if answer.get("done"):
            self._note(function, answer, self._looks.pop(execution), payload)
        return answer

    def _collect(self) -> None:
        for request in self.cloud.gateway.seen.after(self._seen):
            self._seen = request["id"]
            if not _RUNTIME.match(request["operation"]):
                self.calls.append(
                    (self.cloud.clock.now() - self._began, request["operation"], request["error"])
                )

    def _note(self, function: str, answer: Any, looks: int, payload: Any) -> None:
        now = self.cloud.clock.now()
        building, active = 0.0, now
        if answer.get("did") not in (None, "reused"):
            shown = self.cloud.shown(function, answer["arn"])
            update = next((shown[key] for key in shown if re.fullmatch(r"latest\w+Update", key)), None)
            if answer["did"] == "updated" and update:
                shown = update
            active = shown["lastUpdatedDateTime"].timestamp()
            building = active - shown["creationDateTime"].timestamp()
        began = datetime.fromisoformat(payload["context"]["startedAt"]).timestamp()
        self.built.append(
            Built(
                function,
                answer["name"],
                building,
                now - active,
                looks,
                began - self._began,
                now - self._began,
            )
        )


@contextmanager
def virtual_cloud(
    folder: Path, minutes: Mapping[str, tuple[float, float]], *, rate_limits: bool = False, seed: int = 0
) -> Iterator[VirtualCloud]:
    """Serve until the block ends. `minutes`: shortest and longest time IN_PROGRESS by kind of resource."""
    durations = {
        kind: Duration(pending=12, in_progress=60 * low, in_progress_most=60 * high)
        for kind, (low, high) in minutes.items()
    }
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        s3, server = start_s3()
        stack.callback(server.stop)
        s3.put(BUCKET, {"Interactions/interactions.csv": interactions(seed)})
        cloud = stack.enter_context(
            running(folder, s3, durations=durations, rate_limits=rate_limits, seed=seed)
        )
        time_ = _Time(cloud)
        variables = {
            **cloud.variables,
            "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": cloud.variables["AWS_ENDPOINT_URL_PERSONALIZE"],
            "INPUT_BUCKET": BUCKET,
            "PERSONALIZE_PIPELINE_POLL_SECONDS": "",
        }
        stack.enter_context(mock.patch.dict("os.environ", variables))
        stack.enter_context(mock.patch("personalize_pipeline.step.datetime", time_.datetime()))
        stack.callback(logger.setLevel, logger.log_level)
        logger.setLevel("CRITICAL")  # thousands of looks
        # botocore waits between its attempts, which is time too.
        stack.enter_context(
            mock.patch("botocore.endpoint.time", SimpleNamespace(sleep=_Function.sleep, time=time.time))
        )
        forget_clients()
        stack.callback(forget_clients)
        for make in (clients.personalize, clients.personalize_once):
            make().meta.events.register("before-send.personalize", lambda **_: _Function.sleep(CALL_SECONDS))
        made = VirtualCloud(StateMachines(_none, cloud.clock.now, time_.move_to), cloud)
        made.machines.invoke = made.invoke
        yield made


def _none(*_: Any) -> Waiting:
    yield 0.0


class _Function:
    """A call of a handler in a thread of its own; while it sleeps, virtual time passes for all."""

    _here = threading.local()

    def __init__(self, call: Callable[[], Any]) -> None:
        self._asks: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._goes_on: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._call = call

    def run(self) -> Waiting:
        """Yields what it sleeps; only one function runs at a time."""
        threading.Thread(target=self._run, daemon=True).start()
        while True:
            what, value = self._asks.get(timeout=60)
            if what == "sleep":
                yield value
                self._goes_on.put(None)
            elif what == "raised":
                raise value
            else:
                return value

    @classmethod
    def sleep(cls, seconds: float) -> None:
        """Called by what it calls."""
        function: _Function = cls._here.function
        function._asks.put(("sleep", seconds))
        function._goes_on.get()

    def _run(self) -> None:
        self._here.function = self
        try:
            self._asks.put(("answered", self._call()))
        except BaseException as error:  # noqa: BLE001 - raised again in the other thread
            self._asks.put(("raised", error))


class _Time:
    """Moves the clock of a Personalize Local from what happens to what happens next."""

    def __init__(self, cloud: Any) -> None:
        self._clock = cloud.clock
        self._lifecycle = cloud.service.context.lifecycle
        self._working: set[str] = set()
        self._lock = threading.Lock()
        workers = cloud.service.context.workers
        submit = workers.submit

        def submit_and_watch(job: Any) -> None:
            done = job.done
            with self._lock:
                self._working.add(job.key)

            def recorded(outcome: Any) -> None:
                try:
                    done(outcome)
                finally:
                    with self._lock:
                        self._working.discard(job.key)

            job.done = recorded
            submit(job)

        workers.submit = submit_and_watch

    def move_to(self, moment: float) -> None:
        """Let everything happen that happens until then, each thing at its own time."""
        self._settle()
        while (due := self._next()) is not None and due <= moment:
            self._clock.advance(max(0.0, due - self._clock.now()))
            self._settle()
        self._clock.advance(max(0.0, moment - self._clock.now()))
        self._settle()

    def _next(self) -> float | None:
        heap = self._lifecycle._heap
        return heap[0][0] if heap else None

    def _settle(self) -> None:
        """Until nothing is due and no process works."""
        while True:
            reached = threading.Event()
            self._lifecycle.at(self._clock.now(), reached.set)
            assert reached.wait(60)
            due = self._next()
            if (due is None or due > self._clock.now()) and not self._working:
                return
            time.sleep(0.002)

    def datetime(self) -> type[datetime]:
        clock = self._clock

        class Virtual(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.fromtimestamp(clock.now(), tz or UTC)

        return Virtual


@cache
def handler(function: str) -> Any:
    """The handler in functions/<function>/app.py."""
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"{function}_app", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler
