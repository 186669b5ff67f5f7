"""Train models of user segments: what counts is learnt, and measured, on what users did last.

As in the service, the oldest 80 % of each user's interactions are fitted on and the newest 20 % are the
truth. Before that the same is done inside the 80 %, to learn how fast the past fades, how much activity
counts and what becomes of users who know an item already.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect, name
from personalize_local.engine.histories import Histories
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.model_folder import write_model
from personalize_local.engine.models.affinity import AffinityFit, AffinityModel, Queries, Weights, had
from personalize_local.engine.models.preference import best
from personalize_local.engine.models.relations import EASE_KEPT, relations
from personalize_local.engine.refusals import refuse_what_the_service_refuses
from personalize_local.engine.splits import user_hashes
from personalize_local.engine.training_job import TrainingRejected, TrainingResult
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.arrays import BoolArray, Int64Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.training_job import Table, TrainingJob

TRUTH_SHARE = 0.2
TOP_SHARE = 0.01
"""Of the users, as the metrics' names say; at least one user."""
MEASURED_QUERIES = 300
LEARNT_QUERIES = 100
MOST_ROWS = 1_500_000
"""Rows that is learnt from; with more, what is learnt stays the same."""
DECAYS = (0.0, 0.05, 0.2)
ACTIVITIES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
KNOWN = (None, 0.0, 1.0, 3.0)
DEFAULT = Weights(decay=0.05, activity=0.5, known=0.0)
"""Where there is nothing to learn from."""
DOCUMENTED_DIMENSION = 149


def train_items(job: TrainingJob) -> TrainingResult:
    """Train aws-item-affinity: queries are single items.

    Raises:
        TrainingRejected: too little data.

    """
    interactions = _read(job)
    every = [np.array([item], np.int64) for item in range(len(interactions.item_ids))]
    return _train(job, interactions, every)


def train_attributes(job: TrainingJob) -> TrainingResult:
    """Train aws-item-attribute-affinity: queries are all items with one value of a column.

    Raises:
        TrainingRejected: too little data, or no column that segments could be made of.

    """
    interactions = _read(job)
    assert job.items  # the recipe requires them
    every = attribute_queries(job.items, interactions)
    if not every:
        raise TrainingRejected(
            "The Items dataset has no metadata column to make segments of: aws-item-attribute-affinity needs"
            " at least one categorical or numeric column that is not reserved, with values for items that"
            " have interactions."
        )
    return _train(job, interactions, every)


def attribute_queries(items: Table, interactions: Interactions) -> list[Int64Array]:
    """Return the items that carry each value of each column that segments can be made of."""
    columns = [
        field
        for field in items.schema.fields
        if field.name not in {"ITEM_ID", "CREATION_TIMESTAMP"} and (field.categorical or field.numeric)
    ]
    with connect() as connection:
        source = connection.read_parquet(str(items.parquet))
        columns = [field for field in columns if field.name in source.columns]
        rows = source.project(
            ", ".join(name(one) for one in ["ITEM_ID", *(f.name for f in columns)])
        ).fetchall()
    carriers: dict[tuple[str, str], list[int]] = {}
    for item, *values in rows:
        number = interactions.item_ids.position(str(item))
        if number is None:
            continue
        for field, value in zip(columns, values, strict=True):
            for part in str(value).split("|") if value is not None else ():
                carriers.setdefault((field.name, part), []).append(number)
    return [np.unique(np.array(numbers, np.int64)) for _, numbers in sorted(carriers.items())]


def _read(job: TrainingJob) -> Interactions:
    assert job.interactions  # both recipes require them
    interactions = read_interactions(
        job.interactions, event_type=job.event_type, event_value_threshold=job.event_value_threshold
    )
    refuse_what_the_service_refuses(interactions, job)
    return interactions


def _train(job: TrainingJob, interactions: Interactions, every: Sequence[Int64Array]) -> TrainingResult:
    began = time.perf_counter()
    dimension = int(job.hyperparameters.get("hidden_dimension", DOCUMENTED_DIMENSION))
    kept = max(1, round(dimension * EASE_KEPT / DOCUMENTED_DIMENSION))
    newest = newest_share(interactions)
    training = interactions.where(~newest)
    weights = learn(training, every, kept=kept, seed=job.seed)
    metrics = measure(training, interactions.where(newest), every, weights, kept=kept, seed=job.seed)
    del training
    fit = _fit(interactions, weights, kept=kept, seed=job.seed)
    write_model(job, AffinityModel(job.recipe, Histories.of(interactions), fit), metrics)
    return TrainingResult(
        metrics=metrics,
        tuned={},
        interactions=len(interactions),
        users=len(interactions.user_ids),
        items=len(interactions.item_ids),
        seconds=time.perf_counter() - began,
    )


def newest_share(interactions: Interactions) -> BoolArray:
    """Return which rows are the newest fifth of their user's, rounded down, but none of a user's only row."""
    starts = interactions.user_starts()
    lengths = np.diff(starts)
    aside = np.where(lengths > 1, np.maximum(1, (lengths * TRUTH_SHARE).astype(np.int64)), 0)
    newest: BoolArray = np.arange(len(interactions)) >= (starts[1:] - aside)[interactions.users]
    return newest


def learn(interactions: Interactions, every: Sequence[Int64Array], *, kept: int, seed: int) -> Weights:
    """Return what finds the users of the newest fifth best."""
    part = _some_users(interactions, seed)
    newest = newest_share(part)
    training, truth = part.where(~newest), part.where(newest)
    asked = _asked(truth, every, LEARNT_QUERIES, seed)
    if not asked:
        return DEFAULT
    base = _fit(training, DEFAULT, kept=kept, seed=seed)
    histories = Histories.of(training)
    top = _top(len(training.user_ids))
    found = dict.fromkeys(product(DECAYS, ACTIVITIES, KNOWN), 0)
    for decay in DECAYS:
        fit = _fit(training, Weights(decay, 0, 0), kept=kept, seed=seed, fitted=base)
        for query in asked:
            affinity, known = fit.affinity(query), had(histories, query)
            wanted = _users_of(truth, query)
            for activity, bonus in product(ACTIVITIES, KNOWN):
                scores = fit.scores(affinity, known, Weights(decay, activity, bonus))
                found[decay, activity, bonus] += int(wanted[best(scores, top)].sum())
    return Weights(*max(found, key=lambda setting: found[setting]))


def measure(
    training: Interactions,
    truth: Interactions,
    every: Sequence[Int64Array],
    weights: Weights,
    *,
    kept: int,
    seed: int,
) -> dict[str, float]:
    """Return hits and recall at 1 % of the users, and the share of the users in any of these segments."""
    fit = _fit(training, weights, kept=kept, seed=seed)
    histories = Histories.of(training)
    top = _top(len(training.user_ids))
    hits: list[int] = []
    recalls: list[float] = []
    reached = np.zeros(len(training.user_ids), bool)
    for query in _asked(truth, every, MEASURED_QUERIES, seed):
        wanted = _users_of(truth, query)
        scores = fit.scores(fit.affinity(query), had(histories, query))
        segment = best(scores, top, np.isfinite(scores))
        reached[segment] = True
        hits.append(int(wanted[segment].sum()))
        recalls.append(hits[-1] / int(wanted.sum()))
    return {
        "coverage": round(float(reached.mean()), 4),
        "hits_at_1_percent": round(float(np.mean(hits or [0])), 4),
        "recall_at_1_percent": round(float(np.mean(recalls or [0.0])), 4),
    }


def _fit(
    interactions: Interactions, weights: Weights, *, kept: int, seed: int, fitted: AffinityFit | None = None
) -> AffinityFit:
    """Fit to all of some interactions, in which every user has rows; relations may be there already."""
    matrix = relations(interactions, kept=kept) if fitted is None else fitted.relations.tocsr()
    rows = np.diff(interactions.user_starts())
    return AffinityFit.of(matrix, Queries.of(interactions), rows, weights, seed=seed)


def _some_users(interactions: Interactions, seed: int) -> Interactions:
    """Return the rows of so many users that there are at most `MOST_ROWS`, with numbers of their own."""
    if len(interactions) <= MOST_ROWS:
        return interactions
    lengths = np.diff(interactions.user_starts())
    order = np.argsort(user_hashes(interactions.user_ids, purpose=f"segments {seed}"), kind="stable")
    chosen = np.sort(order[np.cumsum(lengths[order]) <= MOST_ROWS])
    part = interactions.where(np.isin(interactions.users, chosen))
    return replace(
        part,
        users=np.searchsorted(chosen, part.users).astype(np.int32),
        user_ids=Vocabulary.of(interactions.user_ids.texts(chosen)),
    )


def _asked(truth: Interactions, every: Sequence[Int64Array], count: int, seed: int) -> list[Int64Array]:
    """Return a sample of the queries that somebody of the truth answers."""
    there = np.zeros(len(truth.item_ids), bool)
    there[truth.items] = True
    answered = [query for query in every if there[query].any()]
    if len(answered) <= count:
        return answered
    drawn = np.random.default_rng(seed).choice(len(answered), count, replace=False)
    return [answered[number] for number in np.sort(drawn).tolist()]


def _users_of(truth: Interactions, query: Int64Array) -> BoolArray:
    wanted = np.zeros(len(truth.item_ids), bool)
    wanted[query] = True
    users = np.zeros(len(truth.user_ids), bool)
    users[truth.users[wanted[truth.items]]] = True
    return users


def _top(users: int) -> int:
    return max(1, round(users * TOP_SHARE))
