"""Time of one answer inside the engine, history read afresh, beside implicit's ALS asked in the same way.

    python benchmarks/answers.py [--rows 1e6]

The two are asked in turn, user by user, so that whatever else the machine does hits both alike. ALS
recomputes the user's factors from his history (`recalculate_user`), on one thread: two take fifty times
as long.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.synthetic import write_interactions
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models.relations import user_items
from personalize_local.engine.serving import Event, load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob

REQUESTS = 3000
COUNT = 25
EVENTS_OF_A_BUSY_USER = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=float, default=1e6)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = write_interactions(Path(folder) / "interactions.parquet", int(arguments.rows))
        train(TrainingJob("aws-user-personalization-v2", data, Path(folder) / "model"))
        model = load(Path(folder) / "model")
        interactions = read_interactions(data)
        matrix = csr_matrix(user_items(interactions))
        als = AlternatingLeastSquares(factors=64, iterations=5, random_state=0, num_threads=2)
        with threadpool_limits(1, "blas"):
            als.fit(matrix, show_progress=False)
            als.num_threads = 1  # starting a thread costs more than one answer
            draw = np.random.default_rng(0)
            ours, theirs, busy = [], [], []
            items = interactions.item_ids
            live = [
                Event(items[one], "", 2_000_000_000 + at)
                for at, one in enumerate(draw.integers(0, len(items), EVENTS_OF_A_BUSY_USER).tolist())
            ]
            for warm, user in enumerate(draw.integers(0, matrix.shape[0], REQUESTS + 200).tolist()):
                identifier, history = interactions.user_ids[user], matrix[user]
                began = time.perf_counter()
                model.recommend(identifier, count=COUNT)
                middle = time.perf_counter()
                als.recommend(user, history, N=COUNT, recalculate_user=True)
                end = time.perf_counter()
                model.recommend(None, live, count=COUNT)
                last = time.perf_counter()
                if warm >= 200:
                    ours.append(middle - began)
                    theirs.append(end - middle)
                    busy.append(last - end)
    print(f"{arguments.rows:,.0f} rows, {len(items):,} items, {REQUESTS} requests, top {COUNT}; milliseconds")
    print(f"{'':<44}{'p50':>8}{'p99':>8}")
    for name, times in (
        ("Personalize Local", ours),
        ("implicit ALS 64, recalculate_user", theirs),
        (f"Personalize Local, {EVENTS_OF_A_BUSY_USER} live events", busy),
    ):
        middle, high = np.percentile(times, [50, 99]) * 1e3
        print(f"{name:<44}{middle:>8.3f}{high:>8.3f}")
    middle, high = np.percentile(ours, [50, 99]) / np.percentile(theirs, [50, 99])
    print(f"{'ratio':<44}{middle:>8.2f}{high:>8.2f}")


if __name__ == "__main__":
    main()
