"""Users set aside inside the training data, to learn what fitting on the same users would get wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.histories import Seen, seen
from personalize_local.engine.splits import truth_size, user_hashes

if TYPE_CHECKING:
    from personalize_local.engine.arrays import Int64Array
    from personalize_local.engine.interactions import Interactions

SHARE = 0.2
MOST_USERS = 1000
MOST_ROWS = 600_000
"""Rows that the inner fit learns from: with more, what is learnt there stays the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a user had seen, and the distinct items he went on to."""

    history: Seen
    truth: Int64Array


def case(interactions: Interactions, begin: int, end: int) -> Case:
    """Cut a user's rows, `begin` to `end`, into the oldest 90 % and the newest 10 %."""
    middle = end - truth_size(end - begin)
    return Case(
        seen(interactions.items[begin:middle], interactions.event_types[begin:middle]),
        np.unique(interactions.items[middle:end]).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class InnerSplit:
    """Interactions to fit on, and cases of other users to learn from."""

    interactions: Interactions
    cases: list[Case]

    @classmethod
    def of(cls, interactions: Interactions, seed: int) -> InnerSplit:
        """Set a fifth of the users aside, at most 1,000; the same ones for the same seed."""
        starts = interactions.user_starts()
        lengths = np.diff(starts)
        users = np.flatnonzero(lengths > 0)
        ids = (interactions.user_ids[user] for user in users.tolist())
        users = users[np.argsort(user_hashes(ids, purpose=f"inner {seed}"), kind="stable")]
        several = users[lengths[users] > 1]
        aside = several[: min(MOST_USERS, int(np.ceil(len(several) * SHARE)))]
        others = users[~np.isin(users, aside)]
        others = others[np.cumsum(lengths[others]) <= MOST_ROWS]
        kept = np.zeros(len(lengths), bool)
        kept[others] = True
        bounds = zip(starts[aside].tolist(), starts[aside + 1].tolist(), strict=True)
        return cls(interactions.of_users(kept), [case(interactions, begin, end) for begin, end in bounds])
