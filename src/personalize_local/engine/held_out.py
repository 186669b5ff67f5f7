"""The test users of a training, and how a model does on them.

See `splits` for who they are; trainings of every kind measure in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect
from personalize_local.engine.metrics import LIST_LENGTH, Measurement
from personalize_local.engine.models.inner_split import case
from personalize_local.engine.splits import folds, user_hashes

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import BoolArray
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.recipes import Fit


def test_users(interactions: Interactions) -> BoolArray:
    """Return the test users: fold 0; if that is empty in small data, the user with the smallest hash."""
    held_out: BoolArray = folds(interactions.user_ids) == 0
    lengths = np.diff(interactions.user_starts())
    if not np.any(held_out & (lengths > 1)):
        several = np.flatnonzero(lengths > 1)
        hashes = user_hashes(interactions.user_ids[user] for user in several.tolist())
        held_out[several[np.argmin(hashes)]] = True
    return held_out


def measure(fit: Fit, interactions: Interactions, held_out: BoolArray, *, catalogue: int) -> dict[str, float]:
    """Return the metrics of a fit by its answers to the held-out users."""
    starts = interactions.user_starts()
    measurement = Measurement(catalogue)
    for user in np.flatnonzero(held_out & (np.diff(starts) > 1)).tolist():
        test = case(interactions, int(starts[user]), int(starts[user + 1]))
        measurement.add(fit.recommended(test.history, LIST_LENGTH).astype(np.int32), test.truth.tolist())
    return measurement.metrics()


def catalogue_size(interactions: Interactions, items: Path | None) -> int:
    """Return how many items the data has: those with interactions and those of the items dataset."""
    if items is None:
        return len(interactions.item_ids)
    with connect() as connection:
        rows = connection.execute("SELECT DISTINCT ITEM_ID FROM read_parquet(?)", [str(items)]).fetchall()
    further = sum(interactions.item_ids.position(item) is None for (item,) in rows)
    return len(interactions.item_ids) + further
