"""Processes for the heavy work, so that imports and training never hold up an answer.

Each is a fresh interpreter (`worker_process`) that is given one job at a time as a line of JSON. Started when
needed or `warm`ed beforehand, ended after a while without work. A process that reads the end of its input,
because the server is gone in whatever way, ends at once: nothing is left running.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

# Long enough to serve all jobs of one run of a pipeline, short enough to give the memory back.
IDLE_SECONDS = 90.0
# Processes that `warm` starts: as many as a first import of two or three small files can use.
WARM = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: with a result, with the reason why it failed, or given up on request."""

    result: dict[str, Any] | None = None
    reason: str | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Job:
    """`task` names a function of `service.tasks`; dataset groups (`turn`) share the workers fairly.

    `urgent` is for short work that others wait for: it goes before trainings of an hour. `begins` is called
    with the key before a process gets the job, from another thread.
    """

    key: str
    turn: str
    task: str
    arguments: dict[str, Any]
    done: Callable[[Outcome], None]
    cancelled: bool = False
    urgent: bool = False
    begins: Callable[[str], None] | None = None


@dataclass(slots=True)
class _Queue:
    """Urgent jobs first, then by turn: each turn's jobs in their order, the turns one after the other."""

    urgent: deque[Job] = field(default_factory=deque)
    turns: OrderedDict[str, deque[Job]] = field(default_factory=OrderedDict)

    def put(self, job: Job) -> None:
        if job.urgent:
            self.urgent.append(job)
        else:
            self.turns.setdefault(job.turn, deque()).append(job)

    def take(self) -> Job | None:
        if self.urgent:
            return self.urgent.popleft()
        if not self.turns:
            return None
        turn, jobs = next(iter(self.turns.items()))
        job = jobs.popleft()
        if jobs:
            self.turns.move_to_end(turn)
        else:
            del self.turns[turn]
        return job

    def remove(self, key: str) -> Job | None:
        for job in self.urgent:
            if job.key == key:
                self.urgent.remove(job)
                return job
        for turn, jobs in self.turns.items():
            for job in jobs:
                if job.key == key:
                    jobs.remove(job)
                    if not jobs:
                        del self.turns[turn]
                    return job
        return None


class Workers:
    """At most `settings.workers` jobs at a time; others wait for their turn."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._waiting = _Queue()
        self._running: dict[str, tuple[Job, _Worker]] = {}
        self._stopping = False
        self._all = [_Worker(self, settings, index) for index in range(max(1, settings.workers))]
        # The one that worked last is at the end, and used first: it is warm.
        self._idle = list(reversed(self._all))

    def warm(self) -> None:
        """Start processes that nothing needs yet."""
        with self._lock:
            for worker in self._idle[-WARM:]:
                worker.warm()

    def submit(self, job: Job) -> None:
        """Do the job when there is a worker for it; `job.done` is called from another thread."""
        with self._lock:
            self._waiting.put(job)
        self._dispatch()

    def cancel(self, key: str) -> bool:
        """Give up a job, waiting or running. False when there is no such job (any more)."""
        with self._lock:
            job = self._waiting.remove(key)
            if job is None:
                found = self._running.get(key)
                if found is None:
                    return False
                found[0].cancelled = True
                found[1].kill()
                return True
        job.done(Outcome(cancelled=True))
        return True

    def running(self) -> list[str]:
        """The keys of the jobs that processes are working on."""
        with self._lock:
            return list(self._running)

    def stop(self) -> None:
        """End all processes. What was running is not reported as done, and taken up at the next start."""
        with self._lock:
            self._stopping = True
            self._waiting = _Queue()
        for worker in self._all:
            worker.end()
        for worker in self._all:
            worker.join()

    def finished(self, worker: _Worker, job: Job, outcome: Outcome) -> None:
        """Called by a worker, in its thread."""
        with self._lock:
            del self._running[job.key]
            stopping = self._stopping
        if job.cancelled:
            worker.renew()  # it was told to die: the next job must not meet it while it does
        with self._lock:
            self._idle.append(worker)
        if not stopping:
            try:
                job.done(outcome)
            except Exception:  # the worker must go on
                logger.exception("The end of job %s could not be recorded", job.key)
            self._dispatch()

    def _dispatch(self) -> None:
        with self._lock:
            while not self._stopping and self._idle and (job := self._waiting.take()):
                worker = self._idle.pop()
                self._running[job.key] = (job, worker)
                worker.give(job)


class _Worker:
    """One process and the thread that talks to it."""

    def __init__(self, workers: Workers, settings: Settings, index: int) -> None:
        self._workers = workers
        self._settings = settings
        self._name = f"worker-{index}"
        self._inbox: queue.SimpleQueue[Job | str] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._ended = False

    def give(self, job: Job) -> None:
        self._start()
        self._inbox.put(job)

    def warm(self) -> None:
        self._start()
        self._inbox.put("warm")

    def kill(self) -> None:
        """End the process, not the worker."""
        if process := self._process:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def renew(self) -> None:
        """Wait for the end of the process; the next job gets another. To be called in the worker's thread."""
        self._close()

    def end(self) -> None:
        self._ended = True
        self.kill()
        self._inbox.put("end")

    def join(self) -> None:
        if self._thread:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._ended:
            try:
                message = self._inbox.get(timeout=IDLE_SECONDS if self._process else None)
            except queue.Empty:
                self._close()
                continue
            if isinstance(message, Job):
                self._workers.finished(self, message, self._do(message))
            elif message == "warm":
                with contextlib.suppress(OSError):  # the first job will say so
                    self._alive()
        self._close()

    def _alive(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._close()
            threads = str(max(1, (os.cpu_count() or 1) // len(self._workers._all)))  # noqa: SLF001
            limits = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "personalize_local.service.worker_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                # What can be imported here can be imported there.
                env={**limits, **os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
            self._send(self._process, self._settings.to_json())
            if self._ended:  # `end` may have come while there was nothing to kill
                self._process.kill()
        return self._process

    def _do(self, job: Job) -> Outcome:
        try:
            process = self._alive()
        except OSError as error:
            return Outcome(reason=f"Internal error: no process could be started for this job: {error}.")
        if job.cancelled:
            return Outcome(cancelled=True)
        try:
            if job.begins:
                job.begins(job.key)
        except Exception:  # it is not worth the job
            logger.exception("The begin of job %s could not be recorded", job.key)
        try:
            self._send(process, {"task": job.task, "arguments": job.arguments})
            assert process.stdout
            line = process.stdout.readline()
        except OSError:
            line = ""
        if line:
            return Outcome(**json.loads(line))
        code = process.wait()
        if job.cancelled:
            return Outcome(cancelled=True)
        return Outcome(
            reason=f"Internal error: the process of this job ended with code {code}"
            + (" (killed, perhaps for want of memory)." if code == -9 else ".")
            + " See the log of Personalize Local."
        )

    @staticmethod
    def _send(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
        assert process.stdin
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
