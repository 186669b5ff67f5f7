"""Answers by the batch inside the engine: recommendations for many users, and segments of all users.

    python benchmarks/batch.py                  27,000 items, 1.6 million interactions: two minutes
    python benchmarks/batch.py --rows 1e7       the size that the bar is meant for
    python benchmarks/batch.py --rows 1e5 --items 1000 --users 500

Bar: at least 4,000 users/s on 27,000 items. The reference is implicit's ALS of 64 factors, which folds each
user in from his history (`recalculate_user`), as ours is asked with the history itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row
from benchmarks.synthetic import write_interactions
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from personalize_local.engine.batch import Query, recommend_many
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models.relations import user_items
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.answers import Segmenter

ITEMS = 27_000
USERS = 8000
COUNT = 25
LEAST = 4000
SEGMENTS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=float, default=60 * ITEMS)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--users", type=int, default=USERS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        data = write_interactions(
            Path(folder) / "interactions.parquet", int(options.rows), items=options.items
        )
        interactions = read_interactions(data)
        ids = interactions.user_ids
        drawn = np.random.default_rng(0).integers(0, len(ids), options.users)
        train(TrainingJob("aws-user-personalization-v2", Path(folder) / "personal", interactions=data))
        model = load(Path(folder) / "personal")
        queries = [Query(ids[user]) for user in drawn.tolist()]
        list(recommend_many(model, queries[:200], count=COUNT))
        began = time.perf_counter()
        answers = sum(len(answer.items) == COUNT for answer in recommend_many(model, queries, count=COUNT))
        ours = answers / (time.perf_counter() - began)
        train(TrainingJob("aws-item-affinity", Path(folder) / "segments", interactions=data))
        segmenter = cast("Segmenter", load(Path(folder) / "segments"))
        segmenter.segment([0])
        began = time.perf_counter()
        for item in range(SEGMENTS):
            segmenter.segment([item], count=len(ids))
        segment = (time.perf_counter() - began) / SEGMENTS
    als = _als(csr_matrix(user_items(interactions)), drawn.tolist())
    table = Report(f"Batches inside the engine, {len(interactions):,} interactions, {options.items:,} items")
    table.add(
        Row(
            f"recommendations, top {COUNT}",
            f"implicit ALS 64: {als:,.0f} users/s",
            f"{ours:,.0f} users/s",
            ours / als,
            f">= {LEAST:,} users/s",
            ours >= LEAST if options.items == ITEMS else None,
        )
    )
    table.add(Row(f"a segment of all {len(ids):,} users", "", f"{segment * 1e3:,.0f} ms"))
    return table.print()


def _als(matrix: csr_matrix, users: Sequence[int]) -> float:
    """Return users per second of ALS, asked one by one, on one thread: two take longer."""
    als = AlternatingLeastSquares(factors=64, iterations=3, random_state=0, num_threads=2)
    with threadpool_limits(1, "blas"):
        als.fit(matrix, show_progress=False)
        als.num_threads = 1
        began = time.perf_counter()
        for user in users:
            als.recommend(user, matrix[user], N=COUNT, recalculate_user=True)
        return len(users) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
