"""How good propensities are, by the service's metrics of PERSONALIZED_ACTIONS.

Source: developer guide, "Evaluating a solution version with metrics". Its keys for precision, recall and the
area under the ROC curve are not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.metrics import CUTS, LIST_LENGTH, ndcg
from personalize_local.engine.models.action_examples import taken_types
from personalize_local.engine.models.preference import best
from personalize_local.engine.splits import truth_size

if TYPE_CHECKING:
    from personalize_local.engine.arrays import BoolArray, Float64Array
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.action_examples import Examples
    from personalize_local.engine.models.actions import ActionFit, People

PRECISION, RECALL, AUC = "precision", "recall", "area_under_curve"
SHOWN = 5
"""Actions that a request gets by default; coverage counts what can be among them."""


def area_under_curve(scores: Float64Array, labels: BoolArray) -> float:
    """Return the chance that a random taken occasion is scored above one that was not; 0.5 without any."""
    positive, negative = int(labels.sum()), int((~labels).sum())
    if not positive or not negative:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # equal scores share their mean rank
    above = ranks[inverse][labels].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def threshold_of(scores: Float64Array, labels: BoolArray) -> float:
    """Return the score from which recommending gives the best balance of precision and recall (F1)."""
    if not labels.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    balance = 2 * hits / (np.arange(1, len(order) + 1) + labels.sum())
    return float(scores[order][int(np.argmax(balance))])


def actions_metrics(
    fit: ActionFit,
    people: People,
    rows: Interactions,
    held_out: BoolArray,
    *,
    odds: Float64Array,
    examples: Examples,
    least: float,
) -> dict[str, float]:
    """Return the metrics of a fit on the users held out.

    Args:
        fit: of the other users.
        people: all of them.
        rows: action interactions of all users.
        held_out: by user number.
        odds: log odds of the examples.
        examples: occasions of the users held out.
        least: log odds from which an action counts as recommended.

    """
    metrics = {AUC: area_under_curve(odds, examples.labels), **_by_action(odds >= least, examples)}
    taken = taken_types(rows.event_type_names)[rows.event_types]
    starts = rows.user_starts()
    size = len(rows.item_ids)
    gains: dict[int, list[float]] = {cut: [] for cut in CUTS}
    reached = np.zeros(size, bool)
    for user in np.flatnonzero(held_out & (np.diff(starts) > 1)).tolist():
        begin, end = int(starts[user]), int(starts[user + 1])
        middle = end - truth_size(end - begin)
        past, took = rows.items[begin:middle], taken[begin:middle]
        values = fit.log_odds(
            people.segments[user],
            people.tastes[user],
            np.bincount(past[took], minlength=size),
            np.bincount(past[~took], minlength=size),
        )
        listed = best(values.astype(np.float32), LIST_LENGTH, fit.shown)
        reached[listed[:SHOWN]] = True
        wanted = rows.items[middle:end][taken[middle:end]]
        if len(wanted):
            relevant = np.isin(listed, wanted)
            for cut in CUTS:
                gains[cut].append(ndcg(relevant, cut))
    metrics["coverage"] = float(reached.sum()) / max(1, size)
    for cut in CUTS:
        metrics[f"normalized_discounted_cumulative_gain_at_{cut}"] = float(np.mean(gains[cut] or [0.0]))
    return {name: round(value, 4) for name, value in sorted(metrics.items())}


def _by_action(recommended: BoolArray, examples: Examples) -> dict[str, float]:
    """Return precision and recall, means over the actions that each can be told of."""
    size = int(examples.actions.max(initial=-1)) + 1
    right = np.bincount(examples.actions[recommended & examples.labels], minlength=size)
    given = np.bincount(examples.actions[recommended], minlength=size)
    taken = np.bincount(examples.actions[examples.labels], minlength=size)
    precision = (right / np.maximum(given, 1))[given > 0]
    recall = (right / np.maximum(taken, 1))[taken > 0]
    return {
        PRECISION: float(precision.mean()) if len(precision) else 0.0,
        RECALL: float(recall.mean()) if len(recall) else 0.0,
    }
