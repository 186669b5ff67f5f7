"""Ask a matrix of relations with a history: what do the things a user did speak for?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.models.products import weighted_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Float64Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.histories import Seen

QUERY_LENGTH = 100
"""Newest distinct items that are asked with: more change nothing in quality, and cost time."""
FAINT = 1e-4
"""What the most popular item gets for its popularity alone: orders what no history speaks for."""


_ARRAYS = ("starts", "columns", "values", "prior")


@dataclass(frozen=True, slots=True)
class Preference:
    """Relations between items, and how fast the past fades.

    Attributes:
        starts, columns, values: the matrix of shape (items, items) in CSR form; int32, int32, float32.
        prior: the popularity of each item, at most `FAINT`.
        decay: an item with r newer distinct ones after it weighs exp(-decay r).
        event_weights: by event type number; None counts all alike.

    """

    starts: Int32Array
    columns: Int32Array
    values: Float32Array
    prior: Float32Array
    decay: float
    event_weights: Float32Array | None = None

    @classmethod
    def of(
        cls,
        matrix: SparseMatrix,
        popularity: Int64Array,
        *,
        decay: float,
        event_weights: Float32Array | None = None,
    ) -> Preference:
        """Take the arrays out of a CSR matrix; `popularity` counts users per item."""
        prior = popularity * (FAINT / max(1, int(popularity.max(initial=1))))
        return cls(
            starts=matrix.indptr.astype(np.int32),
            columns=matrix.indices.astype(np.int32),
            values=matrix.data.astype(np.float32),
            prior=prior.astype(np.float32),
            decay=decay,
            event_weights=event_weights,
        )

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        weights = None if self.event_weights is None else self.event_weights.tolist()
        arrays = {f"relations_{name}": getattr(self, name) for name in _ARRAYS}
        return {"decay": self.decay, "event_weights": weights}, arrays

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any]) -> Preference:
        """Open the files that `parts` named."""
        weights = description["event_weights"]
        arrays = {name: files.read_array(folder, f"relations_{name}") for name in _ARRAYS}
        # Models of earlier versions have wider ones.
        arrays["starts"] = arrays["starts"].astype(np.int32, copy=False)
        return cls(
            decay=description["decay"],
            event_weights=None if weights is None else np.array(weights, np.float32),
            **arrays,
        )

    def scores(self, history: Seen) -> Float32Array:
        """Return how much a history speaks for each item, at least its prior: a fresh array, one per item."""
        items = history.items[:QUERY_LENGTH]
        weights = self.weights(history)
        sums = weighted_rows((self.starts, self.columns, self.values), items, weights, len(self.prior))
        return np.maximum(sums, self.prior, out=sums)

    def weights(self, history: Seen) -> Float64Array:
        """Return how much each of the newest items of a history counts: at most `QUERY_LENGTH` of them."""
        weights: Float64Array = np.exp(np.arange(len(history.items[:QUERY_LENGTH])) * -self.decay)
        if self.event_weights is not None:
            weights *= np.append(self.event_weights, 1)[history.event_types[:QUERY_LENGTH]]
        return weights

    def row(self, item: int) -> Float32Array:
        """Return how much one item speaks for each other; the item itself gets nothing."""
        scores = self.prior.copy()
        place = slice(int(self.starts[item]), int(self.starts[item + 1]))
        scores[self.columns[place]] = np.maximum(self.values[place], scores[self.columns[place]])
        scores[item] = 0
        return scores


def best(values: Float32Array, count: int, allowed: BoolArray | None = None) -> Int64Array:
    """Return the positions of the largest values, the largest first; equal ones by position."""
    positions = _candidates(values, count, allowed)
    among = values if positions is None else values[positions]
    count = min(count, len(among))
    if count <= 0:
        return np.empty(0, np.int64)
    # The value at the cut, then what lies above: argpartition would do it in one step, but takes thirty times
    # as long on some data with many ties, and which of the items tied at the cut it returns is arbitrary.
    least = np.partition(among, len(among) - count)[len(among) - count]
    above = np.flatnonzero(among > least)
    tied = np.flatnonzero(among == least)[: count - len(above)]
    top = np.concatenate((above[np.argsort(-among[above], kind="stable")], tied))
    return top if positions is None else positions[top]


def largest(values: Float32Array, count: int) -> Float32Array:
    """Return the `count` largest values in any order; all if there are not so many."""
    positions = _candidates(values, count, None)
    among = values if positions is None else values[positions]
    return among if count >= len(among) else np.partition(among, len(among) - count)[-count:]


SAMPLE = 2048
"""About as many values tell where the cut is; in twice as many, the largest are found at once."""


def _candidates(values: Float32Array, count: int, allowed: BoolArray | None) -> Int64Array | None:
    """Return positions, in order, with the `count` largest allowed values among them; None for all.

    A sample tells about where the cut is. What lies above it is looked at, and the rest of a large catalogue
    is only compared once.
    """
    if len(values) >= 2 * SAMPLE:
        stride = max(16, len(values) // SAMPLE)
        sample = values[::stride]
        if allowed is not None:
            sample = sample[allowed[::stride]]
        rank = 2 * count // stride + 8  # twice as deep as needed, and some more for luck
        if rank < len(sample):
            high = values >= np.partition(sample, len(sample) - rank)[len(sample) - rank]
            if allowed is not None:
                high &= allowed
            found = np.flatnonzero(high)
            if len(found) >= count:
                return found
    return None if allowed is None else np.flatnonzero(allowed)
