"""Will a user come back to what he has seen, or go on to something new? Learnt from the data, as log odds.

A recommender that hides seen items is wrong for groceries; one that shows them first is wrong for films.
Amazon Personalize filters nothing by itself. So both kinds of item get odds of being in the user's near
future, learnt on users that the relations were not fitted on, and one list sorted by odds mixes them in the
right proportion. On data without repetition seen items come last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, sparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Float64Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.histories import Seen

LAG_EDGES = np.array([1, 2, 3, 5, 10, 20, 50, 100])
"""Bins of the lag: how many distinct items came after the last time. The newest item is a bin of its own."""
COUNT_EDGES = np.array([2, 3, 5])
"""Bins of how often the user had the item: once, twice, three or four times, more."""
FAINTEST = 1e-6
"""Relative score of items that nothing in the history speaks for."""
NEVER = -1e4
"""Log odds of a repetition in data that has none: below those of any new item."""
FEWEST_REPEATS = 3
NEW_EXAMPLES = 50
"""Best new items per user that the odds of new items are learnt from."""
PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds of an item being among the user's next interactions.

    Attributes:
        repeat: by lag bin, count bin, event type number + 1 (0: a type that training never saw).
        repeat_length: what each unit of log(1 + rows of the history) adds for seen items.
        new: for the best new item.
        new_score: exponent of the score relative to the best new item's.
        new_length: as `repeat_length`, for new items.

    """

    repeat: Float32Array
    repeat_length: float
    new: float
    new_score: float
    new_length: float

    def log_odds(self, scores: Float32Array, history: Seen) -> Float32Array:
        """Return the log odds of every item.

        Args:
            scores: how much the history speaks for each item, shape (items,); overwritten.
            history: what the user has seen.

        """
        scores[history.items] = 0
        length = np.log1p(history.rows)
        best = max(float(scores.max(initial=0)), 1e-30)
        np.maximum(scores, best * FAINTEST, out=scores)
        np.log(scores, out=scores)
        scores *= np.float32(self.new_score)
        scores += np.float32(self.new + self.new_length * length - self.new_score * np.log(best))
        cells = _cells(history)
        scores[history.items] = self.repeat[cells] + np.float32(self.repeat_length * length)
        return scores


DEFAULT = (-5.5, 1.0, 0.6)
"""Intercept, score and length of new items where there is no user to learn from: about those of MovieLens."""


def learn(
    histories: Sequence[Seen], scores: Iterable[Float32Array], truths: Sequence[Int64Array], types: int
) -> Calibration:
    """Learn the odds from users whose near future is known.

    Args:
        histories: what each user had seen.
        scores: of every item for each user, shape (items,).
        truths: the numbers of the items each user went on to.
        types: how many event types the data has.

    """
    if not histories:
        cells = np.full((len(LAG_EDGES) + 1, len(COUNT_EDGES) + 1, types + 1), NEVER, np.float32)
        return Calibration(cells, 0.0, *DEFAULT)
    repeats = _learn_repeats(histories, truths, types)
    features, labels = [], []
    for history, score, truth in zip(histories, scores, truths, strict=True):
        fresh = np.array(score, np.float64)
        fresh[history.items] = 0
        count = min(NEW_EXAMPLES, len(fresh))
        top = np.argpartition(-fresh, count - 1)[:count]
        best = max(float(fresh[top].max()), 1e-30)
        relative = np.log(np.maximum(fresh[top] / best, FAINTEST))
        features.append(np.stack((np.ones(count), relative, np.full(count, np.log1p(history.rows)))))
        labels.append(np.isin(top, truth))
    new, new_score, new_length = _logistic(np.concatenate(features, axis=1).T, np.concatenate(labels))
    # A list must follow the scores even if the few users of a tiny data set say otherwise.
    return Calibration(*repeats, float(new), max(float(new_score), 0.1), float(new_length))


def _cells(history: Seen) -> tuple[Int64Array, Int64Array, Int64Array]:
    lags = np.searchsorted(LAG_EDGES, np.arange(len(history.items)), side="right")
    counts = np.searchsorted(COUNT_EDGES, history.counts, side="right")
    return lags, counts, history.event_types.astype(np.int64) + 1


def _learn_repeats(
    histories: Sequence[Seen], truths: Sequence[Int64Array], types: int
) -> tuple[Float32Array, float]:
    shape = (len(LAG_EDGES) + 1, len(COUNT_EDGES) + 1, types + 1)
    lags, counts, kinds = (
        np.concatenate(parts) for parts in zip(*(_cells(history) for history in histories), strict=True)
    )
    labels = np.concatenate(
        [np.isin(history.items, truth) for history, truth in zip(histories, truths, strict=True)]
    )
    if np.count_nonzero(labels) < FEWEST_REPEATS:
        return np.full(shape, NEVER, np.float32), 0.0
    lengths = np.concatenate([np.full(len(history.items), np.log1p(history.rows)) for history in histories])
    # Main effects and pairs of them: what is rare borrows from what is common.
    effects = [
        (lags, shape[0]),
        (counts, shape[1]),
        (kinds, shape[2]),
        (lags * shape[1] + counts, shape[0] * shape[1]),
        (lags * shape[2] + kinds, shape[0] * shape[2]),
        (counts * shape[2] + kinds, shape[1] * shape[2]),
    ]
    ends = np.cumsum([2, *(size for _, size in effects)])
    columns = [np.zeros(len(labels), np.int64), np.ones(len(labels), np.int64)]
    columns += [cells + begin for (cells, _), begin in zip(effects, ends[:-1], strict=True)]
    values = np.ones((len(labels), len(columns)))
    values[:, 1] = lengths
    rows = np.arange(0, values.size + 1, len(columns))
    design = sparse.csr_array(
        (values.ravel(), np.stack(columns, axis=1).ravel(), rows), shape=(len(labels), int(ends[-1]))
    )
    weights = _logistic(design, labels)
    lag, count, kind, lag_count, lag_kind, count_kind = np.split(weights[2:], ends[1:-1] - 2)
    table = (
        weights[0]
        + lag[:, None, None]
        + count[None, :, None]
        + kind[None, None, :]
        + lag_count.reshape(shape[0], shape[1], 1)
        + lag_kind.reshape(shape[0], 1, shape[2])
        + count_kind.reshape(1, shape[1], shape[2])
    )
    return table.astype(np.float32), float(weights[1])


def _logistic(design: Float64Array | SparseMatrix, labels: BoolArray) -> Float64Array:
    """Return the weights of a logistic regression with a ridge on all but the first, the intercept."""
    signs = np.where(labels, 1.0, -1.0)
    ridge = np.full(design.shape[1], PENALTY)
    ridge[0] = 1e-4

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        margins = signs * (design @ weights)
        slopes = -signs / (1 + np.exp(np.clip(margins, -500, 500)))
        value = np.logaddexp(0, -margins).sum() + (ridge * weights**2).sum() / 2
        return float(value), design.T @ slopes + ridge * weights

    result = optimize.minimize(
        loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}
    )
    weights: Float64Array = result.x
    return weights
