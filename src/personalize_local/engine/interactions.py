"""Interactions in memory: who interacted with what, when, as arrays of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect
from personalize_local.engine.ordering import by_key_and_time
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection, Expression

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


@dataclass(frozen=True, slots=True)
class EventWeight:
    """One entry of `eventsConfig.eventParametersList`: events of this type count, from the threshold on."""

    event_type: str
    weight: float = 1.0
    event_value_threshold: float | None = None


def read_interactions(
    path: Path,
    *,
    event_type: str | None = None,
    event_value_threshold: float | None = None,
    event_weights: Sequence[EventWeight] = (),
) -> Interactions:
    """Read a Parquet file with USER_ID, ITEM_ID, TIMESTAMP and perhaps EVENT_TYPE, EVENT_VALUE.

    Args:
        path: the Parquet file; rows of one user with the same time keep the file's order.
        event_type: keep only this type; types compare without regard to case, as in the service.
        event_value_threshold: of that type, keep only rows with at least this EVENT_VALUE.
        event_weights: keep only these types, each from its threshold on; instead of `event_type`.

    Raises:
        ValueError: a filter needs a column that the file does not have, or a threshold has no type.

    """
    # One connection per call: the tables and types created below die with it.
    with connect() as connection:
        source = connection.read_parquet(str(path))
        columns = set(source.columns)
        wanted = [EventWeight(event_type, 1.0, event_value_threshold)] if event_type else list(event_weights)
        if not wanted and event_value_threshold is not None:
            raise ValueError("an event value threshold needs the event type that it is for")
        valued = any(one.event_value_threshold is not None for one in wanted)
        for column, needed in (("EVENT_TYPE", bool(wanted)), ("EVENT_VALUE", valued)):
            if needed and column not in columns:
                raise ValueError(f"{path}: cannot filter by {column}, the interactions have no such column")
        if "EVENT_TYPE" in columns:
            source = source.project("* REPLACE (coalesce(EVENT_TYPE, '') AS EVENT_TYPE)")
        if wanted:
            source = source.filter(reduce(or_, (_counts(one) for one in wanted)))
        source.create_view("source")
        # Casting to an enum is DuckDB's dictionary encoding: faster than a join, and no Python strings.
        names = {
            column: _encode(connection, column)
            for column in ("USER_ID", "ITEM_ID", "EVENT_TYPE")
            if column in columns
        }
        if not names["USER_ID"]:
            return _nothing(event_values="EVENT_VALUE" in columns)
        rows = connection.execute(
            _READ_ALL.format(
                event_type=_CODE.format("EVENT_TYPE") if "EVENT_TYPE" in columns else "0",
                event_value="EVENT_VALUE" if "EVENT_VALUE" in columns else "NULL",
            )
        ).fetchnumpy()
    order = by_key_and_time(rows["u"], rows["t"])  # DuckDB keeps the order of the file
    values = np.ma.filled(rows["v"].astype(np.float32), np.nan)[order] if "EVENT_VALUE" in columns else None
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


def _counts(wanted: EventWeight) -> Expression:
    """Return the condition that a row is of the wanted type and reaches its threshold."""
    from duckdb import ColumnExpression, ConstantExpression, FunctionExpression  # noqa: PLC0415

    lower = FunctionExpression("lower", ColumnExpression("EVENT_TYPE"))
    condition = lower == ConstantExpression(wanted.event_type.lower())
    if wanted.event_value_threshold is None:
        return condition
    return condition & (ColumnExpression("EVENT_VALUE") >= ConstantExpression(wanted.event_value_threshold))


def has_event_types(path: Path) -> bool:
    """Return whether any row of the file has an EVENT_TYPE that is not null."""
    with connect() as connection:
        source = connection.read_parquet(str(path))
        if "EVENT_TYPE" not in source.columns:
            return False
        return source.filter("EVENT_TYPE IS NOT NULL").limit(1).fetchall() != []


_CODE = "enum_code({0}::{0}_code)"
_READ_ALL = f"""
    SELECT {_CODE.format("USER_ID")}::INTEGER AS u, {_CODE.format("ITEM_ID")}::INTEGER AS i,
           "TIMESTAMP"::BIGINT AS t, ({{event_type}})::SMALLINT AS e, ({{event_value}})::FLOAT AS v
    FROM source
"""  # noqa: S608  # filled with the constants above, never with values


def _encode(connection: DuckDBPyConnection, column: str) -> list[str]:
    """Create the enum type of a column, and return its values in their order."""
    connection.execute(f"CREATE TABLE {column}_ids AS SELECT DISTINCT {column} AS id FROM source ORDER BY id")  # noqa: S608
    connection.execute(f"CREATE TYPE {column}_code AS ENUM (SELECT id FROM {column}_ids ORDER BY id)")  # noqa: S608
    return [str(name) for name in connection.table(f"{column}_ids").order("id").fetchnumpy()["id"]]


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
