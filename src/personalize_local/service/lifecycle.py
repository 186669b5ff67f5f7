"""The thread that moves resources from status to status when their time has come."""

from __future__ import annotations

import heapq
import itertools
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.clock import Clock

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0


class Lifecycle:
    """A timetable of small actions. Long work does not belong here but into `workers`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stopping = False
        self._thread: threading.Thread | None = None
        clock.on_change(self._wake)

    def start(self) -> None:
        """Begin to act."""
        self._thread = threading.Thread(target=self._run, name="lifecycle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the action of this moment and end; the rest of the timetable is in the store as well."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        if self._thread:
            self._thread.join()

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Do `action` when the clock shows `due`; in the order of this call among equals."""
        with self._condition:
            heapq.heappush(self._heap, (due, next(self._order), action))
            self._condition.notify_all()

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _run(self) -> None:
        while action := self._next():
            try:
                action()
            except (OSError, sqlite3.Error) as error:  # a full disk, a locked file: it may pass
                logger.warning("A change of status is tried again in %.0f s: %s", RETRY_SECONDS, error)
                self.at(self._clock.now() + RETRY_SECONDS, action)
            except Exception:  # one resource's trouble must not stop all others
                logger.exception("A change of status failed")

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            while not self._stopping:
                if not self._heap:
                    self._condition.wait()
                    continue
                timeout = self._clock.timeout(self._heap[0][0])
                if timeout == 0.0:
                    return heapq.heappop(self._heap)[2]
                self._condition.wait(timeout)
            return None
