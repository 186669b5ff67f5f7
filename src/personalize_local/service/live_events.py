"""Events that came by PutEvents and PutActionInteractions.

They are on disk before they are acknowledged, and in memory for users that are asked about.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.engine.answers import Event

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from personalize_local.service.store import Store

_INSERT = (
    "INSERT OR IGNORE INTO events (dataset, user, session, item, type, value, timestamp, event_id,"
    " recommendation, attribution, impression, columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# An anonymous visitor is asked about by his session's ID.
_OF_USER = (
    "SELECT id, item, type, timestamp, value, 0 FROM events WHERE dataset = :dataset AND user = :user"
    " UNION ALL SELECT id, item, type, timestamp, value, 1 FROM events"
    " WHERE dataset = :dataset AND session = :user AND user IS NULL"
    " ORDER BY 1 DESC LIMIT :limit"
)
# A session belongs to the user whose ID came with any of its events; events of nobody are not trained on.
_FOR_TRAINING = """
SELECT coalesce(e.user, s.user), e.item, e.type, e.timestamp, e.value,
    e.impression, e.recommendation, e.attribution, e.columns
FROM events e
LEFT JOIN (
    SELECT session, max(user) AS user FROM events
    WHERE dataset = :dataset AND user IS NOT NULL AND id <= :last GROUP BY session
) s ON e.user IS NULL AND s.session = e.session
WHERE e.dataset = :dataset AND e.id <= :last AND e.item IS NOT NULL AND coalesce(e.user, s.user) IS NOT NULL
ORDER BY e.id
"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event of a call. `item` may be an action; `columns` are further values by names of the schema."""

    session: str
    user: str | None
    item: str | None
    type: str
    timestamp: int
    value: float | None
    event_id: str | None
    recommendation: str | None
    attribution: str | None
    impression: tuple[str, ...]
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event as answers use it. `number` grows in the order of arrival."""

    number: int
    event: Event
    anonymous: bool


class LiveEvents:
    """All live events. Thread-safe."""

    def __init__(self, store: Store, *, users: int, events_per_user: int) -> None:
        """`users` are kept in memory, the latest asked about; the newest `events_per_user` of each count."""
        self._store = store
        self._users = users
        self._limit = events_per_user
        self._lock = threading.Lock()
        self._reader = store.reader()  # its own: a request must not wait for somebody who writes
        self._cache: OrderedDict[tuple[int, str], tuple[LiveEvent, ...]] = OrderedDict()

    def put(self, dataset: int, events: Sequence[NewEvent]) -> None:
        """Keep the events; they are on disk when this returns. One whose ID is known already is ignored."""
        with self._store.transaction():
            for event in events:
                self._store.execute(
                    _INSERT,
                    (
                        dataset,
                        event.user,
                        event.session,
                        event.item,
                        event.type,
                        event.value,
                        event.timestamp,
                        event.event_id,
                        event.recommendation,
                        event.attribution,
                        "|".join(event.impression) or None,
                        json.dumps(event.columns) if event.columns else None,
                    ),
                )
        with self._lock:
            for event in events:
                self._cache.pop((dataset, event.user or event.session), None)

    def of(self, dataset: int, user: str) -> tuple[LiveEvent, ...]:
        """The newest events of a user, or of an anonymous session, oldest first."""
        key = (dataset, user)
        with self._lock:
            found = self._cache.get(key)
            if found is not None:
                self._cache.move_to_end(key)
                return found
            # Inside the lock, or events that arrive between reading and keeping would be lost to the cache.
            found = self._read(dataset, user)
            self._cache[key] = found
            if len(self._cache) > self._users:
                self._cache.popitem(last=False)
        return found

    def delete(self, dataset: int, users: Sequence[str]) -> int:
        """Delete the events of users, those of their sessions before they were known included.

        Returns how many. To be called in a transaction of the store; `forget` belongs after it.
        """
        marks = ", ".join("?" * len(users))
        cursor = self._store.execute(
            f"DELETE FROM events WHERE dataset = ? AND (user IN ({marks}) OR user IS NULL AND"  # noqa: S608
            f" session IN (SELECT session FROM events WHERE dataset = ? AND user IN ({marks})))",
            (dataset, *users, dataset, *users),
        )
        return cursor.rowcount

    def forget(self) -> None:
        """Read again what is asked next: events were deleted."""
        with self._lock:
            self._cache.clear()

    def close(self) -> None:
        """Nothing can be asked any more."""
        with self._lock:
            self._reader.close()

    def _read(self, dataset: int, user: str) -> tuple[LiveEvent, ...]:
        return events_of(self._reader, dataset, user, self._limit)


def events_of(reader: sqlite3.Connection, dataset: int, user: str, limit: int) -> tuple[LiveEvent, ...]:
    """The newest `limit` events of a user, or of an anonymous session, oldest first."""
    rows = reader.execute(_OF_USER, {"dataset": dataset, "user": user, "limit": limit}).fetchall()
    rows.sort(key=lambda row: (row[3], row[0]))
    return tuple(
        LiveEvent(number, Event(item, kind, timestamp, value), bool(anonymous))
        for number, item, kind, timestamp, value, anonymous in rows
    )


def last_number(reader: sqlite3.Connection, dataset: int) -> int:
    """Number of the newest event of a dataset, 0 if it has none."""
    found = reader.execute("SELECT coalesce(max(id), 0) FROM events WHERE dataset = ?", (dataset,))
    return int(found.fetchone()[0])


def events_between(
    reader: sqlite3.Connection, dataset: int, after: int, until: int
) -> Iterator[dict[str, Any]]:
    """All events from number `after` (without it) to `until`, by names of columns; also those of nobody."""
    for item, kind, timestamp, value, recommendation, attribution, columns in reader.execute(
        "SELECT item, type, timestamp, value, recommendation, attribution, columns FROM events"
        " WHERE dataset = ? AND id > ? AND id <= ? ORDER BY id",
        (dataset, after, until),
    ):
        yield {
            **(json.loads(columns) if columns else {}),
            "ITEM_ID": item,
            "EVENT_TYPE": kind,
            "TIMESTAMP": timestamp,
            "EVENT_VALUE": value,
            "RECOMMENDATION_ID": recommendation,
            "EVENT_ATTRIBUTION_SOURCE": attribution,
        }


def training_rows(
    reader: sqlite3.Connection, dataset: int, last: int, item_column: str = "ITEM_ID"
) -> Iterator[dict[str, Any]]:
    """The events up to number `last` as rows of the Interactions dataset, by the names of its columns.

    With ACTION_ID as `item_column`: of the Action interactions. Columns that the schema does not have are
    left to the reader to drop.
    """
    for (
        user,
        item,
        kind,
        timestamp,
        value,
        impression,
        recommendation,
        attribution,
        columns,
    ) in reader.execute(_FOR_TRAINING, {"dataset": dataset, "last": last}):
        reserved = {
            "EVENT_VALUE": value,
            "IMPRESSION": impression,
            "RECOMMENDATION_ID": recommendation,
            "EVENT_ATTRIBUTION_SOURCE": attribution,
        }
        yield {
            **(json.loads(columns) if columns else {}),
            "USER_ID": user,
            item_column: item,
            "EVENT_TYPE": kind,
            "TIMESTAMP": timestamp,
            **{name: found for name, found in reserved.items() if found is not None},
        }
