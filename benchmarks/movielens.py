"""MovieLens small as Amazon Personalize was given it in the recorded runs: ratings as events."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

PLACE = "PERSONALIZE_SHARED"
ROWS = 158_371


def ratings() -> Path | None:
    """Return ratings.csv of ml-latest-small in the folder that PERSONALIZE_SHARED names, if it is there."""
    place = os.environ.get(PLACE)
    file = Path(place) / "data" / "ml-latest-small" / "ratings.csv" if place else None
    return file if file and file.exists() else None


def write_interactions(csv: Path, target: Path) -> Path:
    """Write a rating above 1 as a click, above 3 also as a watch of the same time; in the order of time."""
    with duckdb.connect() as connection:
        connection.read_csv(str(csv)).create_view("ratings")
        rows = connection.sql(
            """
            SELECT userId::VARCHAR AS USER_ID, movieId::VARCHAR AS ITEM_ID,
                   "timestamp"::BIGINT AS TIMESTAMP, EVENT_TYPE
            FROM (
                SELECT *, 'click' AS EVENT_TYPE FROM ratings WHERE rating > 1
                UNION ALL
                SELECT *, 'watch' AS EVENT_TYPE FROM ratings WHERE rating > 3
            )
            ORDER BY "timestamp", EVENT_TYPE, userId, movieId
            """
        )
        rows.write_parquet(str(target))
    return target
