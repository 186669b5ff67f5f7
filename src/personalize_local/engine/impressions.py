"""Impressions: what was shown and not taken is not worth showing to the next one.

Only exploration asks: an item with interactions is judged by these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect, text

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import Float32Array
    from personalize_local.engine.vocabulary import Vocabulary
    from personalize_rules.schemas import Schema

CAUTION = 2.0
"""Takings that each item is given in advance: one that was shown a few times in vain stays a candidate."""


def shown_in_vain(parquet: Path, schema: Schema, ids: Vocabulary) -> Float32Array | None:
    """Return how much rarer than others each item is taken when shown; None without impressions.

    Args:
        parquet: interactions; IMPRESSION is a list of item ids with "|" between them.
        schema: of the interactions.
        ids: the items of the model.

    """
    if schema.field("IMPRESSION") is None:
        return None
    numbers = {identifier: number for number, identifier in enumerate(ids)}
    with connect() as connection:
        if "IMPRESSION" not in connection.read_parquet(str(parquet)).columns:
            return None
        rows = connection.execute(
            "SELECT item, count(*), count(*) FILTER (item = ITEM_ID) FROM"  # noqa: S608
            " (SELECT ITEM_ID, unnest(list_distinct(string_split(IMPRESSION, '|'))) AS item"
            f" FROM read_parquet({text(parquet)}) WHERE IMPRESSION <> '') GROUP BY item"
        ).fetchall()
    shown, taken = np.zeros(len(ids)), np.zeros(len(ids))
    for item, count, hits in rows:
        if (number := numbers.get(item)) is not None:
            shown[number], taken[number] = count, hits
    if not shown.any():
        return None
    usual = max(float(taken.sum()), 1.0) / float(shown.sum())
    ratio: Float32Array = np.log((taken + CAUTION) / (shown * usual + CAUTION)).astype(np.float32)
    return np.minimum(ratio, 0)
