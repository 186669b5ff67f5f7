"""Time and memory of a whole solution version, beside implicit's ALS of 64 factors on the same rows.

    python benchmarks/training.py                     1 and 10 million interactions: five minutes
    python benchmarks/training.py --rows 2.5e7        as many as the largest public MovieLens has
    python benchmarks/training.py --rows 1e5          seconds

Each part runs in a process of its own, so that the memory is its own. "version" is everything that a solution
version takes: reading, learning, fitting, measuring, fitting again, writing, and the users' histories for
filters. "fit" is one fit on all rows, what ALS does too. Bars: a fit of 10 million takes no longer than ALS,
and 2 GB at most; its version less than 60 s; a version of 1 million less than 8 s; from 1 to 10 million the
time per interaction grows by 1.5 at most; a version of 25 million takes 6 GB at most. On a machine that does
other things too, compare the processor seconds: ratios are of these.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row
from benchmarks.synthetic import write_interactions
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from personalize_local.engine.events import EventHistory
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models.inner_split import InnerSplit
from personalize_local.engine.models.relations import user_items
from personalize_local.engine.recipes import RECIPES
from personalize_local.engine.training import BLAS_THREADS, train
from personalize_local.engine.training_job import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALS_ITERATIONS = 15


class Cost(NamedTuple):
    """What a part took: wall time, time of all cores together, and the process's largest resident size."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    note: str = ""

    @property
    def shown(self) -> str:
        """All of it in a few words."""
        words = f"{self.seconds:.1f} s ({self.cpu_seconds:.1f} s of processor), {self.peak_mb / 1000:.2f} GB"
        return f"{words}, {self.note}" if self.note else words


def cost_since(began: float, cpu: float, note: str = "") -> Cost:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # Linux counts in KB
    return Cost(time.perf_counter() - began, time.process_time() - cpu, peak, note)


def version(data: Path, recipe: str, output: Path) -> Cost:
    began, cpu = time.perf_counter(), time.process_time()
    result = train(TrainingJob(recipe=recipe, interactions=data, output=output))
    EventHistory.build(data, output.with_name("events"))
    ndcg = result.metrics["normalized_discounted_cumulative_gain_at_25"]
    return cost_since(began, cpu, f"NDCG@25 {ndcg:.4f}")


def fit(data: Path, recipe: str, _output: Path) -> Cost:
    interactions = read_interactions(data)
    trainer = RECIPES[recipe].trainer({}, None)
    with threadpool_limits(BLAS_THREADS, "blas"):
        learnt = trainer.learn(InnerSplit.of(interactions, 0))
        began, cpu = time.perf_counter(), time.process_time()
        trainer.fit(interactions, learnt)
        return cost_since(began, cpu)


def als(data: Path, _recipe: str, _output: Path) -> Cost:
    matrix = csr_matrix(user_items(read_interactions(data)))
    model = AlternatingLeastSquares(factors=64, iterations=ALS_ITERATIONS, random_state=0, num_threads=2)
    with threadpool_limits(1, "blas"):
        began, cpu = time.perf_counter(), time.process_time()
        model.fit(matrix, show_progress=False)
        return cost_since(began, cpu)


PARTS = {"ALS": als, "fit": fit, "version": version}
MOST_SECONDS = {1_000_000: 8.0, 10_000_000: 60.0}
MOST_MB = {("fit", 10_000_000): 2000.0, ("version", 25_000_000): 6000.0}
MOST_GROWTH = 1.5


def measured(rows: int, recipe: str) -> dict[str, Cost]:
    """Run each part on so many rows."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        data = write_interactions(Path(folder) / "interactions.parquet", rows)
        for name, part in PARTS.items():
            with multiprocessing.get_context("spawn").Pool(1) as process:
                found[name] = process.apply(part, (data, recipe, Path(folder) / "model"))
            print(f"{rows:,} {name}: {found[name].shown}", file=sys.stderr, flush=True)
    return found


def rows_of(size: int, costs: dict[str, Cost]) -> Iterator[Row]:
    """Yield what one size tells."""
    als_cost = costs["ALS"]
    for name in ("fit", "version"):
        cost = costs[name]
        bars: list[tuple[str, bool]] = []
        if name == "fit" and size == 10_000_000:
            bars.append(("<= ALS", cost.cpu_seconds <= als_cost.cpu_seconds))
        if name == "version" and size in MOST_SECONDS:
            bars.append((f"< {MOST_SECONDS[size]:.0f} s", cost.seconds < MOST_SECONDS[size]))
        if most := MOST_MB.get((name, size)):
            bars.append((f"<= {most / 1000:.0f} GB", cost.peak_mb <= most))
        yield Row(
            f"{size:,} interactions, {name}",
            als_cost.shown,
            cost.shown,
            cost.cpu_seconds / als_cost.cpu_seconds,
            ", ".join(words for words, _ in bars),
            all(met for _, met in bars) if bars else None,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", nargs="+", type=float, default=[1e6, 1e7])
    parser.add_argument("--recipe", default="aws-user-personalization-v2")
    options = parser.parse_args(arguments)
    table = Report("Training (reference: implicit's ALS of 64 factors, 15 iterations, the same matrix)")
    costs: dict[int, dict[str, Cost]] = {}
    for rows in map(int, options.rows):
        costs[rows] = measured(rows, options.recipe)
        for row in rows_of(rows, costs[rows]):
            table.add(row)
    for small, large in pairwise(costs):
        first, second = (costs[size]["version"].cpu_seconds / size * 1e6 for size in (small, large))
        table.add(
            Row(
                f"processor per interaction, {large:,} against {small:,}",
                f"{first:.2f} us",
                f"{second:.2f} us",
                second / first,
                f"<= {MOST_GROWTH} times",
                second / first <= MOST_GROWTH if (small, large) == (1_000_000, 10_000_000) else None,
            )
        )
    return table.print()


if __name__ == "__main__":
    sys.exit(main())
