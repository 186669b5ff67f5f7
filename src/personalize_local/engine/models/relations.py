"""How items relate to items, learnt from who interacted with what, and in which order.

`relations` is the heart of the personal recipes and of similar-items. It adds three sparse matrices:

- EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data") on the most popular items. It
  knows what an item adds to what the others already say, which plain co-occurrence does not.
- Transitions: which items follow within a window, nearer ones counting more. They are shrunk, so that
  two rare items that met once do not look like twins.
- tf-idf neighbours (implicit): a faint voice, so that items outside EASE's head and never adjacent
  are reachable.

Weights and sizes were chosen on MovieLens small, all ten folds (`benchmarks/quality.py` prints the result);
the optimum is flat. `co_occurrence` is the item-to-item counting of SIMS.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, sparse

from personalize_local.engine.models.products import (
    THREADS,
    gram,
    product_top,
    stacked,
    top_of_rows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from personalize_local.engine.arrays import Float32Array, Int32Array, Int64Array, SparseMatrix
    from personalize_local.engine.interactions import Interactions

EASE_HEAD = 4000
"""Items that EASE covers: memory grows with the square, time with the cube; quality is flat from 3,000 on."""
EASE_RIDGE = 200.0
EASE_KEPT = 200
TRANSITION_WEIGHT = 0.6
TRANSITION_WINDOW = 10
TRANSITION_SHRINKAGE = 10.0
TRANSITION_KEPT = 200
NEARNESS_WEIGHT = 2.0
NEIGHBOUR_WEIGHT = 0.01
NEIGHBOUR_KEPT = 100


def user_items(interactions: Interactions, weights: Float32Array | None = None) -> SparseMatrix:
    """Return the matrix of shape (users, items), float32: 1 where a user interacted with an item.

    With `weights`, one per event type, the entry is the largest weight among the user's events with the item.
    """
    shape = (len(interactions.user_ids), len(interactions.item_ids))
    if weights is None:
        starts = interactions.user_starts().astype(np.int32)
        matrix = sparse.csr_array(
            (np.ones(len(interactions), np.float32), interactions.items.copy(), starts), shape=shape
        )
        matrix.sum_duplicates()  # in place, and by user in C: a sort of all rows takes three times as long
        matrix.data[:] = 1
        return matrix
    rows = weights[interactions.event_types]
    # Sorted by user already; within one, sort by item and weight and keep the last: the largest.
    order = np.lexsort((rows, interactions.items, interactions.users))
    users, items, rows = interactions.users[order], interactions.items[order], rows[order]
    last = np.ones(len(users), bool)
    last[:-1] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    starts = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(users[last], minlength=shape[0]), out=starts[1:])
    return sparse.csr_array((rows[last], items[last], starts), shape=shape)


def distinct_users(matrix: SparseMatrix) -> Int64Array:
    """Return for each item how many users interacted with it."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)


def relations(
    interactions: Interactions,
    weights: Float32Array | None = None,
    *,
    kept: int = EASE_KEPT,
    window: int = TRANSITION_WINDOW,
) -> SparseMatrix:
    """Return the matrix of shape (items, items): entry (i, j) says how much i in a history speaks for j.

    Args:
        interactions: what to learn from.
        weights: one per event type number, or None for all alike.
        kept: largest EASE weights kept per item.
        window: how many following items count as a transition; 0 leaves the order of events out.

    """
    matrix = user_items(interactions, weights)
    # A half of EASE is one thread of LAPACK, which leaves a core to the others.
    with ThreadPoolExecutor(1) as beside:
        weighed = beside.submit(ease, matrix, kept=kept)
        others = [(NEIGHBOUR_WEIGHT, tfidf_neighbours(matrix))]
        if window:
            others.append((TRANSITION_WEIGHT, transitions(interactions, window)))
        result = weighed.result()
    for weight, relation in others:
        relation.data *= weight  # in place: these are large
        result = result + relation
    return result.tocsr()


def ease(matrix: SparseMatrix, *, head: int = EASE_HEAD, kept: int = EASE_KEPT) -> SparseMatrix:
    """Return EASE's weights among the `head` most popular items, the `kept` largest by size of each row."""
    popularity = distinct_users(matrix)
    popular = np.sort(np.argsort(-popularity, kind="stable")[:head])
    popular = popular[popularity[popular] > 0]
    items = matrix.shape[1]
    if len(popular) < 2:
        return sparse.csr_array((items, items), dtype=np.float32)
    covariance = gram(matrix[:, popular].tocsr())
    covariance[np.diag_indices_from(covariance)] += EASE_RIDGE
    # Cholesky in place, twice as fast as an LU inverse; the ridge keeps it positive definite in float32.
    lower, _ = linalg.lapack.spotrf(covariance.T, lower=1, overwrite_a=1)
    inverse, problem = linalg.lapack.spotri(lower, lower=1, overwrite_c=1)
    if problem:
        raise FloatingPointError(
            f"EASE: the covariance of {len(popular)} items could not be inverted ({problem})"
        )
    diagonal = np.diag(inverse).copy()
    rows: list[tuple[Int32Array, Float32Array]] = [_EMPTY] * items
    kept = min(kept, len(popular) - 1)
    for row, item in enumerate(popular):
        # Only the lower triangle was filled.
        weights = np.concatenate((inverse[row, :row], inverse[row:, row])) / -diagonal
        weights[row] = 0
        top = np.sort(np.argpartition(np.abs(weights), len(weights) - kept)[-kept:])
        rows[item] = popular[top].astype(np.int32), weights[top].astype(np.float32)
    return stacked(rows, (items, items))


_EMPTY: tuple[Int32Array, Float32Array] = (np.empty(0, np.int32), np.empty(0, np.float32))


def transitions(
    interactions: Interactions,
    window: int = TRANSITION_WINDOW,
    *,
    discount: float = 0.5,
    kept: int = TRANSITION_KEPT,
) -> SparseMatrix:
    """Return how often j followed i within `window` events, nearer counting more, over both popularities."""
    items, users = interactions.items, interactions.users
    size = len(interactions.item_ids)
    where = np.argsort(items, kind="stable")  # the rows of item 0, of item 1, ...
    occurrences = np.bincount(items, minlength=size)
    starts = np.concatenate(([0], np.cumsum(occurrences)))
    distances = np.arange(1, window + 1)
    closeness = (1 / distances).astype(np.float32)

    def following(first: int, last: int) -> SparseMatrix:
        begins = where[starts[first] : starts[last], None]
        ends = np.minimum(begins + distances, len(items) - 1)
        met = (users[ends] == users[begins]) & (ends == begins + distances)
        weights = np.broadcast_to(closeness, met.shape)[met]
        met_so_far = np.concatenate(([0], np.cumsum(np.count_nonzero(met, axis=1)))).astype(np.int32)
        ahead = sparse.csr_array((weights, items[ends[met]], met_so_far), shape=(len(begins), size))
        # A sum over the occurrences of each item: as a product it needs no sorting.
        ones = np.ones(len(begins), np.float32)
        bounds = (starts[first : last + 1] - starts[first]).astype(np.int32)
        occurrence = np.arange(len(begins), dtype=np.int32)
        return sparse.csr_array((ones, occurrence, bounds), shape=(last - first, len(begins))) @ ahead

    scale = ((occurrences + TRANSITION_SHRINKAGE) ** -discount).astype(np.float32)
    return top_of_rows(
        (size, size),
        starts[1:] * window,
        following,
        kept,
        lambda rows, found: found.data * (scale[rows] * scale[found.indices]),
    )


def tfidf_neighbours(matrix: SparseMatrix, kept: int = NEIGHBOUR_KEPT) -> SparseMatrix:
    """Return the cosine of the items' user vectors, users with long histories counting less."""
    from implicit import nearest_neighbours as implicit  # noqa: PLC0415  # serving never needs it

    weighted = implicit.normalize(implicit.tfidf_weight(sparse.csr_matrix(matrix.T))).T.tocsr()
    similar = sparse.csr_array(
        implicit.all_pairs_knn(weighted, kept, num_threads=THREADS, show_progress=False)
    )
    similar.setdiag(0)
    similar.eliminate_zeros()
    return similar.astype(np.float32)


def co_occurrence(
    interactions: Interactions, *, popularity_discount: float, minimum: int, kept: int
) -> SparseMatrix:
    """Return how strongly users join two items, over both popularities to a power: symmetric but for the cut.

    A user with a long history says less about each of its pairs: he counts one over the root of its length.
    Pairs met close together count extra. Both find more of what users do next than the bare count does.

    Args:
        interactions: what to learn from.
        popularity_discount: the power, 0 to 1: 0 favours popular items, 0.5 is the cosine.
        minimum: pairs with fewer users in common count nothing.
        kept: related items kept per item.

    """
    matrix = user_items(interactions)
    popularity = distinct_users(matrix)
    scale = (np.maximum(popularity, 1) ** -popularity_discount).astype(np.float32)
    near = transitions(interactions, discount=popularity_discount)
    near = (NEARNESS_WEIGHT * (near + near.T)).tocsr()
    lengths = np.diff(matrix.indptr)
    says_less = np.maximum(lengths, 1) ** -0.5
    says_less *= lengths.sum() / max(float((says_less * lengths).sum()), 1e-9)  # a mean interaction counts 1
    # Two sums in one product: the real part counts users, the imaginary part adds up what they say.
    both = matrix.astype(np.complex64)
    both.data = (1 + 1j * np.repeat(says_less, lengths)).astype(np.complex64)

    def related(row: int, columns: Int32Array, values: NDArray[np.complex64]) -> Float32Array:
        close = np.zeros(len(scale), np.float32)
        begin, end = near.indptr[row], near.indptr[row + 1]
        close[near.indices[begin:end]] = near.data[begin:end]
        strength = values.imag * (scale[row] * scale[columns]) + close[columns]
        return np.where(values.real >= minimum, strength, np.float32(0))

    return product_top(matrix.T.tocsr().astype(np.complex64), both, kept, related)
