"""Metadata of items, users or actions: column by column, memory-mapped, aligned to a list of identifiers.

Filters need whole columns (which items are of this genre, which cost less than 20), answers need single
values as text. Both are prepared once from the Parquet file of a dataset, so that a request reads only what
it touches, and a process that serves requests needs no database.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.atomic import folder_written
from personalize_local.engine.database import connect, name, text
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from personalize_local.engine.arrays import Float64Array, Int32Array, Int64Array
    from personalize_rules.schemas import Field, Schema

_DESCRIPTION = "catalogue.json"
_ROWS_AT_ONCE = 2048
_SEPARATOR = "|"


class Categories:
    """A column of texts as an inverted index: which positions have which value.

    Args:
        values: the distinct values; those of a categorical field are the parts between the "|".
        starts: where the positions of each value begin in `positions`, and the end of the last.
        positions: positions in the table, ascending for each value.

    """

    def __init__(self, values: Vocabulary, starts: Int64Array, positions: Int32Array) -> None:
        self.values = values
        self._starts = starts
        self._positions = positions

    def positions(self, value: str) -> Int32Array:
        """Return where the table has this value, exactly; empty if nowhere."""
        number = self.values.position(value)
        if number is None:
            return self._positions[:0]
        return self._positions[self._starts[number] : self._starts[number + 1]]


class ItemTable:
    """The records of an Items, Users or Actions dataset, in the order of a list of identifiers.

    Identifiers without a record have only nulls; records without an identifier are left out. Names of columns
    are found in any case, as filters write them.
    """

    def __init__(self, folder: Path) -> None:
        """Open what `build` has written to `folder`. Columns are mapped when first asked for."""
        self._folder = folder
        description = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        self._columns: dict[str, dict[str, Any]] = {
            column["name"].casefold(): column for column in description["columns"]
        }
        self._opened: dict[tuple[str, str], Any] = {}
        self.version: str = description["version"]

    @classmethod
    def build(
        cls,
        parquet: Path | None,
        schema: Schema | None,
        folder: Path,
        *,
        ids: Vocabulary | None = None,
        version: str = "",
    ) -> ItemTable:
        """Prepare a table from the Parquet file of a dataset, and open it.

        Args:
            parquet: records, one per identifier; None for no dataset: then all values are null.
            schema: of the dataset; None for no dataset.
            folder: to be made; appears whole or not at all. If it is already there, it is opened as it is.
            ids: the identifiers, such as the items of a model; by default those of the records.
            version: kept with the table, for caches.

        """
        if not folder.exists():
            with folder_written(folder) as temporary:
                _write(parquet, schema, temporary, ids, version)
        return cls(folder)

    @cached_property
    def ids(self) -> Vocabulary:
        """The identifiers; the number of one is its position in every column."""
        return Vocabulary(self._array("ids", "text"), self._array("ids", "offsets"))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in the order of the schema, without the identifier."""
        return tuple(column["name"] for column in self._columns.values())

    def kind(self, column: str) -> str | None:
        """Tell how filters see a column: "numbers", "categories" or "" (not at all); None: not there."""
        found = self._columns.get(column.casefold())
        return None if found is None else found["kind"]

    def numbers(self, column: str) -> Float64Array:
        """Return a numeric column, NaN for null: shape (len(self),).

        Raises:
            KeyError: there is no numeric column of this name.

        """
        numbers: Float64Array = self._array(self._file(column, "numbers"), "numbers")
        return numbers

    def categories(self, column: str) -> Categories:
        """Return a column of texts as an inverted index.

        Raises:
            KeyError: there is no column of texts of this name, or it is a textual one.

        """
        file = self._file(column, "categories")
        if (file, "categories") not in self._opened:
            values = Vocabulary(self._array(file, "values"), self._array(file, "value_offsets"))
            self._opened[file, "categories"] = Categories(
                values, self._array(file, "starts"), self._array(file, "positions")
            )
        categories: Categories = self._opened[file, "categories"]
        return categories

    def text(self, position: int, column: str) -> str | None:
        """Return one value as it is stored ("Action|Crime", "1999", "true"), or None.

        Raises:
            KeyError: there is no column of this name.

        """
        file = self._columns[column.casefold()]["file"]
        offsets = self._array(file, "offsets")
        start, end = int(offsets[position]), int(offsets[position + 1])
        if start == end:
            return None
        value: bytes = self._array(file, "text")[start:end].tobytes()
        return value.decode()

    def parts(self, position: int, column: str) -> list[str]:
        """Return the values that filters compare: the parts of a categorical field, else the one there is."""
        value = self.text(position, column)
        if value is None:
            return []
        if self._columns[column.casefold()]["split"]:
            return [part for part in value.split(_SEPARATOR) if part]
        return [value]

    def metadata(self, position: int, columns: Iterable[str]) -> dict[str, str]:
        """Return the values for an answer, by the names asked for, without nulls and unknown columns."""
        found = {
            column: self.text(position, column) for column in columns if column.casefold() in self._columns
        }
        return {column: value for column, value in found.items() if value is not None}

    def record(self, identifier: str) -> Mapping[str, Any] | None:
        """Return all values of one record, typed as filters compare them; None for an unknown identifier.

        Numbers are floats, categorical texts lists of their parts, other texts strings; nulls are left out.
        This is what `CompiledFilter.mask` takes as the current user.
        """
        position = self.ids.position(identifier)
        if position is None:
            return None
        record: dict[str, Any] = {}
        for column in self._columns.values():
            value = self.text(position, column["name"])
            if value is None or column["kind"] == "":
                continue
            if column["kind"] == "numbers":
                record[column["name"]] = float(value)
            else:
                record[column["name"]] = self.parts(position, column["name"]) if column["split"] else value
        return record

    def _file(self, column: str, kind: str) -> str:
        found = self._columns[column.casefold()]
        if found["kind"] != kind:
            raise KeyError(column)
        file: str = found["file"]
        return file

    def _array(self, file: str, part: str) -> Any:
        key = (file, part)
        if key not in self._opened:
            path = self._folder / f"{file}.{part}.npy"
            mapped = np.load(path, mmap_mode="r")
            # Slicing a memmap object costs ten times as much as slicing an array over the same memory.
            self._opened[key] = np.asarray(mapped).view(np.ndarray)
        return self._opened[key]


def _write(
    parquet: Path | None, schema: Schema | None, folder: Path, ids: Vocabulary | None, version: str
) -> None:
    fields = schema.fields if schema else ()
    key = next((field for field in fields if field.name in ("ITEM_ID", "USER_ID", "ACTION_ID")), None)
    columns = [field for field in fields if field is not key]
    with connect() as connection:
        if parquet is not None and key is not None:
            connection.execute(
                f"CREATE VIEW records AS SELECT * FROM read_parquet({text(parquet)})"  # noqa: S608
            )
            if ids is None:
                rows = connection.execute(f"SELECT {name(key.name)} FROM records").fetchall()  # noqa: S608
                ids = Vocabulary.of(row[0] for row in rows)
            connection.execute(
                "CREATE TABLE ids AS SELECT unnest($ids::VARCHAR[]) AS id,"
                " generate_subscripts($ids::VARCHAR[], 1) - 1 AS position",
                {"ids": ids[:]},
            )
            there = set(connection.table("records").columns)
            columns = [field for field in columns if field.name in there]
            selected = "".join(f", {name(field.name)} AS c{number}" for number, field in enumerate(columns))
            connection.execute(
                f"CREATE VIEW placed AS SELECT position{selected}"  # noqa: S608
                f" FROM ids LEFT JOIN records ON ids.id = records.{name(key.name)}"
            )
            for number, field in enumerate(columns):
                _write_column(connection, field, number, folder, len(ids))
        else:
            columns = []
            ids = ids if ids is not None else Vocabulary.of([])
    np.save(folder / "ids.text.npy", np.asarray(ids.text))
    np.save(folder / "ids.offsets.npy", np.asarray(ids.offsets))
    description = {
        "version": version,
        "columns": [
            {"name": field.name, "file": f"c{number}", "kind": _kind(field), "split": field.categorical}
            for number, field in enumerate(columns)
        ],
    }
    (folder / _DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")


def _kind(field: Field) -> str:
    if field.numeric:
        return "numbers"
    return "categories" if field.type == "string" and not field.textual else ""


def _write_column(
    connection: DuckDBPyConnection, field: Field, number: int, folder: Path, count: int
) -> None:
    file = f"c{number}"
    _write_texts(connection, file, folder, count)
    if _kind(field) == "numbers":
        # By way of its text: a FLOAT of 1.1 must equal the 1.1 of a filter, which is a double.
        values = connection.execute(
            f"SELECT CAST(CAST({file} AS VARCHAR) AS DOUBLE) AS v FROM placed ORDER BY position"  # noqa: S608
        ).fetchnumpy()["v"]
        np.save(folder / f"{file}.numbers.npy", np.ma.filled(values.astype(np.float64), np.nan))
    elif _kind(field) == "categories":
        _write_categories(connection, field, file, folder)


def _write_texts(connection: DuckDBPyConnection, file: str, folder: Path, count: int) -> None:
    """Write all values as one text with offsets, a few thousand rows at a time: texts can be long."""
    offsets = np.zeros(count + 1, np.int64)
    connection.execute(f"SELECT CAST({file} AS VARCHAR) FROM placed ORDER BY position")  # noqa: S608
    size = row = 0
    path = folder / f"{file}.text"
    with path.open("wb") as blob:
        while rows := connection.fetchmany(_ROWS_AT_ONCE):
            encoded = [b"" if value is None else value.encode() for (value,) in rows]
            blob.writelines(encoded)
            offsets[row + 1 : row + 1 + len(rows)] = size + np.cumsum([len(value) for value in encoded])
            row += len(rows)
            size = int(offsets[row])
    np.save(folder / f"{file}.offsets.npy", offsets)
    _as_npy(path, size)


def _as_npy(path: Path, size: int) -> None:
    """Turn a file of bytes into an array file, without reading it into memory."""
    target = path.with_name(path.name + ".npy")
    if size == 0:  # an empty file cannot be mapped
        np.save(target, np.zeros(0, np.uint8))
    else:
        array = np.lib.format.open_memmap(target, mode="w+", dtype=np.uint8, shape=(size,))
        array[:] = np.memmap(path, np.uint8, mode="r")
        array.flush()
    path.unlink()


def _write_categories(connection: DuckDBPyConnection, field: Field, file: str, folder: Path) -> None:
    parts = f"unnest(string_split({file}, '{_SEPARATOR}'))" if field.categorical else file
    found = connection.execute(
        "SELECT value, position FROM"  # noqa: S608
        f" (SELECT DISTINCT position, {parts} AS value FROM placed)"
        " WHERE value <> '' ORDER BY value, position"
    ).fetchnumpy()
    texts = np.asarray(found["value"], dtype=object)
    first = np.ones(len(texts), np.bool_)
    first[1:] = texts[1:] != texts[:-1]
    starts = np.append(np.flatnonzero(first), len(texts)).astype(np.int64)
    values = Vocabulary.of(texts[first])
    np.save(folder / f"{file}.values.npy", np.asarray(values.text))
    np.save(folder / f"{file}.value_offsets.npy", np.asarray(values.offsets))
    np.save(folder / f"{file}.starts.npy", starts)
    np.save(folder / f"{file}.positions.npy", np.asarray(found["position"]).astype(np.int32))
