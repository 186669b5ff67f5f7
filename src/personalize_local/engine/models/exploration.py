"""Exploration: a few places of a list go to new items, which could otherwise never be met.

A weight of 0 gives none; with a weight w, each place goes to a new item with a chance of 0.3 w, and these
stand in the last share w of the list. That is what the default of 0.3 costs in relevance: little. Which items
are tried is drawn, the likeliest by metadata among a few drawn ones. The draw follows from the request and
the user's history: the same question gets the same answer until the user does something.
"""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Exploration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import BoolArray, Float32Array, Int64Array
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.item_data import ItemData

CHANCE = 0.3
"""Of a place to be explored, at a weight of 1."""
AUTOMATIC = Exploration(weight=0.001 / CHANCE)
"""User-personalization-v2 explores by itself: a sample's FAQ says with 0.1 % of the recommended items."""
DRAWN = 8
"""Items drawn per explored place; the likeliest is taken."""
TRIES = 4
"""Draws per item wanted, before the allowed ones are looked for one by one."""
DAY = 86_400


class Explorer:
    """Which items are new. One entry per item.

    Attributes:
        born: creation, else first interaction, else the newest interaction of all; epoch seconds.
        users: users who interacted with it.
        met, unmet: whether anybody has interacted with it, whether nobody has.
        newest: time of the newest interaction of all: ages are measured from it, as the guide says.
        vain: how much rarer than others it is taken when shown, as a logarithm, at most 0; None without
            impressions.

    """

    def __init__(
        self, born: Int64Array, users: Int64Array, newest: int, vain: Float32Array | None = None
    ) -> None:
        self.born = born
        self.users = users
        self.newest = newest
        self.vain = vain
        self.met: BoolArray = users > 0
        self.unmet: BoolArray = ~self.met
        self.all_met = bool(self.met.all())
        self._well_known = float(users[self.met].mean()) if self.met.any() else 0.0
        self._new: dict[float, Int64Array] = {}

    @classmethod
    def of(
        cls,
        interactions: Interactions,
        users: Int64Array,
        items: ItemData | None,
    ) -> Explorer:
        """Find out when each item came."""
        newest = int(interactions.timestamps.max(initial=0))
        born = np.full(len(users), newest, np.int64)
        np.minimum.at(born, interactions.items, interactions.timestamps)
        if items is None:
            return cls(born, users, newest)
        return cls(np.where(items.created >= 0, items.created, born), users, newest, items.vain)

    def new(self, days: float) -> Int64Array:
        """Return the items that are younger than so many days and met by fewer users than the mean item."""
        if days not in self._new:
            young = self.newest - self.born < days * DAY
            self._new[days] = np.flatnonzero(young & (self.users < max(self._well_known, 1)))
        return self._new[days]

    def explored(
        self,
        top: Int64Array,
        exploration: Exploration,
        *,
        history: Seen,
        user_id: str | None = None,
        allowed: BoolArray | None = None,
        likely: Callable[[Int64Array], Float32Array | None] = lambda _: None,
    ) -> tuple[Int64Array, BoolArray]:
        """Return a list with some places given to new items, and which those are.

        Args:
            top: the list by relevance, item numbers.
            exploration: weight and age.
            history: of the user; nothing of it is explored.
            user_id: who asks, if known.
            allowed: items that may be recommended; None allows all.
            likely: how much speaks for each of some items; None: nothing is known of any.

        """
        explored = np.zeros(len(top), bool)
        if exploration.weight <= 0 or not len(top):
            return top, explored
        asked = f"{user_id}|{history.rows}|{len(top)}|".encode() + history.items[:3].tobytes()
        # Python's own generator: numpy's takes longer to set up than everything else here takes.
        draw = random.Random(zlib.crc32(asked))  # noqa: S311  # nothing secret
        chance = CHANCE * exploration.weight
        slots = sum([draw.random() < chance for _ in range(len(top))])
        if not slots:
            return top, explored
        known = {*top.tolist(), *history.items.tolist()}
        drawn = self._drawn(draw, slots * DRAWN, self.new(exploration.age_cut_off), known, allowed)
        if drawn and (values := likely(np.array(drawn))) is not None:
            drawn = [drawn[place] for place in np.argsort(-values, kind="stable").tolist()]
        chosen = drawn[:slots]
        last = max(len(chosen), round(len(top) * min(1.0, exploration.weight)))
        explored[draw.sample(range(len(top) - last, len(top)), len(chosen))] = True
        mixed = np.empty(len(top), np.int64)
        mixed[explored] = chosen
        mixed[~explored] = top[: len(top) - len(chosen)]
        return mixed, explored

    @staticmethod
    def _drawn(
        draw: random.Random, count: int, new: Int64Array, known: set[int], allowed: BoolArray | None
    ) -> list[int]:
        """Return at most `count` of the new items that are allowed and not known, in no order."""
        drawn: list[int] = []
        for _ in range(TRIES * count if len(new) else 0):
            item = int(new[draw.randrange(len(new))])
            if item not in known and (allowed is None or allowed[item]):
                known.add(item)
                drawn.append(item)
                if len(drawn) == count:
                    return drawn
        if drawn or allowed is None:
            return drawn
        few = [item for item in new[allowed[new]].tolist() if item not in known]
        return draw.sample(few, min(count, len(few)))

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        arrays: dict[str, NDArray[Any]] = {"born": self.born, "met": self.users}
        if self.vain is not None:
            arrays["vain"] = self.vain
        return {"newest": self.newest, "impressions": self.vain is not None}, arrays

    @classmethod
    def read(cls, folder: Path, description: dict[str, Any]) -> Explorer:
        """Open the files that `parts` named."""
        return cls(
            files.read_array(folder, "born"),
            files.read_array(folder, "met"),
            description["newest"],
            files.read_array(folder, "vain") if description["impressions"] else None,
        )
