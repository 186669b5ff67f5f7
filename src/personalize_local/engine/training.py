"""Train a solution version: from a Parquet file of interactions to a model folder and its metrics.

What happens, in order: read and filter the interactions; refuse data that the service would refuse; set users
aside inside the training part and learn there how fast the past fades and how often users come back; fit on
nine tenths of the users and measure on the others; fit again on all of them and write that model.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.database import connect
from personalize_local.engine.histories import Histories, weights_of
from personalize_local.engine.interactions import has_event_types, read_interactions
from personalize_local.engine.metrics import LIST_LENGTH, Measurement
from personalize_local.engine.models.inner_split import InnerSplit, case
from personalize_local.engine.models.personal import PersonalModel, PersonalTrainer
from personalize_local.engine.recipes import OWN_TRAININGS, RECIPES
from personalize_local.engine.search import search
from personalize_local.engine.serving import load
from personalize_local.engine.splits import folds, user_hashes
from personalize_local.engine.training_job import TrainingJob, TrainingRejected, TrainingResult
from personalize_rules import quotas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.arrays import BoolArray, Int64Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.recipes import Fit, Trainer

BLAS_THREADS = 1
"""A second thread would save 0.3 s of an EASE fit on an idle machine; on a busy one its threads spin,
waiting for each other, and take five times the time. One thread also repeats to the last digit."""


def train(job: TrainingJob) -> TrainingResult:
    """Train, measure, and write the model to `job.output`.

    Raises:
        TrainingRejected: too little data, or data that cannot be trained on.
        KeyError: no model stands behind the recipe.

    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # only training uses BLAS

    began = time.perf_counter()
    if own := OWN_TRAININGS.get(job.recipe):
        with threadpool_limits(BLAS_THREADS, "blas"):
            return own.train(job)
    recipe = RECIPES[job.recipe]
    assert job.interactions  # only recipes with a training of their own can do without
    interactions = read_interactions(
        job.interactions,
        event_type=job.event_type,
        event_value_threshold=job.event_value_threshold,
        event_weights=job.event_weights,
    )
    _refuse_what_the_service_refuses(interactions, job)
    weights = None
    if job.event_weights:
        by_type = {one.event_type: one.weight for one in job.event_weights}
        weights = weights_of(by_type, interactions.event_type_names)
    with threadpool_limits(BLAS_THREADS, "blas"):
        held_out = _held_out(interactions)
        training = _within_percentiles(interactions.of_users(~held_out), job.feature_parameters)
        tuned: dict[str, str] = {}
        if job.update_of is not None:
            parameters = files.read_description(job.update_of)["parameters"]
            trainer = recipe.trainer(parameters, weights)
            learnt = _recalled(job.update_of, trainer, interactions.event_type_names)
        else:
            inner = InnerSplit.of(training, job.seed)
            parameters = dict(job.hyperparameters)
            if job.perform_hpo:
                tuned = search(
                    recipe, inner, fixed=parameters, config=job.hpo, weights=weights, seed=job.seed
                )
                parameters.update(tuned)
            trainer = recipe.trainer(parameters, weights)
            learnt = trainer.learn(inner)
            del inner
        metrics = measure(
            trainer.fit(training, learnt),
            interactions,
            held_out,
            catalogue=_catalogue(interactions, job.items.parquet if job.items else None),
        )
        del training
        fit = trainer.fit(_within_percentiles(interactions, job.feature_parameters), learnt)
    _write(job, interactions, fit, metrics=metrics, parameters=parameters)
    return TrainingResult(
        metrics=metrics,
        tuned=tuned,
        interactions=len(interactions),
        users=len(interactions.user_ids),
        items=len(interactions.item_ids),
        seconds=time.perf_counter() - began,
    )


def evaluate(
    trainer: Trainer, interactions: Interactions, held_out: BoolArray, *, catalogue: int, seed: int = 0
) -> dict[str, float]:
    """Return the metrics that `train` would give if these users were the test users; nothing is written.

    Args:
        trainer: from `recipes.RECIPES`.
        interactions: all of them.
        held_out: by user number.
        catalogue: number of items in the data.
        seed: as in a job.

    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # only training uses BLAS

    training = interactions.of_users(~held_out)
    with threadpool_limits(BLAS_THREADS, "blas"):
        learnt = trainer.learn(InnerSplit.of(training, seed))
        return measure(trainer.fit(training, learnt), interactions, held_out, catalogue=catalogue)


def measure(fit: Fit, interactions: Interactions, held_out: BoolArray, *, catalogue: int) -> dict[str, float]:
    """Return the metrics of a fit by its answers to the held-out users."""
    starts = interactions.user_starts()
    measurement = Measurement(catalogue)
    for user in np.flatnonzero(held_out & (np.diff(starts) > 1)).tolist():
        test = case(interactions, int(starts[user]), int(starts[user + 1]))
        measurement.add(fit.recommended(test.history, LIST_LENGTH).astype(np.int32), test.truth.tolist())
    return measurement.metrics()


def _recalled(folder: Path, trainer: Trainer, event_type_names: Sequence[str]) -> Any:
    base = load(folder)
    if not isinstance(trainer, PersonalTrainer) or not isinstance(base, PersonalModel):
        raise ValueError(f"{base.recipe} has no UPDATE")  # noqa: TRY004 -- not a wrong type, a wrong recipe
    return trainer.recall(base, event_type_names)


def _held_out(interactions: Interactions) -> BoolArray:
    """Return the test users: fold 0; if that is empty in small data, the user with the smallest hash."""
    held_out: BoolArray = folds(interactions.user_ids) == 0
    lengths = np.diff(interactions.user_starts())
    if not np.any(held_out & (lengths > 1)):
        several = np.flatnonzero(lengths > 1)
        hashes = user_hashes(interactions.user_ids[user] for user in several.tolist())
        held_out[several[np.argmin(hashes)]] = True
    return held_out


def _refuse_what_the_service_refuses(interactions: Interactions, job: TrainingJob) -> None:
    event_type = job.event_type
    assert job.interactions
    if not len(interactions) and event_type is not None and not has_event_types(job.interactions):
        raise TrainingRejected("All values in the event_type column are either reserved keywords or null")
    if len(interactions) < quotas.INTERACTIONS_FOR_TRAINING:
        filtered = f" after filtering by event type: {event_type}" if event_type else ""
        raise TrainingRejected(
            f"Dataset has fewer than {quotas.INTERACTIONS_FOR_TRAINING} interactions{filtered}"
        )
    several = int(np.count_nonzero(np.diff(interactions.user_starts()) >= quotas.INTERACTIONS_PER_USER))
    share = quotas.USERS_SHARE_FOR_TRAINING * len(interactions.user_ids)
    if several < max(quotas.USERS_FOR_TRAINING, share):
        raise TrainingRejected(
            f"Create failed. Dataset has fewer than {quotas.USERS_FOR_TRAINING} users with at least "
            f"{quotas.INTERACTIONS_PER_USER} interactions each."
        )


def _within_percentiles(interactions: Interactions, parameters: Mapping[str, str]) -> Interactions:
    """Drop users and items with too few or too many interactions, where percentiles are given."""
    rows = np.ones(len(interactions), bool)
    for name, numbers, size in (
        ("user_history_length", interactions.users, len(interactions.user_ids)),
        ("item_interaction_count", interactions.items, len(interactions.item_ids)),
    ):
        low, high = (parameters.get(f"{end}_{name}_percentile") for end in ("min", "max"))
        if low is None and high is None:
            continue
        lengths: Int64Array = np.bincount(numbers, minlength=size)
        present = lengths[lengths > 0]
        least = np.quantile(present, float(low or 0))
        most = np.quantile(present, 1 if high is None else float(high))
        rows &= ((lengths >= least) & (lengths <= most))[numbers]
    return interactions if rows.all() else interactions.where(rows)


def _catalogue(interactions: Interactions, items: Path | None) -> int:
    """Return how many items the data has: those with interactions and those of the items dataset."""
    if items is None:
        return len(interactions.item_ids)
    with connect() as connection:
        rows = connection.execute("SELECT DISTINCT ITEM_ID FROM read_parquet(?)", [str(items)]).fetchall()
    further = sum(interactions.item_ids.position(item) is None for (item,) in rows)
    return len(interactions.item_ids) + further


def _write(
    job: TrainingJob,
    interactions: Interactions,
    fit: Fit,
    *,
    metrics: Mapping[str, float],
    parameters: Mapping[str, str],
) -> None:
    # What decided which events were trained on decides which live events count.
    wanted = {one.event_type: one.event_value_threshold for one in job.event_weights}
    if job.event_type is not None:
        wanted = {job.event_type: job.event_value_threshold}
    histories = Histories.of(interactions, wanted=wanted or None)
    rows, row_arrays = histories.parts()
    description, arrays = RECIPES[job.recipe].model(job.recipe, histories, fit).parts()
    files.save(
        job.output,
        {
            "recipe": job.recipe,
            "seed": job.seed,
            "parameters": dict(parameters),
            "metrics": metrics,
            "histories": rows,
            **description,
        },
        {**row_arrays, **arrays},
    )
