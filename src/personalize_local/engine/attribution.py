"""What events are worth, by where they came from: the totals of a metric attribution."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from personalize_local.engine.database import connect, name, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from personalize_rules.metric_expressions import MetricExpression

INTERVAL_SECONDS: Final = 900
"""Granularity of reports. Source: Developer Guide, "Viewing metric attribution results"."""

UNDEFINED_SOURCE: Final = "SOURCE_NAME_UNDEFINED"
"""Of events that name neither a source nor a recommendation that is known."""

_ROWS_AT_ONCE = 50_000
_OWN = {
    "ITEM_ID": "VARCHAR",
    "EVENT_TYPE": "VARCHAR",
    "TIMESTAMP": "BIGINT",
    "EVENT_ATTRIBUTION_SOURCE": "VARCHAR",
    "RECOMMENDATION_ID": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: of the events of a type (in any case), what is computed."""

    name: str
    event_type: str
    expression: MetricExpression


@dataclass(frozen=True, slots=True)
class Total:
    """A metric's value for one source and one interval, which begins at `timestamp` (epoch seconds)."""

    metric: Metric
    source: str
    timestamp: int
    value: float


def write_events(rows: Iterable[Mapping[str, object]], columns: Sequence[str], parquet: Path) -> None:
    """Write events as `totals` reads them.

    Args:
        rows: by names of columns, those of interactions; what is missing is null.
        columns: further numeric ones that metrics sum up.
        parquet: the file to make.

    """
    types = {**_OWN, **{column: "DOUBLE" for column in columns if column not in _OWN}}
    declared = ", ".join(f"{name(column)} {kind}" for column, kind in types.items())
    lists = ", ".join(f"unnest(?::{kind}[])" for kind in types.values())
    remaining = iter(rows)
    with connect() as connection:
        connection.execute(f"CREATE TABLE events ({declared})")
        while some := list(islice(remaining, _ROWS_AT_ONCE)):
            values = [[row.get(column) for row in some] for column in types]
            connection.execute(f"INSERT INTO events SELECT {lists}", values)
        connection.execute(f"COPY events TO {text(parquet)} (FORMAT parquet)")


def totals(
    events: Path,
    items: Path | None,
    metrics: Sequence[Metric],
    *,
    origins: Mapping[str, str],
) -> list[Total]:
    """Compute all metrics of some events, in the order of metric, time and source.

    Args:
        events: Parquet of interactions; EVENT_TYPE, EVENT_ATTRIBUTION_SOURCE and RECOMMENDATION_ID may be
            missing, and then no event has one.
        items: Parquet of the Items dataset; without it, sums over its columns are of nothing.
        metrics: to be computed.
        origins: the source by the first eight characters after "RID-" of a recommendation ID, in lower case.

    """
    with connect() as connection:
        _view(connection, events)
        connection.execute("CREATE TABLE origins (prefix VARCHAR, source VARCHAR)")
        if origins:
            connection.executemany("INSERT INTO origins VALUES (?, ?)", list(origins.items()))
        sources = {
            "events": _columns(connection, events),
            "items": _columns(connection, items) if items else {},
        }
        return [
            Total(metric, source, int(timestamp), float(value))
            for metric in metrics
            for source, timestamp, value in _rows(connection, metric, items, sources)
        ]


def _view(connection: DuckDBPyConnection, events: Path) -> None:
    there = set(connection.read_parquet(str(events)).columns)
    missing = "".join(
        f", NULL::{kind} AS {name(column)}" for column, kind in _OWN.items() if column not in there
    )
    connection.execute(f"CREATE VIEW events AS SELECT *{missing} FROM read_parquet({text(events)})")  # noqa: S608


def _columns(connection: DuckDBPyConnection, parquet: Path) -> dict[str, str]:
    """Columns of a file by their names in lower case."""
    return {column.lower(): column for column in connection.read_parquet(str(parquet)).columns}


def _rows(
    connection: DuckDBPyConnection,
    metric: Metric,
    items: Path | None,
    columns: Mapping[str, Mapping[str, str]],
) -> list[tuple[str, int, float]]:
    expression = metric.expression
    joined = ""
    value = "count(*)"
    if expression.function == "sum":
        of_items = str(expression.dataset) == "ITEMS"
        column = columns["items" if of_items else "events"].get((expression.column or "").lower())
        if column is None:  # the dataset has no data, or none of this column
            return []
        value = f"sum({'i' if of_items else 'e'}.{name(column)})"
        if of_items:
            assert items
            joined = f"LEFT JOIN read_parquet({text(items)}) i ON i.ITEM_ID = e.ITEM_ID"
    return connection.execute(
        f"SELECT coalesce(nullif(e.EVENT_ATTRIBUTION_SOURCE, ''), o.source, '{UNDEFINED_SOURCE}') AS source,"  # noqa: S608
        f" e.TIMESTAMP // {INTERVAL_SECONDS} * {INTERVAL_SECONDS} AS interval_start, coalesce({value}, 0)"
        f" FROM events e {joined}"
        " LEFT JOIN origins o ON lower(substr(e.RECOMMENDATION_ID, 5, 8)) = o.prefix"
        " WHERE lower(e.EVENT_TYPE) = lower(?) GROUP BY ALL ORDER BY 2, 1",
        [metric.event_type],
    ).fetchall()
