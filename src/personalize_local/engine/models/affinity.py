"""Item-affinity and item-attribute-affinity: which users will take to an item, or to any of many.

The score of a user is what his faded history speaks for the items, by the relations of the personal recipes,
in standard deviations above what it speaks for items at large; else users with much to say about everything
would be in every segment. How active he is counts beside it, as much as the data shows that it should, and
so does whether he has had one of the items: people come back to groceries and not to films.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from personalize_local.engine import folder as files
from personalize_local.engine.model_folder import read_sized
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.preference import QUERY_LENGTH, best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.histories import Histories
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.base import Arrays
    from personalize_local.engine.vocabulary import Vocabulary

SAMPLED_ITEMS = 1000
"""Items that a user's mean and deviation are estimated from; all, if there are fewer."""
USERS_PER_BLOCK = 4096
LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt about segments.

    Attributes:
        decay: an item with r newer distinct ones after it in a history weighs exp(-decay r).
        activity: what a standard deviation of log(1 + rows of the history) adds.
        known: what it adds that a user had one of the items; None leaves such users out.

    """

    decay: float
    activity: float
    known: float | None


@dataclass(frozen=True, slots=True)
class Queries:
    """The newest distinct items of each user, at most `QUERY_LENGTH`, and how much each weighs.

    Attributes:
        starts: where each user's begin, shape (users + 1,); every user has some.
        items: item numbers.
        ranks: how many newer ones there are.

    """

    starts: Int64Array
    items: Int32Array
    ranks: Int32Array

    @classmethod
    def of(cls, interactions: Interactions) -> Queries:
        """Summarise all histories."""
        size = len(interactions)
        keys = interactions.users.astype(np.int64) * max(1, len(interactions.item_ids)) + interactions.items
        _, first = np.unique(keys[::-1], return_index=True)
        last = np.sort(size - 1 - first)  # sorted by user, then time
        users = interactions.users[last]
        ends = np.searchsorted(users, np.arange(len(interactions.user_ids)), side="right")
        ranks = ends[users] - 1 - np.arange(len(last))
        kept = ranks < QUERY_LENGTH
        starts = np.searchsorted(users[kept], np.arange(len(interactions.user_ids) + 1))
        return cls(starts.astype(np.int64), interactions.items[last[kept]], ranks[kept].astype(np.int32))

    def weights(self, decay: float) -> Float32Array:
        """Return the weight of each entry."""
        fading: Float32Array = np.exp(np.arange(QUERY_LENGTH) * -decay).astype(np.float32)
        return fading[self.ranks]


@dataclass(frozen=True, slots=True)
class AffinityFit:
    """A fitted model. All arrays with one entry per user but the relations and queries.

    Attributes:
        relations: shape (items, items), CSC: a column says what speaks for an item.
        query_starts, query_items, query_weights: see `Queries`.
        mean, deviation: of what the history speaks for items at large.
        activity: log(1 + rows), in standard deviations from the mean.
        weights: as learnt.

    """

    relations: SparseMatrix
    query_starts: Int64Array
    query_items: Int32Array
    query_weights: Float32Array
    mean: Float32Array
    deviation: Float32Array
    activity: Float32Array
    weights: Weights

    @classmethod
    def of(
        cls, relations: SparseMatrix, queries: Queries, rows: Int64Array, weights: Weights, *, seed: int
    ) -> AffinityFit:
        """Estimate what each user's history speaks for items at large.

        Args:
            relations: shape (items, items), CSR, from item to item.
            queries: of all users.
            rows: length of each user's history.
            weights: as learnt.
            seed: draws the items.

        """
        mean, deviation = _spread(relations, queries, weights.decay, seed)
        logs = np.log1p(rows)
        activity = (logs - logs.mean()) / max(float(logs.std()), LEAST_DEVIATION)
        return cls(
            relations.tocsc(),
            queries.starts,
            queries.items,
            queries.weights(weights.decay),
            mean,
            deviation,
            activity.astype(np.float32),
            weights,
        )

    def affinity(self, items: Sequence[int] | Int64Array) -> Float32Array:
        """Return how much each user's history speaks for some items, in deviations between users."""
        numbers = np.asarray(items, np.int64)
        column = np.asarray(self.relations[:, numbers].sum(axis=1)).ravel() / len(numbers)
        spoken = column.astype(np.float32)[self.query_items]
        spoken *= self.query_weights
        sums = np.add.reduceat(spoken, self.query_starts[:-1])
        sums -= self.mean
        sums /= self.deviation
        # Of many items at once the mean varies less than that of one; activity must not drown it.
        sums /= max(float(sums.std()), LEAST_DEVIATION)
        result: Float32Array = sums
        return result

    def scores(
        self, affinity: Float32Array, known: BoolArray, weights: Weights | None = None
    ) -> Float32Array:
        """Return what users are ranked by, -inf for those left out."""
        weights = weights or self.weights
        scores = affinity + np.float32(weights.activity) * self.activity
        scores[known] += np.float32(-np.inf if weights.known is None else weights.known)
        return scores


def _spread(
    relations: SparseMatrix, queries: Queries, decay: float, seed: int
) -> tuple[Float32Array, Float32Array]:
    size, users = relations.shape[0], len(queries.starts) - 1
    sample = relations
    if size > SAMPLED_ITEMS:
        drawn = np.sort(np.random.default_rng(seed).choice(size, SAMPLED_ITEMS, replace=False))
        sample = relations.tocsc()[:, drawn].tocsr()
    columns = sample.shape[1]
    matrix = sparse.csr_array((queries.weights(decay), queries.items, queries.starts), shape=(users, size))
    mean, deviation = np.empty(users, np.float32), np.empty(users, np.float32)
    for begin in range(0, users, USERS_PER_BLOCK):
        end = min(users, begin + USERS_PER_BLOCK)
        block = matrix[begin:end] @ sample
        mean[begin:end] = block.sum(axis=1) / columns
        squares = block.multiply(block).sum(axis=1) / columns - mean[begin:end].astype(np.float64) ** 2
        deviation[begin:end] = np.sqrt(np.maximum(squares, LEAST_DEVIATION**2))
    # A user whose history speaks for next to nothing must not be far above his mean by chance.
    deviation += np.float32(0.1 * np.median(deviation)) if users else 0
    return mean, deviation


class AffinityModel(TrainedModel):
    """Answers with users; see `answers.Segmenter`. Users are those with interactions in the training."""

    def __init__(self, recipe: str, histories: Histories, fit: AffinityFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit
        self.user_ids: Vocabulary = histories.user_ids

    def segment(
        self, items: Sequence[int], *, allowed: BoolArray | None = None, count: int = 25
    ) -> list[str]:
        """Return the users who are most likely to take to any of the items, the likeliest first.

        No items, no users. Users who had one of the items are left out if the data shows no repetitions.
        """
        if not len(items):
            return []
        scores = self.fit.scores(self.fit.affinity(items), had(self.histories, items))
        among = np.isfinite(scores) if allowed is None else allowed & np.isfinite(scores)
        return self.user_ids.texts(best(scores, count, among))

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        relations, weights = self.fit.relations, self.fit.weights
        arrays = {name: getattr(self.fit, name) for name in (*_QUERIES, *_PER_USER)}
        return (
            {"decay": weights.decay, "activity_weight": weights.activity, "known_weight": weights.known},
            {
                **arrays,
                "relations_starts": relations.indptr.astype(np.int64),
                "relations_rows": relations.indices.astype(np.int32),
                "relations_values": relations.data.astype(np.float32),
            },
        )

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> AffinityModel:
        """Open the files that `parts` named."""
        users, items = len(histories.user_ids), len(histories.item_ids)
        starts = read_sized(folder, "query_starts", users + 1)
        columns = read_sized(folder, "relations_starts", items + 1)
        relations = sparse.csc_array(
            (
                read_sized(folder, "relations_values", int(columns[-1])),
                read_sized(folder, "relations_rows", int(columns[-1])),
                files.read_array(folder, "relations_starts"),
            ),
            shape=(items, items),
        )
        fit = AffinityFit(
            relations=relations,
            query_starts=starts,
            query_items=read_sized(folder, "query_items", int(starts[-1])),
            query_weights=read_sized(folder, "query_weights", int(starts[-1])),
            **{name: read_sized(folder, name, users) for name in _PER_USER},
            weights=Weights(
                description["decay"], description["activity_weight"], description["known_weight"]
            ),
        )
        return cls(description["recipe"], histories, fit)


_QUERIES = ("query_starts", "query_items", "query_weights")
_PER_USER = ("mean", "deviation", "activity")


def had(histories: Histories, items: Sequence[int] | Int64Array) -> BoolArray:
    """Return which users had any of the items."""
    wanted = np.zeros(len(histories.item_ids), bool)
    wanted[np.asarray(items, np.int64)] = True
    return np.logical_or.reduceat(wanted[histories.items], histories.starts[:-1])
