"""What an item's metadata says about who will like it: for items that nobody, or hardly anybody, has met.

Two opinions, added on one scale:

- A ridge regression from metadata to the factors of implicit's ALS: where items like this one lie among the
  tastes of the users. A user's place there is linear in his history.
- The mean score of the item's neighbours by metadata, among popular items: what the history says of those.

Together they rank unseen items better than either, on MovieLens and on a shop's catalogue.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, sparse

from personalize_local.engine import folder as files
from personalize_local.engine.models.likeness import ROWS_AT_ONCE
from personalize_local.engine.models.products import THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import (
        Float32Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.models.preference import Preference

FACTORS = 64
ALS_ROUNDS = 8
ALS_RIDGE = 0.01
ALS_ROWS = 500_000
"""Interactions that the factors are learnt from: with more, cold items gain nothing."""
RIDGE = 5.0
NEIGHBOURS = 30
ANCHORS = 4000
"""Most popular items, among which the neighbours are looked for: their scores are the surest."""
EXAMPLES = 200
"""Histories that the scales of the two opinions are compared on."""

_ARRAYS = ("places", "tastes", "factors", "neighbours", "nearness")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """One row per item.

    Attributes:
        places: the factors that the metadata speaks for, shape (items, factors).
        tastes: what an item in a history adds to the user's factors; same shape.
        factors: as learnt from the interactions, zeros for items without any; same shape. A refresh starts
            from them.
        neighbours, nearness: nearest popular items by metadata, and their shares, which sum to 1 (0 without
            metadata); shape (items, neighbours).
        scale: what brings the first opinion to the second's scale.

    """

    places: Float32Array
    tastes: Float32Array
    factors: Float32Array
    neighbours: Int32Array
    nearness: Float32Array
    scale: float

    def scores(
        self, scores: Float32Array, history: Seen, preference: Preference, items: Int64Array
    ) -> Float32Array:
        """Return how much metadata speaks for some items, on the scale of `Preference.scores`.

        Args:
            scores: of all items, from `preference.scores(history)`.
            history: of the user.
            preference: knows how the past fades.
            items: the numbers of the items that are asked for.

        """
        near = (scores[self.neighbours[items]] * self.nearness[items]).sum(axis=1)
        told: Float32Array = (near + self.scale * self._by_factors(history, preference, items)) / 2
        return told

    def _by_factors(self, history: Seen, preference: Preference, items: Int64Array) -> Float32Array:
        weights = preference.weights(history).astype(np.float32)
        taste = np.einsum("i,if->f", weights, self.tastes[history.items[: len(weights)]])
        product: Float32Array = np.einsum("if,f->i", self.places[items], taste)  # no BLAS: see serving.py
        return product

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        return {"scale": self.scale}, {f"content_{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def read(cls, folder: Path, description: dict[str, Any]) -> Content:
        """Open the files that `parts` named."""
        return cls(
            scale=description["scale"],
            **{name: files.read_array(folder, f"content_{name}") for name in _ARRAYS},
        )


def learn_content(
    embedded: Float32Array,
    matrix: SparseMatrix,
    popularity: Int64Array,
    preference: Preference,
    histories: Sequence[Seen],
) -> Content | None:
    """Learn what metadata says; None if no item has any.

    Args:
        embedded: metadata of the items, see `likeness.vectors`.
        matrix: who interacted with what, shape (users, items).
        popularity: users per item.
        preference: of the same items.
        histories: of some users, to compare scales on.

    """
    if not embedded.any():
        return None
    return content_of(embedded, _factors(matrix), popularity, preference, histories)


def content_of(
    embedded: Float32Array,
    factors: Float32Array,
    popularity: Int64Array,
    preference: Preference,
    histories: Sequence[Seen],
) -> Content:
    """Derive what metadata says from factors that are there already; see `learn_content`."""
    neighbours, nearness = _nearest(embedded, popularity)
    gram = (factors.T @ factors).astype(np.float64)
    gram[np.diag_indices_from(gram)] += max(ALS_RIDGE, 1e-3 * float(np.trace(gram)) / len(gram))
    tastes = linalg.solve(gram, factors.T.astype(np.float64), assume_a="pos").T.astype(np.float32)
    content = Content(_regressed(embedded, factors, popularity), tastes, factors, neighbours, nearness, 1.0)
    return Content(
        content.places,
        tastes,
        factors,
        neighbours,
        nearness,
        _scale(content, preference, histories, np.flatnonzero(nearness.sum(axis=1) > 0)),
    )


def _factors(matrix: SparseMatrix) -> Float32Array:
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415  # serving never needs it

    users = np.flatnonzero(np.diff(matrix.indptr) > 1)
    users = users[np.random.default_rng(0).permutation(len(users))]
    users = np.sort(users[: max(1, int(np.searchsorted(np.cumsum(np.diff(matrix.indptr)[users]), ALS_ROWS)))])
    known = matrix[users]
    als = AlternatingLeastSquares(
        factors=FACTORS,
        regularization=ALS_RIDGE,
        iterations=ALS_ROUNDS,
        random_state=0,
        num_threads=THREADS,
        use_gpu=False,
    )
    ones = np.ones(known.nnz, np.float32)
    als.fit(sparse.csr_matrix((ones, known.indices, known.indptr), known.shape), show_progress=False)
    factors: Float32Array = np.array(als.item_factors, np.float32)
    factors[np.bincount(known.indices, minlength=matrix.shape[1]) == 0] = 0
    return factors


def _regressed(embedded: Float32Array, factors: Float32Array, popularity: Int64Array) -> Float32Array:
    """Return the factors that a ridge regression on the items with interactions gives to all."""
    known = np.flatnonzero((popularity > 0) & np.any(factors != 0, axis=1))
    described = np.append(embedded, np.any(embedded != 0, axis=1, keepdims=True), axis=1).astype(np.float64)
    # An item that many have met says more about items like it.
    weights = np.log1p(popularity[known])[:, None]
    rows = described[known]
    gram = (rows * weights).T @ rows
    gram[np.diag_indices_from(gram)] += RIDGE
    solution = linalg.solve(gram, (rows * weights).T @ factors[known], assume_a="pos")
    places: Float32Array = (described @ solution).astype(np.float32)
    return places


def _nearest(embedded: Float32Array, popularity: Int64Array) -> tuple[Int32Array, Float32Array]:
    described = np.any(embedded != 0, axis=1)
    anchors = np.argsort(-popularity, kind="stable")[:ANCHORS]
    anchors = np.sort(anchors[(popularity[anchors] > 0) & described[anchors]])
    size = min(NEIGHBOURS, max(1, len(anchors)))
    neighbours = np.zeros((len(embedded), size), np.int32)
    nearness = np.zeros((len(embedded), size), np.float32)
    if not len(anchors):
        return neighbours, nearness
    among = embedded[anchors].T.copy()

    def block(begin: int) -> None:
        place = slice(begin, begin + ROWS_AT_ONCE)
        cosines = embedded[place] @ among
        top = np.argpartition(cosines, cosines.shape[1] - size, axis=1)[:, -size:]
        values = np.maximum(np.take_along_axis(cosines, top, axis=1), 0)
        neighbours[place] = anchors[top]
        nearness[place] = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-9)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(block, range(0, len(embedded), ROWS_AT_ONCE)))
    return neighbours, nearness


def _scale(
    content: Content, preference: Preference, histories: Sequence[Seen], described: Int64Array
) -> float:
    """Return by how much the scores of neighbours vary more than those of factors, over some histories."""
    draw = np.random.default_rng(0)
    near, placed = [], []
    for history in histories[:EXAMPLES]:
        if len(history.items) and len(described):
            items = draw.choice(described, min(500, len(described)), replace=False)
            scores = preference.scores(history)
            near.append(
                float((scores[content.neighbours[items]] * content.nearness[items]).sum(axis=1).std())
            )
            placed.append(float(content._by_factors(history, preference, items).std()))  # noqa: SLF001
    return float(np.sum(near) / max(float(np.sum(placed)), 1e-9)) if near else 1.0
