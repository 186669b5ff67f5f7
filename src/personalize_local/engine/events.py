"""What a user did, as filters on interactions see it: his last events of each type, bulk and live.

Bulk data is prepared once, so that a request finds a user by binary search in memory-mapped arrays and
touches nothing else. Live events come with the request, because they are known only then.

The service also drops histories that were idle for three months; data imported here is often older and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from personalize_local.engine.atomic import folder_written
from personalize_local.engine.database import connect, name, text
from personalize_local.engine.ordering import by_key_and_time
from personalize_local.engine.vocabulary import Vocabulary
from personalize_rules import quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from personalize_local.engine.arrays import Int16Array, Int32Array, Int64Array


class LiveEvent(Protocol):
    """An event that came by PutEvents."""

    @property
    def item_id(self) -> str | None: ...  # the names say it
    @property
    def event_type(self) -> str: ...
    @property
    def timestamp(self) -> int: ...


@dataclass(frozen=True, slots=True)
class UserEvents:
    """The last events of one user, by event type in lower case, as positions of items in a table."""

    positions: dict[str, Int32Array]
    """May name a position twice; items that the table does not have are left out."""

    def of_types(self, event_types: Collection[str]) -> Int32Array:
        """Return the positions of the items with an event of one of these types (in lower case)."""
        found = [self.positions[event_type] for event_type in event_types if event_type in self.positions]
        if len(found) == 1:
            return found[0]
        return np.concatenate(found) if found else np.empty(0, np.int32)

    def renamed(self, name: Callable[[str], str]) -> UserEvents:
        """Return the same events with other names of their types; types that get the same name are one."""
        positions: dict[str, Int32Array] = {}
        for event_type, found in self.positions.items():
            new = name(event_type)
            positions[new] = np.concatenate([positions[new], found]) if new in positions else found
        return UserEvents(positions)


NO_EVENTS = UserEvents({})
"""Of a user who did nothing yet."""


class EventHistory:
    """The last events of every user and event type in the bulk data of an interactions dataset."""

    def __init__(self, folder: Path) -> None:
        """Open what `build` has written to `folder`; nothing is read yet."""
        self._users = Vocabulary(_mapped(folder / "user_text.npy"), _mapped(folder / "user_offsets.npy"))
        self._items = Vocabulary(_mapped(folder / "item_text.npy"), _mapped(folder / "item_offsets.npy"))
        types = Vocabulary(_mapped(folder / "type_text.npy"), _mapped(folder / "type_offsets.npy"))
        self._event_types: list[str] = types[:]
        self._starts: Int64Array = _mapped(folder / "starts.npy")
        self._item_numbers: Int32Array = _mapped(folder / "items.npy")
        self._type_numbers: Int16Array = _mapped(folder / "types.npy")
        self._timestamps: Int64Array = _mapped(folder / "timestamps.npy")

    @classmethod
    def build(
        cls,
        parquet: Path,
        folder: Path,
        *,
        item_column: str = "ITEM_ID",
        limit: int = quotas.FILTER_EVENTS_PER_USER_AND_TYPE,
    ) -> EventHistory:
        """Prepare the events of a Parquet file of interactions or, by ACTION_ID, of action interactions.

        Args:
            parquet: USER_ID, the item column, TIMESTAMP, perhaps EVENT_TYPE; without it all have type "".
            folder: to be made; appears whole or not at all. If it is already there, it is opened as it is.
            item_column: what the events are about.
            limit: how many events of one user and type are kept, the latest.

        """
        if not folder.exists():
            with folder_written(folder) as temporary:
                _write(parquet, temporary, item_column, limit)
        return cls(folder)

    def view(self, ids: Vocabulary, limit: int = quotas.FILTER_EVENTS_PER_USER_AND_TYPE) -> EventView:
        """Return the events in terms of a list of identifiers, such as the items of a model.

        Costs a look-up per item of the history: keep the view, not the history.
        """
        positions = np.full(len(self._items), -1, np.int32)
        wanted = {identifier: position for position, identifier in enumerate(ids)}
        for number, identifier in enumerate(self._items):
            positions[number] = wanted.get(identifier, -1)
        return EventView(self, positions, ids, limit)

    def rows(self, user_id: str) -> tuple[Int16Array, Int32Array, Int64Array]:
        """Return types, items and times of a user's events, by type and then by time; empty if unknown."""
        number = self._users.position(user_id)
        start, end = (0, 0) if number is None else (int(self._starts[number]), int(self._starts[number + 1]))
        return self._type_numbers[start:end], self._item_numbers[start:end], self._timestamps[start:end]

    @property
    def event_types(self) -> Sequence[str]:
        """Names of the event types in lower case; the place of one is its number in `rows`."""
        return self._event_types


class EventView:
    """The events of every user, as positions in one list of identifiers."""

    def __init__(
        self,
        history: EventHistory | None,
        positions: Int32Array,
        ids: Vocabulary,
        limit: int = quotas.FILTER_EVENTS_PER_USER_AND_TYPE,
    ) -> None:
        """Take a history (None: only live events) and where its items are in `ids` (-1: not there)."""
        self._history = history
        self._positions = positions
        self._ids = ids
        self._limit = limit

    @classmethod
    def live_only(cls, ids: Vocabulary, limit: int = quotas.FILTER_EVENTS_PER_USER_AND_TYPE) -> EventView:
        """Make the view for a dataset group without bulk interactions."""
        return cls(None, np.empty(0, np.int32), ids, limit)

    def of(self, user_id: str | None, live: Sequence[LiveEvent] = ()) -> UserEvents:
        """Return the last events of a user: of each type the latest `limit`, bulk and live together.

        Args:
            user_id: or a session's ID for an anonymous user; None for nobody.
            live: his live events in any order; those without an item are left out.

        """
        places: dict[str, Int32Array] = {}
        times: dict[str, Int64Array] = {}
        if self._history is not None and user_id is not None:
            types, items, timestamps = self._history.rows(user_id)
            if len(types):
                known = self._positions[items]
                for event_type, start, end in _runs(types):
                    name_of_type = self._history.event_types[event_type]
                    places[name_of_type] = known[start:end]
                    times[name_of_type] = timestamps[start:end]
        if live:
            self._add(places, times, live)
        return UserEvents({event_type: found[found >= 0] for event_type, found in places.items()})

    def _add(
        self, places: dict[str, Int32Array], times: dict[str, Int64Array], live: Sequence[LiveEvent]
    ) -> None:
        fresh: dict[str, list[tuple[int, int]]] = {}
        for event in live:
            if event.item_id is not None:
                position = self._ids.position(event.item_id)
                fresh.setdefault(event.event_type.lower(), []).append(
                    (event.timestamp, -1 if position is None else position)
                )
        for event_type, events in fresh.items():
            when = np.array([timestamp for timestamp, _ in events], np.int64)
            where = np.array([position for _, position in events], np.int32)
            if event_type in places:
                when = np.concatenate([times[event_type], when])
                where = np.concatenate([places[event_type], where])
            if len(where) > self._limit:
                where = where[np.argsort(when, kind="stable")[-self._limit :]]
            places[event_type] = where


def _runs(sorted_numbers: Int16Array) -> list[tuple[int, int, int]]:
    """Give each distinct number with the start and the end of its run."""
    edges = np.flatnonzero(sorted_numbers[1:] != sorted_numbers[:-1]) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(sorted_numbers)]
    return [(int(sorted_numbers[start]), start, end) for start, end in zip(starts, ends, strict=True)]


def _mapped(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r")).view(np.ndarray)


def _write(parquet: Path, folder: Path, item_column: str, limit: int) -> None:
    with connect() as connection:
        source = f"read_parquet({text(parquet)})"
        has_types = "EVENT_TYPE" in connection.read_parquet(str(parquet)).columns
        columns = {
            "user": "USER_ID",
            "item": name(item_column),
            "type": "coalesce(lower(EVENT_TYPE), '')" if has_types else "''",
        }
        codes: dict[str, str] = {}
        counts: dict[str, int] = {}
        for kind, column in columns.items():
            # The order of DuckDB is that of the bytes, which a vocabulary needs. An enum is its dictionary
            # encoding: faster than a join, and no texts come to Python but these.
            connection.execute(
                f"CREATE TYPE {kind}_code AS ENUM (SELECT DISTINCT {column} AS id FROM {source} ORDER BY id)"  # noqa: S608
            )
            found = connection.execute(f"SELECT unnest(enum_range(NULL::{kind}_code))").fetchall()
            ids = Vocabulary.of(one for (one,) in found)
            np.save(folder / f"{kind}_text.npy", ids.text)
            np.save(folder / f"{kind}_offsets.npy", ids.offsets)
            codes[kind] = f"enum_code({column}::{kind}_code)::INTEGER"
            counts[kind] = len(ids)
        selected = f"{codes['user']} AS u, {codes['item']} AS i, {codes['type']} AS e, TIMESTAMP AS t"
        rows = connection.execute(f"SELECT {selected} FROM {source}").fetchnumpy()  # noqa: S608
    # One key for user and type, because every key is a sort of all rows.
    key = rows["u"].astype(np.int64) * counts["type"] + rows["e"]
    order = by_key_and_time(key, rows["t"])
    key = key[order]
    # How far each row is from the end of its run of one user and one type.
    change = np.flatnonzero(key[1:] != key[:-1]) + 1
    ends = np.repeat(np.append(change, len(key)), np.diff(np.concatenate([[0], change, [len(key)]])))
    kept = ends - np.arange(len(key)) <= limit
    order, user, event_type = order[kept], key[kept] // counts["type"], key[kept] % counts["type"]
    starts = np.searchsorted(user, np.arange(counts["user"] + 1))
    np.save(folder / "starts.npy", starts.astype(np.int64))
    np.save(folder / "items.npy", rows["i"][order].astype(np.int32))
    np.save(folder / "types.npy", event_type.astype(np.int16))
    np.save(folder / "timestamps.npy", rows["t"][order].astype(np.int64))
