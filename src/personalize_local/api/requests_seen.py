"""The requests that were answered last, for `/_local/requests`: who asked for what, and what came of it.

Of the arguments only those are kept that name resources: no events, no filter values, no data of users.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT: Final = 1000
_NAMING: Final = ("Arn", "name", "jobName")


class RequestSeen(NamedTuple):
    """One request. `error` is the code of an answer that is one, `names` the ARNs and names given."""

    id: int
    receivedAt: float  # noqa: N815 - as in the JSON; seconds since the epoch
    operation: str
    status: int
    error: str | None
    milliseconds: float
    names: Mapping[str, str]


class RequestsSeen:
    """The last `KEPT` requests. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._seen: deque[RequestSeen] = deque(maxlen=KEPT)

    def add(
        self,
        operation: str,
        params: Mapping[str, Any],
        *,
        received: float,
        seconds: float,
        status: int,
        error: str | None,
    ) -> None:
        """Remember a request; cheap, because every request comes here."""
        names = {
            name: value for name, value in params.items() if type(value) is str and name.endswith(_NAMING)
        }
        with self._lock:
            number = next(self._ids)
            self._seen.append(
                RequestSeen(number, received, operation, status, error, round(seconds * 1000, 3), names)
            )

    def after(self, number: int = 0, operation: str | None = None) -> list[dict[str, Any]]:
        """Those with a higher id, oldest first; with `operation`, of that one only."""
        with self._lock:
            found = list(self._seen)
        return [
            one._asdict()
            for one in found
            if one.id > number and (operation is None or one.operation == operation)
        ]

    def clear(self) -> None:
        """Forget all; ids go on."""
        with self._lock:
            self._seen.clear()
