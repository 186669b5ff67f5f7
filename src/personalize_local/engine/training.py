"""Train a solution version: from a Parquet file of interactions to a model folder and its metrics.

What happens, in order: read and filter the interactions; refuse data that the service would refuse; set users
aside inside the training part and learn there how fast the past fades and how often users come back; fit on
nine tenths of the users and measure on the others; fit again on all of them and write that model.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.held_out import catalogue_size, measure, test_users
from personalize_local.engine.histories import Histories, weights_of
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.item_data import about_items
from personalize_local.engine.models.context import learn_context
from personalize_local.engine.models.inner_split import InnerSplit
from personalize_local.engine.models.objective import positive
from personalize_local.engine.models.personal import PersonalModel
from personalize_local.engine.models.personal_fit import PersonalFit
from personalize_local.engine.models.personal_training import PersonalTrainer
from personalize_local.engine.recipes import OWN_TRAININGS, RECIPES
from personalize_local.engine.refusals import refuse_what_the_service_refuses
from personalize_local.engine.search import search
from personalize_local.engine.serving import load
from personalize_local.engine.training_job import TrainingJob, TrainingResult
from personalize_local.engine.use_cases import of_use_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.arrays import BoolArray, Int64Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.item_data import ItemData
    from personalize_local.engine.recipes import RecipeModel
    from personalize_local.engine.trainers import Fit, Trainer

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
    job = of_use_case(job)
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
    refuse_what_the_service_refuses(interactions, job)
    users, items = len(interactions.user_ids), len(interactions.item_ids)
    catalogue = catalogue_size(interactions, job.items.parquet if job.items else None)
    weights = None
    if job.event_weights:
        by_type = {one.event_type: one.weight for one in job.event_weights}
        weights = weights_of(by_type, interactions.event_type_names)
    about: ItemData | None = None
    if recipe.catalogue:
        interactions, about = about_items(job, interactions)

    def make(parameters: Mapping[str, str]) -> Trainer:
        trainer: Any = recipe.trainer(parameters, weights)
        return trainer if about is None else trainer.informed(about, job)  # type: ignore[no-any-return]

    with threadpool_limits(BLAS_THREADS, "blas"):
        held_out = test_users(interactions)
        training = _within_percentiles(interactions.of_users(~held_out), job.feature_parameters)
        tuned: dict[str, str] = {}
        if job.update_of is not None:
            parameters = files.read_description(job.update_of)["parameters"]
            trainer = make(parameters)
            learnt = _recalled(job.update_of, trainer, interactions.event_type_names)
        else:
            inner = InnerSplit.of(training, job.seed)
            parameters = {**job.feature_parameters, **job.hyperparameters}
            if job.perform_hpo:
                searched = _tunable(recipe, job)
                tuned = search(searched, make, inner, fixed=parameters, config=job.hpo, seed=job.seed)
                parameters.update(tuned)
            trainer = make(parameters)
            learnt = trainer.learn(inner)
            del inner
        rewards = None if about is None or about.rewards is None else positive(about.rewards)
        metrics = measure(
            trainer.fit(training, learnt),
            interactions,
            held_out,
            catalogue=catalogue,
            event_weights=weights,
            rewards=rewards,
        )
        del training
        fit = trainer.fit(_within_percentiles(interactions, job.feature_parameters), learnt)
    if recipe.context and isinstance(fit, PersonalFit) and job.interactions_schema is not None:
        fit = replace(
            fit, context=learn_context(job.interactions, job.interactions_schema, interactions.item_ids)
        )
    _write(job, interactions, fit, metrics=metrics, parameters=parameters)
    return TrainingResult(
        metrics=metrics,
        tuned=tuned,
        interactions=len(interactions),
        users=users,
        items=items,
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


def _tunable(recipe: RecipeModel, job: TrainingJob) -> RecipeModel:
    """Without an Items dataset there is nothing that a dimension of its metadata could change."""
    if job.items is not None:
        return recipe
    kept = {name: space for name, space in recipe.tunable.items() if name != "item_metadata_hidden_dim"}
    return replace(recipe, tunable=kept)


def _recalled(folder: Path, trainer: Trainer, event_type_names: Sequence[str]) -> Any:
    base = load(folder)
    if not isinstance(trainer, PersonalTrainer) or not isinstance(base, PersonalModel):
        raise ValueError(f"{base.recipe} has no UPDATE")  # noqa: TRY004 -- not a wrong type, a wrong recipe
    return trainer.recall(base.fit, base.histories, event_type_names)


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
