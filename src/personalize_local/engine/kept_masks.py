"""Masks that filters have worked out and will be asked for again; all filters of a table share the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.engine.arrays import BoolArray

MOST_BYTES = 32 * 2**20


class KeptMasks:
    """Masks of one table, by what they depend on. When the room is full, everything is thrown away.

    Thread-safe: a look-up or a change is one step, and whoever has got a mask keeps it.
    """

    def __init__(
        self,
        positions: int,
        *,
        most_bytes: int = MOST_BYTES,
        kept: dict[tuple[Any, ...], BoolArray] | None = None,
    ) -> None:
        """Make room for masks of so many positions. `kept` is where they are kept."""
        self._most = max(4, most_bytes // max(1, positions))
        self._kept = {} if kept is None else kept

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: tuple[Any, ...]) -> BoolArray | None:
        """Return the mask, if it is kept."""
        return self._kept.get(key)

    def keep(self, key: tuple[Any, ...], mask: BoolArray) -> None:
        """Keep a mask, which nobody may write to from now on.

        What the key names lives as long as the mask, so that nothing else can be taken for it.
        """
        mask.setflags(write=False)
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = mask
