"""What every user did, kept with the model: the query of a recommendation is the history itself.

Because nothing about a user is learnt but his events, an event counts as soon as it is added to a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import Float32Array, Int16Array, Int32Array, Int64Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.vocabulary import Vocabulary

NEWEST_ROWS = 2000
"""Rows of a user that a request looks at: bounds the time of one answer for a robot with a million clicks."""


_ROWS = ("starts", "items", "timestamps", "event_types")


class Seen(NamedTuple):
    """The distinct items of a history, the newest first.

    Attributes:
        items: item numbers.
        counts: how often each occurs.
        event_types: number of the event type of its newest occurrence; -1 for a type that training never saw.
        rows: length of the history with repetitions.

    """

    items: Int32Array
    counts: Int64Array
    event_types: Int16Array
    rows: int


def seen(items: Int32Array, event_types: Int16Array) -> Seen:
    """Summarise a history given oldest first."""
    backwards = items[::-1]
    distinct, first, counts = np.unique(backwards, return_index=True, return_counts=True)
    order = np.argsort(first)
    return Seen(distinct[order], counts[order], event_types[::-1][first[order]], len(items))


@dataclass(frozen=True, slots=True)
class Histories:
    """All users' rows, sorted by user and time.

    Attributes:
        user_ids, item_ids: the identifiers behind the numbers.
        starts: where the rows of each user begin, shape (users + 1,).
        items, timestamps, event_types: one entry per row.
        event_type_names: by number.
        wanted: event types that were trained on, lower case, and the least value of each that counts; live
            events of other types do not count. None: all were.

    """

    user_ids: Vocabulary
    item_ids: Vocabulary
    starts: Int64Array
    items: Int32Array
    timestamps: Int64Array
    event_types: Int16Array
    event_type_names: tuple[str, ...]
    wanted: Mapping[str, float | None] | None = None

    @classmethod
    def of(cls, interactions: Interactions, *, wanted: Mapping[str, float | None] | None = None) -> Histories:
        """Keep the rows of all users."""
        return cls(
            user_ids=interactions.user_ids,
            item_ids=interactions.item_ids,
            starts=interactions.user_starts(),
            items=interactions.items,
            timestamps=interactions.timestamps,
            event_types=interactions.event_types,
            event_type_names=interactions.event_type_names,
            wanted=None if wanted is None else {name.lower(): least for name, least in wanted.items()},
        )

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any] | Vocabulary]]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        description = {
            "event_type_names": list(self.event_type_names),
            "wanted": None if self.wanted is None else dict(self.wanted),
        }
        return description, {name: getattr(self, name) for name in ("user_ids", "item_ids", *_ROWS)}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any]) -> Histories:
        """Open the files that `parts` named."""
        return cls(
            user_ids=files.read_vocabulary(folder, "user_ids"),
            item_ids=files.read_vocabulary(folder, "item_ids"),
            event_type_names=tuple(description["event_type_names"]),
            wanted=description["wanted"],
            **{name: files.read_array(folder, name) for name in _ROWS},
        )

    def seen(self, user_id: str | None, live: Sequence[Event]) -> Seen:
        """Return what a user has seen, in training and since."""
        user = None if user_id is None else self.user_ids.position(user_id)
        rows = slice(0, 0) if user is None else self.rows_of(user)
        items, event_types = self.items[rows], self.event_types[rows]
        if live:
            fresh, kinds = self._known(live)
            items = np.concatenate((items, fresh))
            event_types = np.concatenate((event_types, kinds))
        return seen(items[-NEWEST_ROWS:], event_types[-NEWEST_ROWS:])

    def rows_of(self, user: int) -> slice:
        """Return where the rows of a user are."""
        return slice(int(self.starts[user]), int(self.starts[user + 1]))

    def _known(self, live: Sequence[Event]) -> tuple[Int32Array, Int16Array]:
        """Return item and event type numbers of the events that count; -1 for a type that is new.

        Almost the whole time of an answer can go by here, so what is the same for all events of a type is
        found once.
        """
        numbers: dict[str, int] = {}
        for number, name in enumerate(self.event_type_names):
            numbers.setdefault(name.lower(), number)
        rules: dict[str, tuple[bool, float | None, int]] = {}
        position = self.item_ids.position
        items, kinds = [], []
        for event in live:
            written = event.event_type
            if written not in rules:
                kind = written.lower()
                rules[written] = (
                    self.wanted is None or kind in self.wanted,
                    None if self.wanted is None else self.wanted.get(kind),
                    numbers.get(kind, -1),
                )
            wanted, least, number = rules[written]
            if not wanted or event.item_id is None:
                continue
            if least is not None and (event.event_value is None or event.event_value < least):
                continue
            item = position(event.item_id)
            if item is not None:
                items.append(item)
                kinds.append(number)
        return np.array(items, np.int32), np.array(kinds, np.int16)

    def events(self, user_id: str) -> list[Event]:
        """Return a user's events of the training data, oldest first; empty for an unknown user."""
        user = self.user_ids.position(user_id)
        if user is None:
            return []
        rows = self.rows_of(user)
        return [
            Event(self.item_ids[item], self.event_type_names[kind], when)
            for item, kind, when in zip(
                self.items[rows].tolist(),
                self.event_types[rows].tolist(),
                self.timestamps[rows].tolist(),
                strict=True,
            )
        ]


def weights_of(event_weights: Mapping[str, float], names: Sequence[str]) -> Float32Array:
    """Return the weight of each event type number, relative to their mean; types compare without case."""
    by_name = {name.lower(): weight for name, weight in event_weights.items()}
    weights = np.array([by_name.get(name.lower(), 0.0) for name in names], np.float32)
    return (weights / max(float(weights.mean()), 1e-9)).astype(np.float32)
