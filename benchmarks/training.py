"""Time and memory of a whole solution version, beside implicit's ALS of 64 factors on the same rows.

    python benchmarks/training.py [--rows 1e6 1e7] [--recipe aws-user-personalization-v2]

Each part runs in a process of its own, so that the memory is its own. "train" is everything: reading,
learning, fitting, measuring, fitting again, writing. "fit" is one fit on all rows, what ALS does too.
On a machine that does other things too, compare the CPU seconds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.synthetic import write_interactions
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models.inner_split import InnerSplit
from personalize_local.engine.models.relations import user_items
from personalize_local.engine.recipes import RECIPES
from personalize_local.engine.training import BLAS_THREADS, train
from personalize_local.engine.training_job import TrainingJob

ALS_ITERATIONS = 15


class Cost(NamedTuple):
    """What a part took: wall time, time of all cores together, and the process's largest resident size."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    note: str = ""


def cost_since(began: float, cpu: float, note: str = "") -> Cost:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # Linux counts in KB
    return Cost(time.perf_counter() - began, time.process_time() - cpu, peak, note)


def whole(data: Path, recipe: str, output: Path) -> Cost:
    began, cpu = time.perf_counter(), time.process_time()
    result = train(TrainingJob(recipe=recipe, interactions=data, output=output))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", nargs="+", type=float, default=[1e6, 1e7])
    parser.add_argument("--recipe", default="aws-user-personalization-v2")
    arguments = parser.parse_args()
    print(f"{'rows':>12}  {'part':<10}{'seconds':>9}{'CPU s':>9}{'/ ALS':>8}{'peak MB':>9}{'us/row':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            data = write_interactions(Path(folder) / "interactions.parquet", int(rows))
            reference = 0.0
            for name, part in (("ALS 64", als), ("fit", fit), ("train", whole)):
                with multiprocessing.get_context("spawn").Pool(1) as process:
                    cost = process.apply(part, (data, arguments.recipe, Path(folder) / "model"))
                reference = reference or cost.seconds
                print(
                    f"{rows:>12,.0f}  {name:<10}{cost.seconds:>9.2f}{cost.cpu_seconds:>9.2f}"
                    f"{cost.seconds / reference:>8.2f}{cost.peak_mb:>9.0f}{cost.seconds / rows * 1e6:>8.2f}"
                    f"  {cost.note}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
