"""How good the recipes are on MovieLens small, beside what Amazon Personalize reached on the same rows.

    PERSONALIZE_SHARED=... python benchmarks/quality.py

Protocol: every user is a test user once, in ten folds; the figures are the means of the folds. The recorded
figures come from one split of 53 to 68 users each, so they carry a noise of about 0.03 to 0.05.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.movielens import PLACE, ratings, write_interactions

from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.recipes import RECIPES
from personalize_local.engine.splits import FOLDS, folds
from personalize_local.engine.training import evaluate

CATALOGUE = 9_742
"""Items in the Items dataset of the recorded runs: movies.csv."""

SHORT = {
    "coverage": "coverage",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "normalized_discounted_cumulative_gain_at_25": "NDCG@25",
    "precision_at_5": "P@5",
    "precision_at_25": "P@25",
}


class Task(NamedTuple):
    """One line of the table."""

    name: str
    recipe: str
    event_type: str | None
    recorded: str | None
    bars: dict[str, float]


def bars(ndcg: float, mrr: float, five: float, twenty_five: float) -> dict[str, float]:
    return {"NDCG@25": ndcg, "MRR@25": mrr, "P@5": five, "P@25": twenty_five}


TASKS = (
    Task(
        "as Amazon measures",
        "aws-user-personalization",
        None,
        "aws-user-personalization",
        bars(0.48, 0.44, 0.13, 0.065),
    ),
    Task(
        "clicks, nothing twice", "aws-user-personalization-v2", "click", None, bars(0.29, 0.20, 0.08, 0.055)
    ),
    Task(
        "ranking",
        "aws-personalized-ranking",
        None,
        "aws-personalized-ranking",
        bars(0.354, 0.274, 0.074, 0.034),
    ),
    Task("related", "aws-similar-items", None, "aws-sims", bars(0.263, 0.166, 0.074, 0.041)),
    Task("related", "aws-sims", None, "aws-sims", bars(0.263, 0.166, 0.074, 0.041)),
    Task("baseline", "aws-popularity-count", None, None, {}),
)


def measured(task: Task, data: Path) -> dict[str, float]:
    """Return the means of the ten folds. Where items come once, the model puts seen ones last by itself."""
    trainer: Any = RECIPES[task.recipe].trainer({}, None)  # a frozen dataclass, so it can be a key
    return _mean_of_folds(trainer, task.event_type, data)


@cache  # the two personal recipes train alike, and are asked alike
def _mean_of_folds(trainer: Any, event_type: str | None, data: Path) -> dict[str, float]:
    interactions = read_interactions(data, event_type=event_type)
    fold = folds(interactions.user_ids)
    results = [evaluate(trainer, interactions, fold == one, catalogue=CATALOGUE) for one in range(FOLDS)]
    return {short: float(np.mean([result[name] for result in results])) for name, short in SHORT.items()}


def recorded(recipe: str) -> list[dict[str, float]]:
    """Return the recorded runs of a recipe on these rows."""
    columns = ("coverage", "mrr_at_25", "ndcg_at_25", "precision_at_5", "precision_at_25")
    with (Path(os.environ[PLACE]) / "data" / "personalize-recorded-metrics.csv").open() as file:
        return [
            {short: float(row[column]) for short, column in zip(SHORT.values(), columns, strict=True)}
            for row in csv.DictReader(file)
            if row["dataset"] == "ml-latest-small"
            and row["recipe"] == recipe
            and row["interactions"] == "158371"
        ]


def line(label: str, values: dict[str, float]) -> str:
    return f"{label:<52}" + "".join(
        f"{values[short]:>10.4f}" if short in values else " " * 10 for short in SHORT.values()
    )


def main() -> None:
    file = ratings()
    if file is None:
        sys.exit(f"Set {PLACE} to the folder that has data/ml-latest-small/ratings.csv.")
    print(f"{'mean of 10 folds':<52}" + "".join(f"{short:>10}" for short in SHORT.values()))
    with tempfile.TemporaryDirectory() as folder:
        data = write_interactions(file, Path(folder) / "interactions.parquet")
        for task in TASKS:
            began = time.perf_counter()
            values = measured(task, data)
            seconds = time.perf_counter() - began
            print(line(f"{task.recipe} ({task.name}; {seconds:.0f} s)", values))
            if task.bars:
                print(line("  at least", task.bars))
            for run in recorded(task.recorded) if task.recorded else []:
                print(line(f"  Amazon, {task.recorded}", run))


if __name__ == "__main__":
    main()
