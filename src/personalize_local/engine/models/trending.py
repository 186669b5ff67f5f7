"""Trending-now: the items whose use rises fastest, and popular ones where nothing rises.

The rise is the number of interactions in the newest interval less that of the interval before, over the root
of what the interval before lets expect: ten more of an item that had two is news, of one that had a thousand
it is chance. Intervals end at the time of the training, or at the newest interaction if none is given.

The service counts again between trainings, every two hours or every interval if that is shorter; here
`refresh` does it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.held_out import catalogue_size, measure, test_users
from personalize_local.engine.histories import Histories
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.metrics import LIST_LENGTH
from personalize_local.engine.model_folder import read_sized, write_model
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.preference import best
from personalize_local.engine.models.relations import distinct_users, user_items
from personalize_local.engine.refusals import refuse_what_the_service_refuses
from personalize_local.engine.training_job import TrainingResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.answers import Event, Exploration, Scored
    from personalize_local.engine.arrays import BoolArray, Float32Array, Float64Array, Int64Array
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.base import Arrays
    from personalize_local.engine.training_job import TrainingJob

FREQUENCY = "trend_discovery_frequency"
INTERVALS = {"30 minutes": 1800, "1 hour": 3600, "2 hours": 7200, "3 hours": 10800, "1 day": 86400}
"""Seconds of each value of the hyperparameter."""
DEFAULT_INTERVAL = "2 hours"
EXPECTED = 5.0
"""Added to what the interval before had: one interaction with a new item is no trend yet."""
ACCURACY = "trend_prediction_accuracy"
"""The metric's key is not documented; the developer guide calls it "trend prediction accuracy"."""


@dataclass(frozen=True, slots=True)
class TrendingFit:
    """What orders the items: the rise where there is one, at least 1; below it the popularity, under 1."""

    order: Float32Array

    @classmethod
    def of(cls, interactions: Interactions, *, now: int, seconds: int) -> TrendingFit:
        """Count two intervals of `seconds` that end with `now`, which belongs to the newest."""
        rises = rise(interactions, now=now, seconds=seconds)
        before = _count(interactions, now - 2 * seconds, now - seconds)
        surprise = rises / np.sqrt(before + EXPECTED)
        users = distinct_users(user_items(interactions))
        popular = users / (users.max(initial=0) + 1)
        return cls(np.where(rises > 0, 1 + surprise, popular).astype(np.float32))

    def recommended(self, history: Seen, count: int) -> Int64Array:  # noqa: ARG002
        """Return the same items whoever asks."""
        return best(self.order, count)


def rise(interactions: Interactions, *, now: int, seconds: int) -> Float64Array:
    """Return how many more interactions each item had in the newest interval than in the one before."""
    newest = _count(interactions, now - seconds, now)
    return newest - _count(interactions, now - 2 * seconds, now - seconds)


def _count(interactions: Interactions, after: int, until: int) -> Float64Array:
    within = (interactions.timestamps > after) & (interactions.timestamps <= until)
    return np.bincount(interactions.items[within], minlength=len(interactions.item_ids)).astype(np.float64)


def accuracy(interactions: Interactions, *, now: int, seconds: int) -> float:
    """Return how much of the rise of the newest interval was foreseen one interval earlier, 0 to 1.

    It is the rise of the items that would have been recommended then, by that of the items that rose most.
    """
    earlier = interactions.where(interactions.timestamps <= now - seconds)
    foreseen = best(TrendingFit.of(earlier, now=now - seconds, seconds=seconds).order, LIST_LENGTH)
    came = np.maximum(rise(interactions, now=now, seconds=seconds), 0)
    most = np.sort(came)[-LIST_LENGTH:].sum()
    return float(came[foreseen].sum() / most) if most else 0.0


def train(job: TrainingJob) -> TrainingResult:
    """Count, measure, and write the model to `job.output`.

    Raises:
        TrainingRejected: too little data.
        ValueError: the hyperparameter has no such value.

    """
    began = time.perf_counter()
    interactions, now, seconds = _read(job)
    refuse_what_the_service_refuses(interactions, job)
    held_out = test_users(interactions)
    metrics = measure(
        TrendingFit.of(interactions.of_users(~held_out), now=now, seconds=seconds),
        interactions,
        held_out,
        catalogue=catalogue_size(interactions, job.items.parquet if job.items else None),
    )
    metrics[ACCURACY] = round(accuracy(interactions, now=now, seconds=seconds), 4)
    _write(job, interactions, now, seconds, metrics)
    return TrainingResult(
        metrics=metrics,
        tuned={},
        interactions=len(interactions),
        users=len(interactions.user_ids),
        items=len(interactions.item_ids),
        seconds=time.perf_counter() - began,
    )


def refresh(trained: Path, job: TrainingJob) -> bool:
    """Count again in the data of today, and write that model to `job.output`; metrics stay as trained.

    Returns False, with nothing written, if there is no interaction to count.
    """
    metrics = files.read_description(trained)["metrics"]
    interactions, now, seconds = _read(job)
    if not len(interactions):
        return False
    _write(job, interactions, now, seconds, metrics)
    return True


def _read(job: TrainingJob) -> tuple[Interactions, int, int]:
    assert job.interactions  # the recipe requires them
    interval = job.feature_parameters.get(FREQUENCY) or job.hyperparameters.get(FREQUENCY, DEFAULT_INTERVAL)
    if interval not in INTERVALS:
        raise ValueError(f"{FREQUENCY}: '{interval}' is not one of {', '.join(INTERVALS)}")
    interactions = read_interactions(
        job.interactions, event_type=job.event_type, event_value_threshold=job.event_value_threshold
    )
    now = int(interactions.timestamps.max(initial=0)) if job.now is None else job.now
    return interactions, now, INTERVALS[interval]


def _write(
    job: TrainingJob, interactions: Interactions, now: int, seconds: int, metrics: Mapping[str, float]
) -> None:
    fit = TrendingFit.of(interactions, now=now, seconds=seconds)
    write_model(job, TrendingModel(job.recipe, Histories.of(interactions), fit), metrics)


class TrendingModel(TrainedModel):
    """Answers every question with what rises, then with what is popular."""

    def __init__(self, recipe: str, histories: Histories, fit: TrendingFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit

    def recommend(
        self,
        user_id: str | None,  # noqa: ARG002
        live: Sequence[Event] = (),  # noqa: ARG002
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        context: Mapping[str, str] | None = None,  # noqa: ARG002
        exploration: Exploration | None = None,  # noqa: ARG002
    ) -> Scored:
        """Return the items that rise fastest; no scores."""
        return self._listed(self.fit.order, count, allowed)

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        return {}, {"order": self.fit.order}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> TrendingModel:
        """Open the files that `parts` named."""
        fit = TrendingFit(read_sized(folder, "order", len(histories.item_ids)))
        return cls(description["recipe"], histories, fit)
