"""The test users of a training, and how a model does on them.

See `splits` for who they are; trainings of every kind measure in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect
from personalize_local.engine.metrics import LIST_LENGTH, Measurement
from personalize_local.engine.models.inner_split import case
from personalize_local.engine.models.objective import reward_share
from personalize_local.engine.splits import folds, truth_size, user_hashes

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import BoolArray, Float32Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.trainers import Fit


def test_users(interactions: Interactions) -> BoolArray:
    """Return the test users: fold 0; if that is empty in small data, the user with the smallest hash."""
    held_out: BoolArray = folds(interactions.user_ids) == 0
    lengths = np.diff(interactions.user_starts())
    if not np.any(held_out & (lengths > 1)):
        several = np.flatnonzero(lengths > 1)
        hashes = user_hashes(interactions.user_ids[user] for user in several.tolist())
        held_out[several[np.argmin(hashes)]] = True
    return held_out


def measure(
    fit: Fit,
    interactions: Interactions,
    held_out: BoolArray,
    *,
    catalogue: int,
    event_weights: Float32Array | None = None,
    rewards: Float32Array | None = None,
) -> dict[str, float]:
    """Return the metrics of a fit by its answers to the held-out users.

    Args:
        fit: to be asked.
        interactions: all of them.
        held_out: by user number.
        catalogue: number of items in the data.
        event_weights: by event type number, relative to their mean: the worth of a hit.
        rewards: of the optimisation objective by item number, at least 0.

    """
    starts = interactions.user_starts()
    measurement = Measurement(catalogue)
    for user in np.flatnonzero(held_out & (np.diff(starts) > 1)).tolist():
        begin, end = int(starts[user]), int(starts[user + 1])
        test = case(interactions, begin, end)
        found = fit.recommended(test.history, LIST_LENGTH)
        measurement.add(
            found.astype(np.int32),
            test.truth.tolist(),
            gains=None if event_weights is None else _gains(interactions, begin, end, event_weights),
            reward=None if rewards is None else reward_share(found, test.truth, rewards),
        )
    return measurement.metrics()


def _gains(interactions: Interactions, begin: int, end: int, weights: Float32Array) -> dict[int, float]:
    """Return the worth of the items of a user's truth: that of the best event with each."""
    newest = slice(end - truth_size(end - begin), end)
    gains: dict[int, float] = {}
    for item, worth in zip(
        interactions.items[newest].tolist(),
        weights[interactions.event_types[newest]].tolist(),
        strict=True,
    ):
        gains[item] = max(worth, gains.get(item, 0.0))
    return gains


def catalogue_size(interactions: Interactions, items: Path | None) -> int:
    """Return how many items the data has: those with interactions and those of the items dataset."""
    if items is None:
        return len(interactions.item_ids)
    with connect() as connection:
        rows = connection.execute("SELECT DISTINCT ITEM_ID FROM read_parquet(?)", [str(items)]).fetchall()
    further = sum(interactions.item_ids.position(item) is None for (item,) in rows)
    return len(interactions.item_ids) + further
