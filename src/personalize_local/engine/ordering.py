"""The order of events: by whom, then by time, then as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from personalize_local.engine.arrays import Int32Array, Int64Array


def by_key_and_time(keys: Int32Array | Int64Array, times: Int64Array) -> Int64Array:
    """Return the places of rows in the order of their keys (from 0 on) and times; equal ones stay in order.

    What `np.lexsort` returns in a third of its time: both fit into one number, and numbers are sorted
    fastest where equal ones need not stay in order; the few equal ones are put right afterwards.
    """
    if not len(keys):
        return np.empty(0, np.int64)
    first = int(times.min())
    span = int(times.max()) - first + 1
    if (int(keys.max()) + 1) * span > np.iinfo(np.int64).max:
        return np.lexsort((times, keys)).astype(np.int64)
    joined = keys.astype(np.int64) * span + (times - first)
    order = np.argsort(joined)
    joined = joined[order]
    same = joined[1:] == joined[:-1]
    if same.any():
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        places = order[tied]
        order[tied] = places[np.lexsort((places, joined[tied]))]
    return order
