"""DuckDB as the engine uses it: bounded in memory, no more threads than there are cores."""

from __future__ import annotations

import os
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "1GB"
"""Beyond it DuckDB spills to disk. A CSV reader and a Parquet writer of four threads live well below."""

MAX_THREADS = 4
"""Every thread of a CSV import holds buffers of some 100 MB; more of them do not pay on one disk."""


@contextmanager
def connect() -> Iterator[DuckDBPyConnection]:
    """Open an in-memory database that spills to a folder of its own."""
    import duckdb  # noqa: PLC0415  # 60 MB of library; a server that only answers requests goes without

    with (
        TemporaryDirectory(prefix="personalize-duckdb-") as spill,
        duckdb.connect(
            config={
                "threads": min(MAX_THREADS, _cores()),
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": spill,
                "autoinstall_known_extensions": False,
            }
        ) as connection,
    ):
        # It would appear after two seconds on what its user takes for a stream of JSON.
        connection.execute("SET enable_progress_bar = false")
        yield connection


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def name(identifier: str) -> str:
    """Write a column name in SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: object) -> str:
    """Write a string literal in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


COLUMN_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
}
"""The column type of each Avro primitive."""
