"""How long a filter takes inside the engine: microseconds per request, for several sizes of catalogue.

    python benchmarks/filters.py

Goal: under 0.1 ms for 10,000 items when nothing depends on the user, under 1 ms for 100,000 items. "first" is
the first request of a new filter, compilation included, "again" one with values seen before.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row

from personalize_local.engine.answers import Event
from personalize_local.engine.catalogue import ItemTable
from personalize_local.engine.events import NO_EVENTS, EventHistory
from personalize_local.engine.filtering import CompiledFilter
from personalize_rules.filters import parse_filter
from personalize_rules.schemas import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from personalize_local.engine.events import EventView
    from personalize_rules.filters import FilterExpression

SCHEMA = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRE", "string", categorical=True),
        Field("PRICE", "float"),
    ),
)
GENRES, USERS, EVENTS_PER_USER = 20, 200, 200
FILTERS = {
    "genre": 'INCLUDE ItemID WHERE Items.GENRE IN ("g1", "g2")',
    "genre, price by value": "INCLUDE ItemID WHERE Items.GENRE IN ($G) AND Items.PRICE < $P",
    "not seen": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "watch")',
    "genre by value, not seen": "INCLUDE ItemID WHERE Items.GENRE IN ($G)"
    ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    "cheaper than this": "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE",
}


def generate(items: int, folder: Path) -> tuple[ItemTable, EventHistory]:
    """Make a catalogue with two genres per item, and a history with events of two types per user."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'i' || n AS ITEM_ID,"
            f" 'g' || hash(n) % {GENRES} || '|g' || hash(n, 1) % {GENRES} AS GENRE,"
            f" (hash(n, 2) % 10000 / 100.0)::FLOAT AS PRICE FROM range({items}) AS numbers(n))"
            f" TO '{folder}/items.parquet'"
        )
        connection.execute(
            f"COPY (SELECT 'u' || n % {USERS} AS USER_ID, 'i' || hash(n, 3) % {items} AS ITEM_ID,"
            " CASE WHEN hash(n, 4) % 3 = 0 THEN 'watch' ELSE 'click' END AS EVENT_TYPE, n AS TIMESTAMP"
            f" FROM range({USERS * EVENTS_PER_USER}) AS numbers(n)) TO '{folder}/interactions.parquet'"
        )
    table = ItemTable.build(folder / "items.parquet", SCHEMA, folder / "items")
    return table, EventHistory.build(folder / "interactions.parquet", folder / "events")


def microseconds(call: Callable[[int], object], times: int) -> float:
    """Return the median of so many calls, each with its number."""
    found = []
    for number in range(times):
        started = time.perf_counter()
        call(number)
        found.append(time.perf_counter() - started)
    return statistics.median(found) * 1e6


def answer(compiled: CompiledFilter, view: EventView, number: int) -> None:
    """Do what one request does: the user's events if the filter asks for them, then the mask."""
    expression = compiled.expression
    live = [Event(f"i{item}", "click", 10**9 + item) for item in range(5)]
    compiled.mask(
        {"G": f'"g{number % GENRES}"', "P": str(number)},
        events=view.of(f"u{number % USERS}", live) if expression.uses_interactions else NO_EVENTS,
        current_item=f"i{number}" if expression.uses_current_item else None,
    )


MOST_MICROSECONDS = {10_000: ("genre", 100.0), 100_000: ("genre by value, not seen", 1000.0)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--times", type=int, default=500)
    options = parser.parse_args(arguments)
    report = Report("Filters inside the engine (reference: the same filter at its first request)")
    for items in options.items:
        with TemporaryDirectory() as folder:
            table, history = generate(items, Path(folder))
            view = history.view(table.ids)
            barred, most = MOST_MICROSECONDS.get(items, ("", 0.0))
            for name, written in FILTERS.items():
                expression = parse_filter(written)
                compiled = CompiledFilter(expression, table)
                first = microseconds(partial(_anew, expression, table, view), options.times)
                again = microseconds(partial(_again, compiled, view), options.times)
                report.add(
                    Row(
                        f"{items:,} items, {name}",
                        f"{first:.0f} us",
                        f"{again:.0f} us",
                        again / first,
                        f"< {most:,.0f} us" if name == barred else "",
                        again < most if name == barred else None,
                    )
                )
    return report.print()


def _anew(expression: FilterExpression, table: ItemTable, view: EventView, number: int) -> None:
    answer(CompiledFilter(expression, table), view, number)


def _again(compiled: CompiledFilter, view: EventView, number: int) -> None:
    answer(compiled, view, number % 10)


if __name__ == "__main__":
    sys.exit(main())
