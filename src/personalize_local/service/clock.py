"""Time as the service sees it, so that a test, or a user, moves it instead of sleeping."""

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

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        ...

    def stop(self) -> None:
        """Let time stand still."""

    def start(self) -> None:
        """Let time pass by itself, from where it stands."""

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once."""


class SystemClock:
    """The clock on the wall, which can be stopped and put forward but never goes back.

    When the wall's clock is set back, this one goes on, ahead of it until the next start. Otherwise all that
    is in the timetable would wait until the wall has caught up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0.0
        self._ahead = 0.0
        self._stopped_at: float | None = None
        self._callbacks: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds since the epoch; never less than before."""
        with self._lock:
            return self._read()

    @property
    def running(self) -> bool:
        """Whether it has not been stopped."""
        return self._stopped_at is None

    def stop(self) -> None:
        """It shows this moment until `start` or `advance`."""
        with self._lock:
            self._stopped_at = self._read()

    def start(self) -> None:
        """It goes on from where it stands, behind the wall by as long as it stood."""
        with self._lock:
            if self._stopped_at is not None:
                self._ahead = self._stopped_at - time.time()
                self._stopped_at = None
        self._changed()

    def advance(self, seconds: float) -> None:
        """Put it forward, running or not."""
        with self._lock:
            if self._stopped_at is not None:
                self._stopped_at += seconds
            else:
                self._ahead += seconds
        self._changed()

    def timeout(self, until: float) -> float | None:
        """Real time passes by itself. Never long, so that a clock that was set back is noticed."""
        left = until - self.now()
        if left <= 0:
            return 0.0
        return min(left, LONGEST_SLEEP) if self.running else None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Remember whom to call when it is started or put forward."""
        self._callbacks.append(callback)

    def _read(self) -> float:
        if self._stopped_at is not None:
            return self._stopped_at
        now = time.time() + self._ahead
        if now < self._last:
            self._ahead += self._last - now
            now = self._last
        self._last = now
        return now

    def _changed(self) -> None:
        for callback in self._callbacks:
            callback()


class ManualClock:
    """Stands still until `advance` is called."""

    running = False

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._callbacks: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds since the epoch, as set."""
        return self._now

    def stop(self) -> None:
        """It stands anyway."""

    def start(self) -> None:
        """It cannot: it goes only when it is advanced."""

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
