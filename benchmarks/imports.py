"""How fast is an import, against DuckDB's own read_csv into Parquet of the same file in the same run.

    python benchmarks/imports.py                    10 million interactions
    python benchmarks/imports.py --rows 2.5e7       as many as the largest public MovieLens has

Goal: at most 1.5 times as long at 10 million rows, under 2 GB of memory at 25 million. Each measurement is a
process of its own, without the start of Python; both kinds take turns, and the best of each counts, because
other work on the machine can only add. The time on the processors hardly depends on other work.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row

from personalize_rules.schemas import DatasetType, Field, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = Schema(
    "Interactions",
    (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("EVENT_TYPE", "string"),
        Field("TIMESTAMP", "long"),
    ),
)
USERS, ITEMS = 170_000, 27_000


def generate(rows: int, seed: int, target: Path) -> None:
    """Write interactions with a power law over items; the same for the same seed."""
    import duckdb  # noqa: PLC0415

    def uniform(stream: int) -> str:
        """A number in [0, 1) per row, from its place, the seed and the stream."""
        return f"(hash(n, {seed}, {stream}) % 1000003 / 1000003.0)"

    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'u' || floor({USERS} * {uniform(1)})::INTEGER AS USER_ID,"
            f" 'i' || floor({ITEMS} * pow({uniform(2)}, 3))::INTEGER AS ITEM_ID,"
            f" CASE WHEN {uniform(3)} < 0.3 THEN 'watch' ELSE 'click' END AS EVENT_TYPE,"
            f" 1500000000 + floor(200000000 * {uniform(4)})::BIGINT AS TIMESTAMP"
            f" FROM range({rows}) AS numbers(n)) TO '{target}' (HEADER)"
        )


def measure(kind: str, source: Path, target: Path) -> None:
    """Import once in this process, and print seconds and peak memory as JSON."""
    import duckdb  # noqa: PLC0415

    from personalize_local.engine.csv_import import import_csv  # noqa: PLC0415

    started, worked = time.perf_counter(), time.process_time()
    if kind == "ours":
        import_csv([source], SCHEMA, DatasetType.INTERACTIONS, target)
    else:
        with duckdb.connect() as connection:
            connection.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "processor": worked, "megabytes": kilobytes / 1024}))


MOST_TIMES, MOST_MB = 1.5, 2000.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each kind")
    parser.add_argument("--measure", nargs=3, metavar=("KIND", "CSV", "PARQUET"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        kind, source, target = options.measure
        measure(kind, Path(source), Path(target))
        return 0
    rows = int(options.rows)
    found: dict[str, list[dict[str, float]]] = {"duckdb": [], "ours": []}
    with TemporaryDirectory() as folder:
        source = Path(folder) / "interactions.csv"
        generate(rows, options.seed, source)
        size = source.stat().st_size / 1e6
        for _ in range(options.repeat):
            for kind, results in found.items():
                target = f"{folder}/{kind}.parquet"
                command = [sys.executable, __file__, "--measure", kind, str(source), target]
                results.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    theirs, ours = (
        {key: min(one[key] for one in results) for key in ("seconds", "processor")}
        | {"megabytes": max(one["megabytes"] for one in results)}
        for results in found.values()
    )
    table = Report(f"Import of {rows:,} interactions, {size:,.0f} MB of CSV (reference: DuckDB's read_csv)")
    for key, unit, bar, met in (
        ("seconds", "s", f"<= {MOST_TIMES} times", ours["seconds"] <= MOST_TIMES * theirs["seconds"]),
        ("processor", "s", "", None),
        ("megabytes", "MB", "< 2 GB", ours["megabytes"] < MOST_MB),
    ):
        barred = rows >= 10_000_000
        digits = 0 if unit == "MB" else 2
        table.add(
            Row(
                key,
                f"{theirs[key]:.{digits}f} {unit}",
                f"{ours[key]:.{digits}f} {unit}",
                ours[key] / theirs[key],
                bar if barred else "",
                met if barred else None,
            )
        )
    return table.print()


if __name__ == "__main__":
    sys.exit(main())
