"""How fast is an import, against DuckDB's own read_csv into Parquet of the same file in the same run.

    python benchmarks/imports.py                    10 million interactions
    python benchmarks/imports.py --rows 25000000    as many as the largest public MovieLens has

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

from personalize_rules.schemas import DatasetType, Field, Schema

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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each kind")
    parser.add_argument("--measure", nargs=3, metavar=("KIND", "CSV", "PARQUET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, source, target = options.measure
        measure(kind, Path(source), Path(target))
        return
    with TemporaryDirectory() as folder:
        source = Path(folder) / "interactions.csv"
        generate(options.rows, options.seed, source)
        print(f"{options.rows:,} interactions, {source.stat().st_size / 1e6:,.0f} MB of CSV")
        found: dict[str, list[dict[str, float]]] = {"duckdb": [], "ours": []}
        for _ in range(options.repeat):
            for kind, results in found.items():
                command = [
                    sys.executable,
                    __file__,
                    "--measure",
                    kind,
                    str(source),
                    f"{folder}/{kind}.parquet",
                ]
                results.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    best = {
        kind: {key: min(one[key] for one in results) for key in results[0]} for kind, results in found.items()
    }
    print(f"{'':8} {'seconds':>10} {'processor':>10} {'peak MB':>10}")
    for kind, results in found.items():
        peak = max(one["megabytes"] for one in results)
        print(f"{kind:8} {best[kind]['seconds']:10.2f} {best[kind]['processor']:10.2f} {peak:10.0f}")
    ratios = {key: best["ours"][key] / best["duckdb"][key] for key in ("seconds", "processor")}
    print(f"{'ratio':8} {ratios['seconds']:10.2f} {ratios['processor']:10.2f}")


if __name__ == "__main__":
    main()
