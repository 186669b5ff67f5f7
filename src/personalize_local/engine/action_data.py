"""What the datasets of next-best-action hold, as arrays: actions, what users did with them, who users are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.database import connect, name, text
from personalize_local.engine.interactions import Interactions, read_interactions
from personalize_local.engine.item_data import renumbering
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from personalize_local.engine.arrays import Float32Array, Int32Array, Int64Array
    from personalize_local.engine.training_job import Table

NEVER = np.iinfo(np.int64).max
"""Expiry of an action that has none."""
EXPIRY_COLUMNS = ("ACTION_EXPIRATION_TIMESTAMP", "EXPIRATION_TIMESTAMP")
"""The developer guide uses both names."""
MOST_VALUES = 50
"""Values of a categorical column that make segments of their own, the ones of most users."""
BINS = 5
"""Segments made of a numeric column, of as many users each."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The Actions dataset, one entry per action.

    Attributes:
        ids: sorted.
        expiry: epoch seconds from which an action is not recommended, or `NEVER`.
        repeat: days to wait after a user interacted with it; 0 for none.
        value: its VALUE, 0 where it has none.

    """

    ids: Vocabulary
    expiry: Int64Array
    repeat: Int64Array
    value: Float32Array


def read_actions(table: Table) -> Actions:
    """Read the Actions dataset."""
    with connect() as connection:
        source = connection.read_parquet(str(table.parquet))
        there = set(source.columns)
        expiry = [name(column) for column in EXPIRY_COLUMNS if column in there]

        def column(of: str, default: object) -> str:
            return f"coalesce({name(of)}, {default})" if of in there else str(default)

        rows = connection.execute(
            f"SELECT ACTION_ID, coalesce({', '.join([*expiry, str(NEVER)])})::BIGINT,"  # noqa: S608  # names are quoted
            f" {column('REPEAT_FREQUENCY', 0)}::BIGINT, {column('VALUE', 0)}::FLOAT"
            f" FROM read_parquet({text(table.parquet)}) WHERE ACTION_ID IS NOT NULL"
        ).fetchall()
    by_id = {str(row[0]): row[1:] for row in rows}
    ids = Vocabulary.of(by_id)
    ordered = [by_id[one] for one in ids]
    return Actions(
        ids,
        np.array([row[0] for row in ordered], np.int64),
        np.array([row[1] for row in ordered], np.int64),
        np.array([row[2] for row in ordered], np.float32),
    )


def read_action_interactions(table: Table | None, actions: Actions) -> Interactions:
    """Read the Action interactions dataset as interactions whose items are all the actions.

    Rows about actions that the Actions dataset does not have any more are left out.
    """
    with TemporaryDirectory(prefix="personalize-actions-") as folder:
        renamed = Path(folder) / "rows.parquet"
        with connect() as connection:
            source = (
                f'SELECT USER_ID, ACTION_ID AS ITEM_ID, "TIMESTAMP", EVENT_TYPE FROM read_parquet({text(table.parquet)})'  # noqa: S608, E501
                if table
                else "SELECT '' AS USER_ID, '' AS ITEM_ID, 0::BIGINT AS \"TIMESTAMP\", '' AS EVENT_TYPE"
            )
            connection.register("known", {"id": np.array(list(actions.ids), dtype=object)})
            connection.execute(
                f"COPY (SELECT * FROM ({source}) WHERE ITEM_ID IN (SELECT id FROM known))"  # noqa: S608
                f" TO {text(renamed)} (FORMAT parquet)"
            )
        rows = read_interactions(renamed)
    items = renumbering(rows.item_ids, actions.ids)[rows.items] if len(rows) else rows.items
    return replace(rows, items=items, item_ids=actions.ids)


def with_users(rows: Interactions, users: Vocabulary) -> Interactions:
    """Return the rows with numbers of a vocabulary that has all their users."""
    return replace(rows, users=renumbering(rows.user_ids, users)[rows.users], user_ids=users)


def all_users(*groups: Vocabulary | list[str]) -> Vocabulary:
    """Return everybody."""
    return Vocabulary.of(chain(*groups))


@dataclass(frozen=True, slots=True)
class Segments:
    """What kind of user somebody is, by each column of the Users dataset.

    Attributes:
        names: of all segments, such as "MEMBERSHIP=gold" and "AGE=2".
        of_users: numbers of segments, shape (users, columns); -1 where a column says nothing.

    """

    names: list[str]
    of_users: Int32Array


def user_ids(table: Table | None) -> list[str]:
    """Return the users of a Users dataset."""
    if table is None:
        return []
    with connect() as connection:
        rows = connection.read_parquet(str(table.parquet)).project("USER_ID").fetchnumpy()["USER_ID"]
    return [str(one) for one in rows.tolist() if one is not None]


def read_segments(table: Table | None, users: Vocabulary) -> Segments:
    """Read who the users are: categories, and fifths of numbers."""
    fields = [] if table is None else [field for field in table.schema.fields if field.name != "USER_ID"]
    fields = [field for field in fields if field.categorical or field.numeric]
    of_users = np.full((len(users), len(fields)), -1, np.int32)
    names: list[str] = []
    if table is None or not fields:
        return Segments(names, of_users)
    numbers = {identifier: number for number, identifier in enumerate(users)}
    with connect() as connection:
        source = connection.read_parquet(str(table.parquet))
        rows = source.project(
            ", ".join(name(one) for one in ["USER_ID", *(f.name for f in fields)])
        ).fetchnumpy()
    places = np.array([numbers[str(one)] for one in rows["USER_ID"].tolist()], np.int64)
    for column, field in enumerate(fields):
        codes, labels = (_bins if field.numeric else _categories)(np.ma.asarray(rows[field.name]))
        of_users[places, column] = np.where(codes >= 0, codes + len(names), -1)
        names += [f"{field.name}={label}" for label in labels]
    return Segments(names, of_users)


def _categories(values: Any) -> tuple[Int64Array, list[str]]:
    texts = ["" if one is None else str(one) for one in np.ma.filled(values.astype(object), None)]
    labels, codes, counts = np.unique(np.array(texts, dtype=object), return_inverse=True, return_counts=True)
    kept = [number for number in np.argsort(-counts, kind="stable").tolist() if labels[number]][:MOST_VALUES]
    renumbered = np.full(len(labels), -1, np.int64)
    renumbered[kept] = np.arange(len(kept))
    return renumbered[codes], [str(labels[number]) for number in kept]


def _bins(values: Any) -> tuple[Int64Array, list[str]]:
    numbers = np.ma.filled(np.ma.asarray(values, np.float64), np.nan)
    known = np.isfinite(numbers)
    if not known.any():
        return np.full(len(numbers), -1, np.int64), []
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.where(known, np.searchsorted(edges, numbers, side="right"), -1)
    return codes.astype(np.int64), [str(number) for number in range(len(edges) + 1)]
