"""What shall happen to a resource at a time to come, written down, so that a restart forgets none of it.

    context.schedules.on("retraining", self._retrain)      once, when the service is put together
    context.schedules.set(record.arn, "retraining", due)   replaces what was set before
    def _retrain(self, arn): ...                           does it, and sets the next time if there is one

An action is called by the lifecycle's thread within a transaction: what it writes and that it was done are
written together, or it is done again. It is gone with its resource.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.clock import Clock
    from personalize_local.service.lifecycle import Lifecycle
    from personalize_local.service.store import Store


class Schedules:
    """Times by resource and by what is to be done."""

    def __init__(self, store: Store, clock: Clock, lifecycle: Lifecycle) -> None:
        self._store = store
        self._clock = clock
        self._lifecycle = lifecycle
        self._actions: dict[str, Callable[[str], None]] = {}

    def on(self, what: str, action: Callable[[str], None]) -> None:
        """Say who does `what`; the action gets the resource's ARN."""
        self._actions[what] = action

    def set(self, arn: str, what: str, due: float) -> None:
        """Do `what` to the resource when the clock shows `due`, and not when it was set to before."""
        seconds = max(0.0, due - self._clock.now())
        with self._store.transaction():
            self._store.execute(
                "INSERT OR REPLACE INTO schedule (arn, what, due, seconds) VALUES (?, ?, ?, ?)",
                (arn, what, due, seconds),
            )
        self._lifecycle.at(due, functools.partial(self._act, arn, what, due))

    def cancel(self, arn: str, what: str) -> None:
        """Do not do it."""
        self._store.execute("DELETE FROM schedule WHERE arn = ? AND what = ?", (arn, what))

    def due(self, arn: str, what: str) -> float | None:
        """When it will be done, if it will."""
        rows = self._store.rows("SELECT due FROM schedule WHERE arn = ? AND what = ?", (arn, what))
        return float(rows[0][0]) if rows else None

    def resume(self) -> None:
        """After a start: put everything back into the timetable.

        Nothing is due later than it was when it was set, as seen from now: a clock that was put forward and
        is right again must not delay anything by as much.
        """
        latest = self._clock.now()
        for arn, what, due, seconds in self._store.rows("SELECT arn, what, due, seconds FROM schedule"):
            self.set(arn, what, min(due, latest + seconds))

    def _act(self, arn: str, what: str, due: float) -> None:
        with self._store.transaction():
            if self.due(arn, what) == due:  # else it was set to another time, or cancelled
                self.cancel(arn, what)
                self._actions[what](arn)
