"""Interactions in memory: who interacted with what, when, as arrays of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Int16Array,
        Int32Array,
        Int64Array,
    )


@dataclass(frozen=True, slots=True)
class Interactions:
    """Rows sorted by user, then time, then their order in the data; all arrays have one entry per row.

    Attributes:
        users: number of the user in `user_ids`.
        items: number of the item in `item_ids`.
        timestamps: epoch seconds.
        event_types: number of the event type in `event_type_names`; zeros if the data has no EVENT_TYPE.
        event_values: EVENT_VALUE, NaN where null; None if the data has none.
        user_ids: sorted, only users that have rows.
        item_ids: sorted, only items that have rows.
        event_type_names: in first-seen order of sorting; [""] if the data has no EVENT_TYPE.
    """

    users: Int32Array
    items: Int32Array
    timestamps: Int64Array
    event_types: Int16Array
    event_values: Float32Array | None
    user_ids: Vocabulary
    item_ids: Vocabulary
    event_type_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.users)

    def user_starts(self) -> Int64Array:
        """Return where the rows of each user begin, and the end of the last: shape (users + 1,)."""
        return np.searchsorted(self.users, np.arange(len(self.user_ids) + 1, dtype=np.int32)).astype(np.int64)

    def of_users(self, kept: BoolArray) -> Interactions:
        """Return the rows of some users only; all numbers stay what they are."""
        return self.where(kept[self.users])

    def where(self, rows: BoolArray) -> Interactions:
        """Return some rows only; all numbers stay what they are."""
        return Interactions(
            users=self.users[rows],
            items=self.items[rows],
            timestamps=self.timestamps[rows],
            event_types=self.event_types[rows],
            event_values=None if self.event_values is None else self.event_values[rows],
            user_ids=self.user_ids,
            item_ids=self.item_ids,
            event_type_names=self.event_type_names,
        )


def read_interactions(
    path: Path, *, event_type: str | None = None, event_value_threshold: float | None = None
) -> Interactions:
    """Read a Parquet file with USER_ID, ITEM_ID, TIMESTAMP and perhaps EVENT_TYPE, EVENT_VALUE.

    Args:
        path: the Parquet file; rows of one user with the same time keep the file's order.
        event_type: keep only this type; types compare without regard to case, as in the service.
        event_value_threshold: keep only rows with at least this EVENT_VALUE; rows without a value are dropped.

    Raises:
        ValueError: a filter names a column that the file does not have.

    """
    import duckdb  # noqa: PLC0415  # a server that trains nothing does not load it

    # One connection per call: nothing to share, and the types created below die with it.
    with duckdb.connect(config={"threads": 2}) as connection:
        source = connection.read_parquet(str(path))
        columns = set(source.columns)
        for column, wanted in (("EVENT_TYPE", event_type), ("EVENT_VALUE", event_value_threshold)):
            if wanted is not None and column not in columns:
                raise ValueError(f"{path}: cannot filter by {column}, the interactions have no such column")
        conditions = []
        parameters: list[object] = [str(path)]
        if event_type is not None:
            conditions.append("lower(EVENT_TYPE) = lower(?)")
            parameters.append(event_type)
        if event_value_threshold is not None:
            conditions.append("EVENT_VALUE >= ?")
            parameters.append(event_value_threshold)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        texts = ["USER_ID", "ITEM_ID"] + (["EVENT_TYPE"] if "EVENT_TYPE" in columns else [])
        names: dict[str, list[str]] = {}
        for column in texts:
            null = "coalesce(EVENT_TYPE, '')" if column == "EVENT_TYPE" else column
            distinct = connection.execute(
                f"SELECT DISTINCT {null} AS id FROM read_parquet(?) {where} ORDER BY id",  # noqa: S608
                parameters,
            ).fetchnumpy()["id"]
            names[column] = [str(name) for name in distinct]
        if not names["USER_ID"]:
            return _nothing(event_values="EVENT_VALUE" in columns)
        # Casting to an enum is DuckDB's dictionary encoding: three times as fast as a join, and no Python strings.
        for column in texts:
            connection.execute(
                f"CREATE TABLE {column}_names AS SELECT unnest(?::VARCHAR[]) AS id", [names[column]]
            )
            connection.execute(f"CREATE TYPE {column}_code AS ENUM (SELECT id FROM {column}_names)")
        kind = (
            "enum_code(coalesce(EVENT_TYPE, '')::EVENT_TYPE_code)::SMALLINT" if "EVENT_TYPE" in columns else "0::SMALLINT"
        )
        value = ", EVENT_VALUE::FLOAT AS v" if "EVENT_VALUE" in columns else ""
        rows = connection.execute(
            "SELECT enum_code(USER_ID::USER_ID_code)::INTEGER AS u, enum_code(ITEM_ID::ITEM_ID_code)::INTEGER AS i,"
            f" TIMESTAMP::BIGINT AS t, {kind} AS e{value} FROM read_parquet(?) {where}",  # noqa: S608
            parameters,
        ).fetchnumpy()
    order = np.lexsort((rows["t"], rows["u"]))  # stable, and DuckDB keeps the order of the file
    values = np.ma.filled(rows["v"].astype(np.float32), np.nan)[order] if value else None
    return Interactions(
        users=np.asarray(rows["u"])[order],
        items=np.asarray(rows["i"])[order],
        timestamps=np.asarray(rows["t"])[order],
        event_types=np.asarray(rows["e"])[order],
        event_values=values,
        user_ids=Vocabulary.of(names["USER_ID"]),
        item_ids=Vocabulary.of(names["ITEM_ID"]),
        event_type_names=tuple(names.get("EVENT_TYPE", [""])),
    )


def _nothing(*, event_values: bool) -> Interactions:
    return Interactions(
        users=np.empty(0, np.int32),
        items=np.empty(0, np.int32),
        timestamps=np.empty(0, np.int64),
        event_types=np.empty(0, np.int16),
        event_values=np.empty(0, np.float32) if event_values else None,
        user_ids=Vocabulary.of([]),
        item_ids=Vocabulary.of([]),
        event_type_names=("",),
    )
