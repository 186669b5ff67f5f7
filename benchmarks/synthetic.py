"""Seeded interactions with the shape of real ones: popular items, busy users, tastes, moods that pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

CLUSTERS = 60
TASTES = 3
"""Clusters of items that a user likes; seven of ten interactions are with them."""


def write_interactions(target: Path, rows: int, *, items: int | None = None, seed: int = 7) -> Path:
    """Write about `rows` interactions as Parquet, in no order: 60 per user in the mean, at least 2.

    Items follow a power law of exponent 0.9 within and outside the tastes; if `items` does not say how many,
    there are 10,000 up to a million rows, 27,000 above. The number of interactions per user is lognormal.
    """
    draw = np.random.default_rng(seed)
    users = max(100, rows // 60)
    items = items or (10_000 if rows <= 1_000_000 else 27_000)
    activity = draw.lognormal(0, 1, users)
    user = np.repeat(
        np.arange(users, dtype=np.int32), np.maximum(2, draw.multinomial(rows, activity / activity.sum()))
    )
    popularity = (np.arange(items) + 10.0) ** -0.9
    cluster_of_item = draw.integers(0, CLUSTERS, items)
    tastes = draw.integers(0, CLUSTERS, (users, TASTES))
    cluster = tastes[user, draw.integers(0, TASTES, len(user))]
    cluster[draw.random(len(user)) >= 0.7] = -1
    item = np.empty(len(user), np.int32)
    for one in range(-1, CLUSTERS):
        members = np.arange(items) if one < 0 else np.flatnonzero(cluster_of_item == one)
        chosen = np.flatnonzero(cluster == one)
        weights = popularity[members] / popularity[members].sum()
        item[chosen] = draw.choice(members, len(chosen), p=weights)
    columns = {  # noqa: F841  # DuckDB reads it by its name
        "user": user,
        "item": item,
        "time": 1_600_000_000 + draw.integers(0, 90_000_000, len(user)),
    }
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")  # it would be written to stdout
        connection.sql(
            "SELECT 'u' || \"user\" AS USER_ID, 'i' || item AS ITEM_ID, \"time\" AS TIMESTAMP FROM columns"
        ).write_parquet(str(target))
    return target
