"""Implicit impressions: which items an answer showed, for events that name it by its recommendationId.

Only the newest answers of recipes that explore are remembered, and only until the server ends: nothing else
reads impressions, and a write to the disk for every answer would cost more than the answer.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.service.resource import Answer

MOST_ITEMS: Final = 25  # of an impression, as PutEvents takes them


class ShownItems:
    """The items of the newest answers. Thread-safe."""

    def __init__(self, answers: int) -> None:
        """`answers` are remembered."""
        self._most = answers
        self._lock = threading.Lock()
        self._items: dict[str, tuple[str, ...]] = {}

    def keep(self, recommendation_id: str, items: Sequence[Answer]) -> None:
        """Remember an answer; the oldest is given up for it."""
        shown = tuple([item["itemId"] for item in items[:MOST_ITEMS]])
        with self._lock:
            self._items[recommendation_id] = shown
            if len(self._items) > self._most:
                del self._items[next(iter(self._items))]

    def of(self, recommendation_id: str | None) -> tuple[str, ...]:
        """The items that an answer showed, the best first; none if it is not remembered."""
        return self._items.get(recommendation_id, ()) if recommendation_id else ()
