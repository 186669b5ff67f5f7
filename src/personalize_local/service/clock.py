"""Time as the service sees it, so that a test moves it instead of sleeping."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


LONGEST_SLEEP = 1.0


class Clock(Protocol):
    """Seconds since the epoch."""

    def now(self) -> float: ...

    def timeout(self, until: float) -> float | None:
        """Real seconds to sleep until `until`; None when only `on_change` can tell."""
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever time jumps."""


class SystemClock:
    """The clock on the wall; when that is set back, this one goes on, ahead of it until the next start.

    Otherwise all that is in the timetable would wait until the wall has caught up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0.0
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch; never less than before."""
        with self._lock:
            now = time.time() + self._ahead
            if now < self._last:
                self._ahead += self._last - now
                now = self._last
            self._last = now
            return now

    def timeout(self, until: float) -> float | None:
        """Real time passes by itself. Never long, so that a clock that was set back is noticed."""
        return min(max(0.0, until - self.now()), LONGEST_SLEEP)

    def on_change(self, callback: Callable[[], None]) -> None:
        """It never jumps."""


class ManualClock:
    """Stands still until `advance` is called."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._callbacks: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds since the epoch, as set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        for callback in self._callbacks:
            callback()

    def timeout(self, until: float) -> float | None:
        """Nothing happens by waiting, unless the time has come already."""
        return 0.0 if until <= self._now else None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Remember whom to call."""
        self._callbacks.append(callback)
