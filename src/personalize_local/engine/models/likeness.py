"""Items that are alike by their metadata: vectors of it, and the nearest of each item.

The vectors are short, so that comparing all items with each other is one product of dense matrices.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from personalize_local.engine.models.products import THREADS, stacked

if TYPE_CHECKING:
    from personalize_local.engine.arrays import (
        Float32Array,
        Float64Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )

DIMENSIONS = 100
"""Numbers per item: the default of `item_metadata_hidden_dim`."""
ROWS_AT_ONCE = 2048
EXACT_ITEMS = 20_000
"""Up to here each item is compared with all others."""
CELL_ITEMS = 400
"""Items per cell, about: larger catalogues are cut into cells of items that are alike."""
CELLS_SEARCHED = 6


def vectors(features: SparseMatrix, size: int) -> Float32Array:
    """Return metadata as at most `size` numbers per item, of length 1: cosines stay about what they are.

    A randomised singular value decomposition (Halko, Martinsson, Tropp 2011) where there are more features.
    """
    if features.shape[1] <= size:
        dense: Float32Array = features.toarray().astype(np.float32)
    else:
        draw = np.random.default_rng(0)
        size = min(size, features.shape[0])
        probe = draw.standard_normal((features.shape[1], min(size + 10, features.shape[0]))).astype(
            np.float32
        )
        image = features @ probe
        for _ in range(2):
            image = features @ (features.T @ _orthonormal(image))
        basis = _orthonormal(image)
        left, values, _ = linalg.svd((features.T @ basis).T, full_matrices=False)
        dense = ((basis @ left[:, :size]) * values[:size]).astype(np.float32)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: Float32Array = (dense / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _orthonormal(matrix: Float64Array | Float32Array) -> Float32Array:
    basis: Float32Array = linalg.qr(matrix, mode="economic", check_finite=False)[0]
    return basis


def content_neighbours(embedded: Float32Array, kept: int) -> SparseMatrix:
    """Return the cosines of each item's most similar items by metadata: CSR, shape (items, items).

    Exact up to 20,000 items; beyond that, each item is compared with the items of the cells next to its own,
    which keeps the time for 100,000 items in seconds.
    """
    size = len(embedded)
    described = np.flatnonzero(np.any(embedded != 0, axis=1))
    empty = (np.empty(0, np.int32), np.empty(0, np.float32))
    rows: list[tuple[Int32Array, Float32Array]] = [empty] * size
    if len(described) < 2:
        return stacked(rows, (size, size))

    def block(task: tuple[Int64Array, Int64Array]) -> None:
        asked, among = task
        count = min(kept, len(among))
        cosines = embedded[asked] @ embedded[among].T
        cosines[among[None, :] == asked[:, None]] = -1
        top = np.argpartition(cosines, len(among) - count, axis=1)[:, -count:]
        for row, item in enumerate(asked.tolist()):
            columns, values = among[top[row]], cosines[row, top[row]]
            order = np.argsort(columns)[values[np.argsort(columns)] > 1e-6]
            rows[item] = columns[order].astype(np.int32), values[order].astype(np.float32)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(block, _searches(embedded, described)))
    return stacked(rows, (size, size))


def _searches(embedded: Float32Array, described: Int64Array) -> list[tuple[Int64Array, Int64Array]]:
    """Return pairs of (items that ask, items to look among)."""
    if len(described) <= EXACT_ITEMS:
        step = max(1, 16_000_000 // len(described))
        return [(described[at : at + step], described) for at in range(0, len(described), step)]
    draw = np.random.default_rng(0)
    centres = embedded[draw.choice(described, len(described) // CELL_ITEMS, replace=False)]
    cell = np.concatenate(
        [
            (embedded[described[at : at + ROWS_AT_ONCE]] @ centres.T).argmax(axis=1)
            for at in range(0, len(described), ROWS_AT_ONCE)
        ]
    )
    order = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=len(centres)))
    members = np.split(described[order], ends[:-1])
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :CELLS_SEARCHED]
    searches = []
    for one, asked in enumerate(members):
        among = np.sort(np.concatenate([members[other] for other in near[one].tolist()]))
        step = max(1, 16_000_000 // max(1, len(among)))
        searches += [(asked[at : at + step], among) for at in range(0, len(asked), step)]
    return searches


def blended(relations: SparseMatrix, embedded: Float32Array, share: float, kept: int) -> SparseMatrix:
    """Add likeness by metadata to relations by use: `share` of the typical strongest relation of an item.

    Items that nobody has used are related by metadata only.
    """
    alike = content_neighbours(embedded, kept)
    strongest = relations.max(axis=1).toarray().ravel() if relations.nnz else np.empty(0)
    strongest = strongest[strongest > 0]
    level = float(strongest.mean()) if len(strongest) else 1.0
    return (relations + np.float32(share * level) * alike).tocsr()
