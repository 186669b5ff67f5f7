"""Metrics beside those that Amazon Personalize reported, for every recorded run that can be repeated here.

    PERSONALIZE_SHARED=... python benchmarks/recorded_metrics.py [--folds 10]

Ours are means of hold-outs (ten folds: every user is a test user once), each recorded figure is of one split
of about 56 users, with a noise of about 0.03 to 0.05 in NDCG@25 and MRR@25. The recorded runs that had
MovieLens joined to IMDb are compared with ours on MovieLens alone, 1% more rows.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.movielens import PLACE, ratings, write_interactions
from benchmarks.quality import CATALOGUE, SHORT

from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.recipes import RECIPES
from personalize_local.engine.splits import FOLDS, folds
from personalize_local.engine.training import evaluate

COLUMNS = ("coverage", "mrr_at_25", "ndcg_at_25", "precision_at_5", "precision_at_25")
# Recorded data set -> what our rows have to do with it.
REPEATABLE = {"ml-latest-small": "the same rows", "ml-latest-small+IMDb": "without IMDb"}
WHY_NOT = {
    "ml-100k": "not part of ml-latest-small",
    "ml-100k (other filter)": "not part of ml-latest-small, and its filter is unknown",
    "ml-1m": "not part of ml-latest-small",
    "ml-20m": "not part of ml-latest-small",
}
OTHER_DATA = "other data, which is not here"


class Run(NamedTuple):
    """A recorded training."""

    number: str
    date: str
    dataset: str
    recipe: str
    figures: dict[str, float]


def recorded_runs(file: Path) -> list[Run]:
    """All of them, in the order of the file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            Run(
                number=row["id"],
                date=row["date"].split()[0],
                dataset=row["dataset"],
                recipe="aws-hrnn" if row["recipe"] == "hrnn" else row["recipe"],
                figures={
                    short: float(row[column]) for short, column in zip(SHORT.values(), COLUMNS, strict=True)
                },
            )
            for row in csv.DictReader(lines)
        ]


def why_not(run: Run) -> str:
    """Why a run cannot be repeated here; "" if it can."""
    if run.dataset not in REPEATABLE:
        return WHY_NOT.get(run.dataset, OTHER_DATA)
    return "" if run.recipe in RECIPES else f"{run.recipe} is not trained by folds"


def mean_of_folds(recipe: str, data: Path, count: int) -> dict[str, float]:
    """Our figures: the means of `count` of the ten hold-outs."""
    trainer: Any = RECIPES[recipe].trainer({}, None)
    interactions = read_interactions(data)
    fold = folds(interactions.user_ids)
    results = [evaluate(trainer, interactions, fold == one, catalogue=CATALOGUE) for one in range(count)]
    return {short: float(np.mean([result[name] for result in results])) for name, short in SHORT.items()}


def line(cells: list[str], figures: dict[str, float]) -> str:
    return f"| {' | '.join([*cells, *(f'{figures[short]:.3f}' for short in SHORT.values())])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--folds", type=int, default=FOLDS, help="hold-outs, at most 10 (default: %(default)s)"
    )
    count = min(parser.parse_args().folds, FOLDS)
    file = ratings()
    if file is None:
        sys.exit(f"Set {PLACE} to the folder that has data/ml-latest-small/ratings.csv.")
    runs = recorded_runs(Path(os.environ[PLACE]) / "data" / "personalize-recorded-metrics.csv")
    head = ["recipe", "whose", *SHORT.values()]
    print(f"Ours: means of {count} hold-outs. Amazon's: one hold-out each.\n")
    print(f"| {' | '.join(head)} |\n|{' --- |' * 2}{' ---: |' * len(SHORT)}")
    by_recipe: dict[str, list[Run]] = defaultdict(list)
    left_out: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        if reason := why_not(run):
            left_out[f"{run.dataset}: {reason}"].append(run.number)
        else:
            by_recipe[run.recipe].append(run)
    with tempfile.TemporaryDirectory() as folder:
        data = write_interactions(file, Path(folder) / "interactions.parquet")
        for recipe, group in sorted(by_recipe.items()):
            print(line([f"**{recipe}**", "**ours**"], mean_of_folds(recipe, data, count)), flush=True)
            for run in group:
                note = "" if run.dataset == "ml-latest-small" else f", {REPEATABLE[run.dataset]}"
                print(line(["", f"Amazon, {run.number}, {run.date}{note}"], run.figures))
    print("\nNot repeated:\n")
    for reason, numbers in left_out.items():
        print(f"- {', '.join(numbers)}: {reason}")


if __name__ == "__main__":
    main()
