"""Contextual metadata: what users take depends on where, when and on which device they are.

For each value of a context column, how many times more often than elsewhere an item is taken there, as the
logarithm of a ratio of counts, both raised by a few: an item seldom met gains and loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.database import connect, name, text
from personalize_local.engine.vocabulary import Vocabulary
from personalize_rules.schemas import DatasetType, required_fields, reserved_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import Float32Array, Int32Array, Int64Array
    from personalize_rules.schemas import Field, Schema

CAUTION = 5.0
"""Interactions added to both sides of a ratio."""
MOST_VALUES = 1000
"""Values of a column, the most frequent ones."""
BINS = 10
"""Quantiles that a numeric column is cut into."""


@dataclass(frozen=True, slots=True, eq=False)
class ContextColumn:
    """Counts of one column, sparse: rows are values.

    Attributes:
        values: of a categorical column; empty for a numeric one.
        edges: between the bins of a numeric column; empty for a categorical one.
        starts, items, counts: CSR of shape (values, items).

    """

    values: Vocabulary
    edges: NDArray[Any]
    starts: Int64Array
    items: Int32Array
    counts: Int32Array

    def row(self, value: str) -> int | None:
        """Return the row of a value as a request gives it; None if training never saw it."""
        if not len(self.edges):
            return self.values.position(value)
        try:
            number = float(value)
        except ValueError:
            return None
        return int(np.searchsorted(self.edges, number, side="right")) if number == number else None  # noqa: PLR0124


@dataclass(frozen=True, slots=True, eq=False)
class ContextLifts:
    """The context columns of a training, by lower-case name, and how often each item occurs in all."""

    columns: Mapping[str, ContextColumn]
    totals: Int64Array

    def lift(self, context: Mapping[str, str]) -> Float32Array | None:
        """Return the log odds that each item gains in a situation; None if nothing is known of it."""
        result: Float32Array | None = None
        for key, value in context.items():
            column = self.columns.get(key.lower())
            row = None if column is None else column.row(value)
            if column is None or row is None:
                continue
            place = slice(int(column.starts[row]), int(column.starts[row + 1]))
            here = np.zeros(len(self.totals), np.float32)
            here[column.items[place]] = column.counts[place]
            expected = self.totals * np.float32(here.sum() / max(1, int(self.totals.sum())))
            gained = np.log((here + CAUTION) / (expected + CAUTION)).astype(np.float32)
            result = gained if result is None else result + gained
        return result

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any] | Vocabulary]]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        arrays: dict[str, NDArray[Any] | Vocabulary] = {"context_totals": self.totals}
        for number, column in enumerate(self.columns.values()):
            arrays |= {
                f"context{number}_values": column.values,
                f"context{number}_edges": column.edges,
                f"context{number}_starts": column.starts,
                f"context{number}_items": column.items,
                f"context{number}_counts": column.counts,
            }
        return {"columns": list(self.columns)}, arrays

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any]) -> ContextLifts:
        """Open the files that `parts` named."""
        return cls(
            {
                key: ContextColumn(
                    files.read_vocabulary(folder, f"context{number}_values"),
                    *(
                        files.read_array(folder, f"context{number}_{part}")
                        for part in ("edges", "starts", "items", "counts")
                    ),
                )
                for number, key in enumerate(description["columns"])
            },
            files.read_array(folder, "context_totals"),
        )


def context_fields(schema: Schema) -> list[Field]:
    """Return the columns of Interactions that are context: not reserved, categorical or numeric."""
    own = {rule.name for rule in required_fields(DatasetType.INTERACTIONS)}
    own |= {rule.name for rule in reserved_fields(DatasetType.INTERACTIONS)}
    return [
        field for field in schema.fields if field.name not in own and (field.categorical or field.numeric)
    ]


def learn_context(parquet: Path, schema: Schema, ids: Vocabulary) -> ContextLifts | None:
    """Count what is taken in which situation; None if the interactions have no context.

    Args:
        parquet: the interactions.
        schema: of them, without excluded columns.
        ids: items of the model; others are not counted.

    """
    fields = context_fields(schema)
    if not fields:
        return None
    numbers = {identifier: number for number, identifier in enumerate(ids)}
    source = f"read_parquet({text(parquet)})"
    columns: dict[str, ContextColumn] = {}
    with connect() as connection:
        there = set(connection.read_parquet(str(parquet)).columns)
        rows = connection.execute(f"SELECT ITEM_ID, count(*) FROM {source} GROUP BY ITEM_ID").fetchall()  # noqa: S608
        totals = np.zeros(len(ids), np.int64)
        for item, count in rows:
            if (number := numbers.get(item)) is not None:
                totals[number] = count
        for field in fields:
            if field.name not in there:
                continue
            value, edges, where = name(field.name), np.empty(0, np.float64), ""
            if field.numeric:
                cuts = [one / BINS for one in range(1, BINS)]
                found = connection.execute(
                    f"SELECT quantile_cont({value}::DOUBLE, {cuts}) FROM {source}"  # noqa: S608
                ).fetchall()[0][0]
                edges = np.unique(np.array(found or [], np.float64))
                value = "+".join(f"({name(field.name)} >= {edge!r})::INT" for edge in edges.tolist()) or "0"
                where = f" AND {name(field.name)} IS NOT NULL"
            else:
                where = (
                    f" AND {value} IN (SELECT {value} FROM {source} GROUP BY ALL"  # noqa: S608
                    f" ORDER BY count(*) DESC, {value} LIMIT {MOST_VALUES})"
                )
            rows = connection.execute(
                f"SELECT ITEM_ID, {value} AS value, count(*) FROM {source}"  # noqa: S608
                f" WHERE {value} IS NOT NULL{where} GROUP BY ITEM_ID, value"
            ).fetchall()
            if rows and (len(edges) or not field.numeric):
                columns[field.name.lower()] = _column(rows, edges, numbers)
    return ContextLifts(columns, totals) if columns else None


def _column(rows: list[Any], edges: NDArray[Any], numbers: Mapping[str, int]) -> ContextColumn:
    values = Vocabulary.of([] if len(edges) else {str(value) for _, value, _ in rows})
    size = len(edges) + 1 if len(edges) else len(values)
    row_of = {value: number for number, value in enumerate(values)}
    triples = np.array(
        [
            (int(value) if len(edges) else row_of[str(value)], numbers[item], count)
            for item, value, count in rows
            if item in numbers
        ],
        np.int64,
    ).reshape(-1, 3)
    triples = triples[np.lexsort((triples[:, 1], triples[:, 0]))]
    starts = np.searchsorted(triples[:, 0], np.arange(size + 1)).astype(np.int64)
    return ContextColumn(
        values, edges, starts, triples[:, 1].astype(np.int32), triples[:, 2].astype(np.int32)
    )
