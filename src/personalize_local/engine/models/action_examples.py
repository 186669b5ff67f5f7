"""Occasions to take an action, and whether it was taken: what next-best-action learns from.

An occasion is an event of a user with an action: he saw it, refused it, or took it unasked. It went well if
he took the action within the optimization period; a TAKEN that follows another event of the same action
within the period is the outcome of that one and no occasion of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.arrays import BoolArray, Float32Array, Int32Array, Int64Array
    from personalize_local.engine.interactions import Interactions

HISTORY_FEATURES = 4
PRIOR_OCCASIONS = 5.0
"""Occasions with the mean rate that a user's own rate is mixed with."""
TAKEN = "taken"


def is_taken(event_type: str) -> bool:
    """Return whether an event type says that the action was taken; `Taken` and `TAKEN` are both in use."""
    return event_type.replace("_", " ").strip().lower() == TAKEN


def taken_types(names: Sequence[str]) -> BoolArray:
    """Return which event type numbers mean that the action was taken."""
    return np.array([is_taken(one) for one in names], bool)


@dataclass(frozen=True, slots=True)
class Examples:
    """One entry per occasion.

    Attributes:
        users, actions: numbers.
        labels: whether the action was taken within the period.
        history: what the user had done until then; see `history_features`.

    """

    users: Int32Array
    actions: Int32Array
    labels: BoolArray
    history: Float32Array

    def __len__(self) -> int:
        return len(self.users)

    def where(self, rows: BoolArray | Int64Array) -> Examples:
        """Return some of them."""
        return Examples(self.users[rows], self.actions[rows], self.labels[rows], self.history[rows])

    @classmethod
    def of(cls, rows: Interactions, *, period: int, rate: float) -> Examples:
        """Find the occasions.

        Args:
            rows: action interactions, sorted by user and time.
            period: seconds.
            rate: share of events that are TAKEN, over all users.

        """
        taken = taken_types(rows.event_type_names)[rows.event_types]
        users, actions, times = rows.users.astype(np.int64), rows.items.astype(np.int64), rows.timestamps
        # By pair of user and action, then time; `order` is stable, so equal times keep the data's order.
        pairs = users * max(1, len(rows.item_ids)) + actions
        order = np.lexsort((np.arange(len(users)), times, pairs))
        pair, when, took = pairs[order], times[order], taken[order]
        place = np.arange(len(order))
        labels = np.zeros(len(order), bool)
        own = np.ones(len(order), bool)
        if len(order):
            following = np.minimum.accumulate(np.where(took, place, len(order))[::-1])[::-1]
            after = np.append(following[1:], len(order))
            there = after < len(order)
            index = np.where(there, after, 0)
            labels = there & (pair[index] == pair) & (when[index] - when <= period) & ~took
            before = np.maximum.accumulate(np.where(~took, place, -1))
            index = np.maximum(before, 0)
            prompted = (before >= 0) & (pair[index] == pair) & (when - when[index] <= period)
            own = ~(took & prompted)
            labels |= took
        unordered_labels, unordered_own = np.empty_like(labels), np.empty_like(own)
        unordered_labels[order], unordered_own[order] = labels, own
        features = history_features(
            _until(pairs, taken), _until(pairs, ~taken), _until(users, taken), _until(users, ~taken), rate
        )
        return cls(
            rows.users[unordered_own],
            rows.items[unordered_own],
            unordered_labels[unordered_own],
            features[unordered_own],
        )


def history_features(
    taken: Int64Array, others: Int64Array, taken_at_all: Int64Array, others_at_all: Int64Array, rate: float
) -> Float32Array:
    """Return what a user's past says, shape (n, `HISTORY_FEATURES`); all 0 for one without a past.

    Args:
        taken: how often he took the action.
        others: how often he saw or refused it.
        taken_at_all: how often he took any action.
        others_at_all: how often he saw or refused any.
        rate: share of events that are TAKEN, over all users.

    """
    own = (taken_at_all + PRIOR_OCCASIONS * rate) / (taken_at_all + others_at_all + PRIOR_OCCASIONS)
    rate = min(max(rate, 1e-3), 1 - 1e-3)
    own = np.clip(own, 1e-3, 1 - 1e-3)
    features = (
        np.log1p(taken),
        np.log1p(others),
        np.log(own / (1 - own)) - np.log(rate / (1 - rate)),
        (taken > 0).astype(np.float64),
    )
    return np.stack(features, axis=-1).astype(np.float32)


def _until(groups: Int64Array, counted: BoolArray) -> Int64Array:
    """Return how many counted rows of its group come before each row; rows of a user are sorted by time."""
    order = np.argsort(groups, kind="stable")
    grouped, ones = groups[order], counted[order].astype(np.int64)
    sums = np.cumsum(ones) - ones
    first = np.searchsorted(grouped, grouped, side="left")
    result = np.empty(len(groups), np.int64)
    result[order] = sums - sums[first] if len(groups) else sums
    return result
