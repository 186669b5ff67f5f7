"""What the service knows, in one SQLite file: resources, tags, live events, single records, forgotten users.

One row is one resource; what Describe answers is kept as JSON in it, beside the columns that are searched by.
A statement that has returned is on its way to the disk in the hands of the operating system: it survives the
death of this process at any moment (WAL, synchronous=NORMAL). After a power cut the last moments may be
missing; the file is never damaged.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    Values = Sequence[Any] | Mapping[str, Any]

STATE = "state.db"
"""Name of the file in the data folder."""

# Raised when a table changes; a file of another version is refused rather than misread.
VERSION = 2

_TABLES = """
CREATE TABLE resources (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of creation, never used twice
    arn TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    dataset_group TEXT NOT NULL,               -- ARN, empty for what belongs to no group
    parent TEXT NOT NULL,                      -- ARN that List operations select by
    status TEXT NOT NULL,
    failure_reason TEXT,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    body TEXT NOT NULL,                        -- JSON: what Describe answers beside the columns
    private TEXT NOT NULL                      -- JSON: what only the service knows
);
CREATE INDEX resources_by_group ON resources (dataset_group, kind);
CREATE INDEX resources_by_parent ON resources (kind, parent);
CREATE TABLE tags (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset INTEGER NOT NULL,                  -- number of the Interactions (Action interactions) dataset
    user TEXT,
    session TEXT NOT NULL,
    item TEXT,                                 -- or the action
    type TEXT NOT NULL,
    value REAL,
    timestamp INTEGER NOT NULL,
    event_id TEXT,
    recommendation TEXT,
    attribution TEXT,                          -- the event's own source, not the one of its recommendation
    impression TEXT,                           -- identifiers with "|" between them
    columns TEXT,                              -- JSON: further columns of the schema
    UNIQUE (dataset, event_id)
);
CREATE INDEX events_by_user ON events (dataset, user) WHERE user IS NOT NULL;
CREATE INDEX events_by_session ON events (dataset, session);
CREATE TABLE records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- order of arrival
    dataset INTEGER NOT NULL,                  -- number of the Items, Users or Actions dataset
    key TEXT NOT NULL,                         -- ID of the item, user or action
    import_order INTEGER NOT NULL,             -- of the imports that the record is newer than
    columns TEXT NOT NULL                      -- JSON: all columns that were given, and the ID
);
CREATE INDEX records_by_key ON records (dataset, key);
CREATE TABLE forgotten_users (
    dataset_group TEXT NOT NULL,
    user TEXT NOT NULL,
    last_number INTEGER NOT NULL,              -- of resources: models of later ones do not know the user
    PRIMARY KEY (dataset_group, user)
) WITHOUT ROWID;
CREATE TABLE schedule (
    arn TEXT NOT NULL,
    what TEXT NOT NULL,                        -- is done to the resource
    due REAL NOT NULL,                         -- at this time
    seconds REAL NOT NULL,                     -- after it was written down
    PRIMARY KEY (arn, what)
) WITHOUT ROWID;
"""


class StoreUnreadable(Exception):  # noqa: N818 -- reads as what happened
    """The file in the data folder was made by another version."""


@dataclass(slots=True)
class Record:
    """One resource. `body` holds the answer of Describe without status, reason and times."""

    arn: str
    kind: str
    name: str
    group: str
    parent: str
    status: str
    created: float
    updated: float
    body: dict[str, Any] = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    failure_reason: str | None = None
    number: int = 0


_COLUMNS = (
    "number, arn, kind, name, dataset_group, parent, status, failure_reason, created, updated, body, private"
)


class Store:
    """Access to the file. Thread-safe: one connection and one lock, which `transaction` holds for its time.

    `generation` grows with every change of a resource: what was worked out from resources is good as long as
    it is the same.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lock = threading.RLock()
        self.generation = 0
        self._depth = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA busy_timeout = 10000")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._make_tables()

    def close(self) -> None:
        """Close the file; the store cannot be used any more."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested, the outermost one commits. Other threads wait."""
        with self.lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._connection.execute("COMMIT")  # on a full disk this is what fails
            except BaseException:
                if self._connection.in_transaction:  # some errors have ended it already
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def execute(self, statement: str, values: Values = ()) -> sqlite3.Cursor:
        """One statement that writes; counts and the last row's number are in the cursor."""
        with self.lock:
            return self._connection.execute(statement, values)

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement that reads."""
        with self.lock:
            return self._connection.execute(statement, values).fetchall()

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads, and never waits for writers; to be used by one thread at a time."""
        return open_reader(self.path)

    def insert(self, record: Record) -> None:
        """Add a resource and give it its number."""
        cursor = self.execute(
            f"INSERT INTO resources ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                record.arn,
                record.kind,
                record.name,
                record.group,
                record.parent,
                record.status,
                record.failure_reason,
                record.created,
                record.updated,
                json.dumps(record.body),
                json.dumps(record.private),
            ),
        )
        record.number = int(cursor.lastrowid or 0)
        self.generation += 1

    def save(self, record: Record) -> None:
        """Write what may change: status, reason, time, body, private, parent."""
        self.execute(
            "UPDATE resources SET parent = ?, status = ?, failure_reason = ?, updated = ?, body = ?,"
            " private = ? WHERE arn = ?",
            (
                record.parent,
                record.status,
                record.failure_reason,
                record.updated,
                json.dumps(record.body),
                json.dumps(record.private),
                record.arn,
            ),
        )
        self.generation += 1

    def remove(self, arn: str) -> None:
        """Take a resource away, with its tags and what was to happen to it."""
        with self.transaction():
            self.execute("DELETE FROM resources WHERE arn = ?", (arn,))
            self.execute("DELETE FROM tags WHERE arn = ?", (arn,))
            self.execute("DELETE FROM schedule WHERE arn = ?", (arn,))
        self.generation += 1

    def get(self, arn: str) -> Record | None:
        """The resource with this ARN."""
        rows = self.rows(f"SELECT {_COLUMNS} FROM resources WHERE arn = ?", (arn,))  # noqa: S608
        return _record(rows[0]) if rows else None

    def find(
        self,
        kind: str,
        *,
        group: str | None = None,
        parent: str | None = None,
        name: str | None = None,
        statuses: Iterable[str] | None = None,
        after: int = 0,
        limit: int = -1,
    ) -> list[Record]:
        """Resources of a kind in the order of their creation."""
        where, values = _where(kind, statuses, dataset_group=group, parent=parent, name=name)
        return [
            _record(row)
            for row in self.rows(
                f"SELECT {_COLUMNS} FROM resources WHERE {where} AND number > ? ORDER BY number LIMIT ?",  # noqa: S608
                (*values, after, limit),
            )
        ]

    def count(
        self,
        kind: str,
        *,
        group: str | None = None,
        parent: str | None = None,
        statuses: Iterable[str] | None = None,
    ) -> int:
        """How many `find` would give."""
        where, values = _where(kind, statuses, dataset_group=group, parent=parent)
        return int(self.rows(f"SELECT count(*) FROM resources WHERE {where}", values)[0][0])  # noqa: S608

    def tags(self, arn: str) -> dict[str, str]:
        """Tags of a resource in the order of their keys."""
        return dict(self.rows("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,)))

    def set_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Replace all tags."""
        with self.transaction():
            self.execute("DELETE FROM tags WHERE arn = ?", (arn,))
            for key, value in tags.items():
                self.execute("INSERT INTO tags VALUES (?, ?, ?)", (arn, key, value))

    def _make_tables(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == VERSION:
            return
        if version:
            raise StoreUnreadable(
                f"{self.path} was written by another version of Personalize Local (format {version}, this "
                f"one reads {VERSION}). Use another --data folder, or delete this one."
            )
        with self.transaction():
            for statement in _TABLES.split(";"):
                if statement.strip():
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the file to read what is committed, from any process."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def _where(kind: str, statuses: Iterable[str] | None, **columns: str | None) -> tuple[str, list[Any]]:
    where, values = "kind = ?", [kind]
    for column, value in columns.items():
        if value is not None:
            where += f" AND {column} = ?"
            values.append(value)
    if statuses is not None:
        wanted = [str(status) for status in statuses]
        where += f" AND status IN ({', '.join('?' * len(wanted))})"
        values += wanted
    return where, values


def _record(row: tuple[Any, ...]) -> Record:
    number, arn, kind, name, group, parent, status, reason, created, updated, body, private = row
    return Record(
        arn=arn,
        kind=kind,
        name=name,
        group=group,
        parent=parent,
        status=status,
        created=created,
        updated=updated,
        body=json.loads(body),
        private=json.loads(private),
        failure_reason=reason,
        number=number,
    )
