"""What a dataset holds, as queries: rows of imports and single records together, in their order.

Which record of an ID is the newest, and which rows are there twice, is decided here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personalize_local.engine.database import COLUMN_TYPES, name, text
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from personalize_rules.schemas import Schema

ORDER_KEY: Final = "@order"
"""In a row given to `snapshot`: `DatasetFiles.order` when it was put. Later imports of its ID are newer."""

KEYS: Final = {
    DatasetType.ITEMS: "ITEM_ID",
    DatasetType.USERS: "USER_ID",
    DatasetType.ACTIONS: "ACTION_ID",
}
"""The column with the ID, for datasets of which the newest record of an ID counts."""


@dataclass(frozen=True, slots=True)
class Part:
    """One import: its file in the dataset's folder, its number among the imports, its rows."""

    file: str
    order: int
    rows: int


class DatasetRows:
    """The rows of a dataset in one connection, in a view named "everything"."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        schema: Schema,
        folder: Path,
        parts: Sequence[Part],
        *,
        extra: Path | None,
        order: int,
    ) -> None:
        """Nothing is read but what columns the parts have.

        Args:
            connection: for which the queries are.
            schema: as it is now; columns that a part does not have are null.
            folder: where the parts are.
            parts: in the order of the imports.
            extra: what `write_rows` has written, None for nothing.
            order: of single records that have none of their own.

        """
        self._connection = connection
        self._schema = schema
        self._columns = ", ".join(name(field.name) for field in schema.fields)
        connection.execute(f"CREATE VIEW everything AS {self._everything(folder, parts, extra, order)}")

    def newest(self, key: str) -> str:
        """Write a query for the newest record of each ID, ordered by ID."""
        newest = f'PARTITION BY {name(key)} ORDER BY "@import" DESC, "@put" DESC, "@row" DESC'
        return (
            f"SELECT {self._columns} FROM everything"  # noqa: S608
            f" QUALIFY row_number() OVER ({newest}) = 1 ORDER BY {name(key)}"
        )

    def mark_duplicates(self) -> bool:
        """Make a table of the rows that repeat an earlier one, if there are any; `distinct` leaves them out.

        Most data has none, and hashes tell so in a fraction of the time and memory that comparing all rows
        takes.
        """
        import numpy as np  # noqa: PLC0415

        connection, columns = self._connection, self._columns
        hashes = connection.execute(f"SELECT hash({columns}) AS h FROM everything").fetchnumpy()["h"]  # noqa: S608
        hashes.sort()
        repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
        if not len(repeated):
            return False
        connection.register("repeated", {"h": repeated})
        connection.execute(
            "CREATE TEMP TABLE candidates AS"  # noqa: S608
            f" SELECT * FROM everything WHERE hash({columns}) IN (SELECT h FROM repeated)"
        )
        connection.execute(
            'CREATE TEMP TABLE duplicates AS SELECT "@row" FROM candidates'  # noqa: S608
            f' WHERE "@row" NOT IN (SELECT min("@row") FROM candidates GROUP BY {columns})'
        )
        return True

    def distinct(self, *, marked: bool) -> str:
        """Write a query for all rows in their order, without the duplicates if some were marked."""
        some = 'WHERE "@row" NOT IN (SELECT "@row" FROM duplicates)' if marked else ""
        # Said, not left to DuckDB: of several sources, read by several threads, it keeps no order.
        return f'SELECT {self._columns} FROM everything {some} ORDER BY "@row"'  # noqa: S608

    def _everything(self, folder: Path, parts: Sequence[Part], extra: Path | None, order: int) -> str:
        """Write a query for all rows: the columns, and what orders them. "@row" is another for each row."""
        fields = {name(field.name): COLUMN_TYPES[field.type] for field in self._schema.fields}
        queries = []
        offset = 0
        for part in parts:
            file = folder / part.file
            there = {name(column) for column in self._connection.read_parquet(str(file)).columns}
            columns = ", ".join(
                f"CAST({column if column in there else 'NULL'} AS {kind}) AS {column}"
                for column, kind in fields.items()
            )
            queries.append(
                f'SELECT {columns}, {part.order} AS "@import", 0 AS "@put",'  # noqa: S608
                f' {offset} + file_row_number AS "@row"'
                f" FROM read_parquet({text(file)}, file_row_number = true)"
            )
            offset += part.rows
        if extra is None:  # a dataset without any data still has columns
            columns = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in fields.items())
            queries.append(f'SELECT {columns}, 0 AS "@import", 1 AS "@put", 0 AS "@row" WHERE false')
        else:
            kinds = fields | {name(ORDER_KEY): "BIGINT", '"@row"': "BIGINT"}
            typed = ", ".join(f"{column}: {text(kind)}" for column, kind in kinds.items())
            queries.append(
                f'SELECT {", ".join(fields)}, coalesce({name(ORDER_KEY)}, {order}) AS "@import",'  # noqa: S608
                f' 1 AS "@put", {offset} + "@row" AS "@row"'
                f" FROM read_json({text(extra)}, format = 'newline_delimited', columns = {{{typed}}})"
            )
        return " UNION ALL ".join(queries)


def write_rows(target: Path, rows: Iterable[Mapping[str, Any]], columns: set[str]) -> tuple[str, int]:
    """Write single records as lines of JSON; return a hash of them, and how many there are."""
    digest = hashlib.sha256()
    count = 0
    kept = columns | {ORDER_KEY}
    with target.open("w", encoding="utf-8") as file:
        for row in rows:
            count += 1
            line = json.dumps(
                {column: row[column] for column in kept & row.keys()} | {"@row": count}, sort_keys=True
            )
            digest.update(line.encode())
            file.write(f"{line}\n")
    return digest.hexdigest(), count
