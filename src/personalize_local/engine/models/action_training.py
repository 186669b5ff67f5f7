"""Train next-best-action.

A tenth of the users is set aside to measure on, another tenth to choose how strongly rare combinations are
drawn to the mean, and the propensity from which an action counts as recommended (the service holds out a
validation set too). Propensities need at least 50 TAKEN and 50 other events within six weeks; before that
the training succeeds and the model explores.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from personalize_local.engine import action_data
from personalize_local.engine.histories import Histories
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.item_data import renumbering
from personalize_local.engine.model_folder import write_model
from personalize_local.engine.models.action_examples import HISTORY_FEATURES, Examples, taken_types
from personalize_local.engine.models.action_metrics import actions_metrics, area_under_curve, threshold_of
from personalize_local.engine.models.actions import DAY, ActionFit, ActionModel, People
from personalize_local.engine.models.logistic import fit_logistic
from personalize_local.engine.models.relations import user_items
from personalize_local.engine.refusals import refuse_what_the_service_refuses
from personalize_local.engine.splits import folds
from personalize_local.engine.training_job import TrainingResult

if TYPE_CHECKING:
    from personalize_local.engine.action_data import Actions, Segments
    from personalize_local.engine.arrays import BoolArray, Float32Array, Float64Array, SparseMatrix
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.training_job import TrainingJob
    from personalize_local.engine.vocabulary import Vocabulary

PERIOD = "action_optimization_period"
DEFAULT_PERIOD = 14
"""Days."""
NEEDED = 50
"""TAKEN events, and as many others, without which no propensity is learnt."""
WITHIN = 42 * DAY
"""How far back they count: six weeks."""
MOST_EXAMPLES = 500_000
"""Occasions learnt from, a sample if there are more."""
TASTES = 8
"""Dimensions of what users do with items."""
PENALTIES = (1.0, 4.0, 16.0)
"""Ridges of the terms of one segment or taste and one action, to choose from."""
EASY = 0.01
"""Ridge of the terms that all users share."""


@dataclass(frozen=True, slots=True)
class Design:
    """Where the weights of each term are among all weights."""

    actions: int
    segments: int
    tastes: int

    @property
    def ends(self) -> list[int]:
        """Return where base, actions, segments, segments by action, and tastes by action end."""
        sizes = (
            1,
            self.actions,
            self.segments,
            self.segments * self.actions,
            self.tastes * self.actions,
            HISTORY_FEATURES,
        )
        return [int(end) for end in np.cumsum(sizes)]

    def matrix(self, examples: Examples, people: People) -> SparseMatrix:
        """Return what each example has of each term."""
        one, actions, segments, crossed, tasted, size = self.ends
        rows = len(examples)
        mine = people.segments[examples.users]
        has = mine >= 0
        action = examples.actions.astype(np.int64)
        where, which = np.nonzero(has)
        segment = mine[where, which].astype(np.int64)
        every = np.arange(rows)
        blocks: list[tuple[Any, Any, Any]] = [
            (every, np.zeros(rows, np.int64), np.ones(rows)),
            (every, one + action, np.ones(rows)),
            (where, actions + segment, np.ones(len(where))),
            (where, segments + segment * self.actions + action[where], np.ones(len(where))),
        ]
        blocks += [
            (every, crossed + number * self.actions + action, people.tastes[examples.users, number])
            for number in range(self.tastes)
        ]
        blocks += [
            (every, np.full(rows, tasted + number), examples.history[:, number])
            for number in range(HISTORY_FEATURES)
        ]
        entries = [np.concatenate([block[part] for block in blocks]) for part in range(3)]
        return sparse.csr_array((entries[2], (entries[0], entries[1])), shape=(rows, size))

    def ridge(self, penalty: float) -> Float64Array:
        """Return how strongly each weight is drawn to zero."""
        one, actions, segments, _crossed, tasted, size = self.ends
        ridge = np.full(size, EASY)
        ridge[one:segments] = 1.0
        ridge[segments:tasted] = penalty
        ridge[actions:segments] = 1.0
        return ridge

    def fit(self, weights: Float64Array, *, rate: float, shown: BoolArray) -> ActionFit:
        """Return the weights as the model keeps them."""
        one, actions, segments, crossed, tasted, _ = self.ends
        both = weights[segments:crossed].reshape(self.segments, self.actions)
        return ActionFit(
            taught=True,
            rate=rate,
            base=(weights[0] + weights[one:actions]).astype(np.float32),
            segments=(weights[actions:segments, None] + both).astype(np.float32),
            tastes=weights[crossed:tasted].reshape(self.tastes, self.actions).astype(np.float32),
            history=weights[tasted:].astype(np.float32),
            shown=shown,
        )


def train(job: TrainingJob) -> TrainingResult:
    """Train, measure, and write the model to `job.output`.

    Raises:
        TrainingRejected: too few interactions with items.

    """
    began = time.perf_counter()
    assert job.interactions
    assert job.actions  # the recipe requires both
    interactions = read_interactions(
        job.interactions, event_type=job.event_type, event_value_threshold=job.event_value_threshold
    )
    refuse_what_the_service_refuses(interactions, job)
    actions = action_data.read_actions(job.actions)
    rows = action_data.read_action_interactions(job.action_interactions, actions)
    users = action_data.all_users(interactions.user_ids, rows.user_ids, action_data.user_ids(job.users))
    rows = action_data.with_users(rows, users)
    segments = action_data.read_segments(job.users, users)
    people = People(segments.of_users, _tastes(interactions, users, job.seed))
    metrics, fit = _learn(job, rows, actions, segments, people)
    histories = Histories.of(rows)
    write_model(job, ActionModel(job.recipe, histories, fit, actions, people), metrics)
    return TrainingResult(
        metrics=metrics,
        tuned={},
        interactions=len(interactions),
        users=len(users),
        items=len(actions.ids),
        seconds=time.perf_counter() - began,
    )


def _learn(
    job: TrainingJob, rows: Interactions, actions: Actions, segments: Segments, people: People
) -> tuple[dict[str, float], ActionFit]:
    size = len(actions.ids)
    design = Design(size, len(segments.names), people.tastes.shape[1])
    taken = taken_types(rows.event_type_names)[rows.event_types]
    shown = np.bincount(rows.items, minlength=size) > 0
    now = job.now if job.now is not None else int(rows.timestamps.max(initial=0))
    recent = rows.timestamps > now - WITHIN
    rate = float(taken.mean()) if len(taken) else 0.0
    if min(int((taken & recent).sum()), int((~taken & recent).sum())) < NEEDED:
        nothing = design.fit(np.zeros(design.ends[-1]), rate=rate, shown=shown)
        # Every action is explored, so every one may be recommended.
        return {"coverage": 1.0 if size else 0.0}, replace(nothing, taught=False)
    period = int(job.hyperparameters.get(PERIOD, DEFAULT_PERIOD)) * DAY
    examples = Examples.of(rows, period=period, rate=rate)
    if len(examples) > MOST_EXAMPLES:
        drawn = np.random.default_rng(job.seed).choice(len(examples), MOST_EXAMPLES, replace=False)
        examples = examples.where(np.sort(drawn))
    fold = folds(rows.user_ids)
    of_example = fold[examples.users]
    matrix = design.matrix(examples, people)
    fitted, validation, test = of_example >= 2, of_example == 1, of_example == 0
    start: Float64Array | None = None
    tried: list[tuple[float, float, Float64Array]] = []
    for penalty in PENALTIES:
        start = fit_logistic(matrix[fitted], examples.labels[fitted], design.ridge(penalty), start)
        odds = matrix[validation] @ start
        tried.append((area_under_curve(odds, examples.labels[validation]), penalty, odds))
    _, penalty, odds = max(tried, key=lambda one: one[0])
    least = threshold_of(odds, examples.labels[validation])
    measured = fit_logistic(matrix[~test], examples.labels[~test], design.ridge(penalty), start)
    metrics = actions_metrics(
        design.fit(measured, rate=rate, shown=shown),
        people,
        rows,
        fold == 0,
        odds=matrix[test] @ measured,
        examples=examples.where(test),
        least=least,
    )
    weights = fit_logistic(matrix, examples.labels, design.ridge(penalty), measured)
    return metrics, design.fit(weights, rate=rate, shown=shown)


def _tastes(interactions: Interactions, users: Vocabulary, seed: int) -> Float32Array:
    """Return what each user does with items, in a few dimensions of deviation 1; 0 for who does nothing."""
    tastes = np.zeros((len(users), TASTES), np.float32)
    matrix = user_items(interactions).astype(np.float64)
    dimensions = min(TASTES, min(matrix.shape) - 1)
    if dimensions < 1:
        return tastes
    lengths = np.maximum(np.diff(matrix.indptr), 1)
    popularity = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix.data = (
        np.repeat(lengths**-0.5, np.diff(matrix.indptr))
        * np.log(1 + matrix.shape[0] / np.maximum(popularity, 1))[matrix.indices]
    )
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape))
    left, strength, right = svds(matrix, dimensions, v0=start)
    # The sign of a singular vector is arbitrary; fixed, the model repeats on any machine.
    signs = np.sign(right[np.arange(dimensions), np.abs(right).argmax(axis=1)])
    found = left * strength * signs
    found /= np.maximum(found.std(axis=0), 1e-9)
    tastes[renumbering(interactions.user_ids, users), :dimensions] = found[:, ::-1]
    return tastes
