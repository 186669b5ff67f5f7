"""optimizationObjective: lists lean towards items with a high value in a numeric column.

How far is a matter of log odds: an item at the top of the column against one in its middle counts as many
times likelier as the sensitivity says. Values count by rank: neither their unit nor one huge price decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.engine.arrays import Float32Array, Int64Array

PULL: Mapping[str, float] = {"OFF": 0.0, "LOW": 0.5, "MEDIUM": 1.5, "HIGH": 4.0}
"""Log odds between the item with the highest value and the one in the middle.

On MovieLens the service lost little relevance with LOW and more than half of it with HIGH.
"""
REWARDED = 25
"""The k of average_rewards_at_k."""


def leaning(rewards: Float32Array, sensitivity: str) -> Float32Array | None:
    """Return the log odds that an item gains or loses, by rank of its value; None if there are none.

    Raises:
        ValueError: no such sensitivity.

    """
    if sensitivity not in PULL:
        raise ValueError(f"objectiveSensitivity: '{sensitivity}' must be one of {', '.join(PULL)}")
    known = np.isfinite(rewards)
    if not PULL[sensitivity] or not known.any():
        return None
    values, which, counts = np.unique(rewards[known], return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    ranks = 2 * middle / known.sum() - 1  # -1 to 1, equal values alike
    result = np.zeros(len(rewards), np.float32)
    result[known] = (PULL[sensitivity] * ranks)[which]
    return result if len(values) > 1 else None


def positive(rewards: Float32Array) -> Float32Array:
    """Return rewards that are at least 0: a column with negative values is moved up; none is 0."""
    least = float(np.nanmin(rewards)) if np.isfinite(rewards).any() else 0.0
    moved: Float32Array = np.nan_to_num(rewards - min(least, 0.0), nan=0.0).astype(np.float32)
    return moved


def reward_share(recommended: Int64Array, truth: Int64Array, rewards: Float32Array) -> float | None:
    """Return the reward of the truth that is in the first 25 by that of all of it; None if it has none."""
    total = float(rewards[truth].sum())
    if total <= 0:
        return None
    return float(rewards[truth[np.isin(truth, recommended[:REWARDED])]].sum()) / total
