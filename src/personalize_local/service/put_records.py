"""Items, users and actions that came one by one: all of them are kept, the newest of each ID counts.

Which is the newest of an ID, of these and of bulk imports, is decided when a snapshot is made: a record is
newer than the imports that had begun when it came (`engine.dataset_rows.ORDER_KEY`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from personalize_local.engine.dataset_rows import ORDER_KEY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from personalize_local.service.store import Store

_NEWEST = (
    "SELECT columns, import_order FROM records WHERE id IN"
    " (SELECT max(id) FROM records WHERE dataset = ? AND id <= ? GROUP BY key) ORDER BY id"
)
_ALL = "SELECT columns, import_order FROM records WHERE dataset = ? AND id <= ? ORDER BY id"


def put(
    store: Store, dataset: int, import_order: int, records: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """Keep records, each with its ID; they are on disk when the transaction ends, all or none."""
    with store.transaction():
        for key, columns in records:
            store.execute(
                "INSERT INTO records (dataset, key, import_order, columns) VALUES (?, ?, ?, ?)",
                (dataset, key, import_order, json.dumps(columns)),
            )


def delete(store: Store, dataset: int, keys: Sequence[str]) -> int:
    """Delete all records of some IDs; returns how many there were. To be called in a transaction."""
    marks = ", ".join("?" * len(keys))
    statement = f"DELETE FROM records WHERE dataset = ? AND key IN ({marks})"  # noqa: S608
    return store.execute(statement, (dataset, *keys)).rowcount


def last_record(reader: sqlite3.Connection, dataset: int) -> int:
    """Number of the newest record of a dataset, 0 if it has none."""
    found = reader.execute("SELECT coalesce(max(id), 0) FROM records WHERE dataset = ?", (dataset,))
    return int(found.fetchone()[0])


def rows_of(
    reader: sqlite3.Connection, dataset: int, until: int | None = None, *, all_versions: bool = False
) -> Iterator[dict[str, Any]]:
    """Rows for `DatasetFiles.snapshot`: of each ID the newest record, up to number `until`.

    With `all_versions`: every record that ever came.
    """
    last = last_record(reader, dataset) if until is None else until
    for columns, order in reader.execute(_ALL if all_versions else _NEWEST, (dataset, last)):
        yield {**json.loads(columns), ORDER_KEY: order}
