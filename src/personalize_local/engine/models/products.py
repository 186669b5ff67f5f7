"""Products of large sparse matrices of which only the largest entries of each row are kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse import _sparsetools

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.engine.arrays import (
        Float32Array,
        Float64Array,
        Int32Array,
        Int64Array,
        SparseMatrix,
    )

THREADS = 2
"""Sparse products release the GIL; more threads would mean more memory for little gain."""

PRODUCTS_PER_BLOCK = 4_000_000
"""Multiplications per block of rows: bounds an untruncated result to about 50 MB per thread."""


def product_top(
    left: SparseMatrix,
    right: SparseMatrix,
    count: int,
    transform: Callable[[int, Int32Array, Any], Float32Array],
) -> SparseMatrix:
    """Return left @ right, each row cut to its `count` largest entries; see `top_of_rows`.

    `transform` is given a row's number, its columns and its raw values.
    """

    def by_row(rows: Int32Array, product: SparseMatrix) -> Float32Array:
        values = np.empty(product.nnz, np.float32)
        for begin, end in pairwise(product.indptr.tolist()):
            if begin < end:
                entries = slice(begin, end)
                values[entries] = transform(int(rows[begin]), product.indices[entries], product.data[entries])
        return values

    shape = (left.shape[0], right.shape[1])
    return top_of_rows(
        shape, _row_work(left, right), lambda first, last: left[first:last] @ right, count, by_row
    )


def top_of_rows(
    shape: tuple[int, int],
    work: Int64Array,
    product: Callable[[int, int], SparseMatrix],
    count: int,
    transform: Callable[[Int32Array, SparseMatrix], Float32Array],
) -> SparseMatrix:
    """Compute a matrix block by block and keep the largest entries of each row, the diagonal left out.

    Args:
        shape: (rows, columns) of the result.
        work: multiplications needed for all rows up to and including each; blocks are cut by it.
        product: given the first row of a block and the one after its last, these rows as a CSR matrix.
        count: entries kept per row.
        transform: given the row number of each entry of a block, and the block, the values to keep; entries
            at or below zero are dropped.

    """
    steps = np.arange(PRODUCTS_PER_BLOCK, int(work[-1]) + PRODUCTS_PER_BLOCK, PRODUCTS_PER_BLOCK)
    edges = np.unique(np.concatenate(([0], np.searchsorted(work, steps) + 1, [shape[0]])).clip(max=shape[0]))

    def block(edge: tuple[int, int]) -> SparseMatrix:
        first, last = edge
        found = product(first, last)
        lengths = np.diff(found.indptr)
        rows = np.repeat(np.arange(first, last, dtype=np.int32), lengths)
        values = transform(rows, found)
        values[found.indices == rows] = 0
        kept = values > 0
        for row in np.flatnonzero(lengths > count).tolist():
            entries = slice(int(found.indptr[row]), int(found.indptr[row + 1]))
            spare = int(lengths[row]) - count
            kept[entries][np.argpartition(values[entries], spare)[:spare]] = False
        before = np.concatenate(([0], np.cumsum(kept)))
        cut = sparse.csr_array(
            (values[kept], found.indices[kept].astype(np.int32), before[found.indptr].astype(np.int32)),
            shape=found.shape,
        )
        cut.sort_indices()
        return cut

    with ThreadPoolExecutor(THREADS) as threads:
        blocks = list(threads.map(block, zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)))
    return (
        sparse.csr_array(sparse.vstack(blocks, format="csr"))
        if blocks
        else sparse.csr_array(shape, dtype=np.float32)
    )


def stacked(rows: list[tuple[Int32Array, Float32Array]], shape: tuple[int, int]) -> SparseMatrix:
    """Return a CSR matrix of (columns, values) per row."""
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(columns) for columns, _ in rows], out=starts[1:])
    columns = np.concatenate([columns for columns, _ in rows]) if rows else np.empty(0, np.int32)
    values = np.concatenate([values for _, values in rows]) if rows else np.empty(0, np.float32)
    return sparse.csr_array((values, columns, starts), shape=shape)


def gram(matrix: SparseMatrix) -> Float32Array:
    """Return matrix.T @ matrix as a dense float32 array."""
    transposed = matrix.T.tocsr()
    work = _row_work(transposed, matrix)
    middle = int(np.searchsorted(work, work[-1] / 2)) if work[-1] else 0
    result = np.empty((transposed.shape[0], transposed.shape[0]), np.float32)

    def half(edge: tuple[int, int]) -> None:
        result[edge[0] : edge[1]] = (transposed[edge[0] : edge[1]] @ matrix).toarray()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(half, [(0, middle), (middle, transposed.shape[0])]))
    return result


def weighted_rows(
    matrix: tuple[Int32Array, Int32Array, Float32Array], rows: Int32Array, weights: Float64Array, width: int
) -> Float32Array:
    """Return the weighted sum of some rows of a CSR matrix (starts, columns, values), dense: shape (width,).

    These are the two routines under `weights @ matrix[rows]` of scipy. By way of its matrix classes an answer
    takes four times as long, for checks and copies of what is known to be right; numpy alone takes thrice.
    """
    starts, columns, values = matrix
    begins = starts[rows]
    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(starts[rows + 1] - begins, out=ends[1:])
    entries = int(ends[-1])
    their_columns, their_values = np.empty(entries, np.int32), np.empty(entries, np.float32)
    _sparsetools.csr_row_index(len(rows), rows, starts, columns, values, their_columns, their_values)
    sums = np.zeros(width, np.float32)
    # Rows of a CSR matrix are columns of its transpose in CSC form.
    _sparsetools.csc_matvec(
        width, len(rows), ends, their_columns, their_values, weights.astype(np.float32), sums
    )
    return sums


def _row_work(left: SparseMatrix, right: SparseMatrix) -> Int64Array:
    """Return the multiplications needed for all rows up to and including each."""
    lengths = np.diff(right.indptr)
    per_entry = np.zeros(len(left.indices) + 1, np.int64)
    np.cumsum(lengths[left.indices], out=per_entry[1:])
    work: Int64Array = per_entry[left.indptr[1:]]
    return work
