"""The best of a large catalogue are found by way of a sample; they must be those that a full sort finds."""

import numpy as np
import pytest

from personalize_local.engine.models.preference import best, largest
from personalize_local.engine.models.products import weighted_rows


def catalogue(kind: str, size: int) -> np.ndarray:
    draw = np.random.default_rng(11)
    few = np.zeros(size)
    few[draw.choice(size, 40, replace=False)] = draw.random(40)
    return {
        "all different": draw.random(size),
        "few stand out": few,
        "all alike": np.ones(size),
        "the best come first": np.arange(size)[::-1],
        "ties": draw.integers(0, 5, size),
    }[kind].astype(np.float32)


@pytest.mark.parametrize(
    "kind", ["all different", "few stand out", "all alike", "the best come first", "ties"]
)
@pytest.mark.parametrize("share", [None, 0.3, 0.0005, 0.0])
@pytest.mark.parametrize("size", [100, 5_000, 100_000])
def test_the_best_are_those_of_a_full_sort(kind: str, share: float | None, size: int) -> None:
    values = catalogue(kind, size)
    allowed = None if share is None else np.random.default_rng(5).random(size) < share
    order = np.argsort(-values, kind="stable")
    expected = order if allowed is None else order[allowed[order]]

    assert best(values, 25, allowed).tolist() == expected[:25].tolist()


@pytest.mark.parametrize("kind", ["all different", "few stand out", "ties"])
@pytest.mark.parametrize("size", [100, 500, 100_000])
def test_the_largest_are_those_of_a_full_sort(kind: str, size: int) -> None:
    values = catalogue(kind, size)

    assert sorted(largest(values, 500).tolist()) == sorted(values.tolist())[-500:]


def test_weighted_rows_are_a_product_with_the_matrix() -> None:
    draw = np.random.default_rng(2)
    dense = (draw.random((30, 30)) * (draw.random((30, 30)) < 0.2)).astype(np.float32)
    dense[4] = 0  # a row without entries
    rows, columns = np.nonzero(dense)
    starts = np.searchsorted(rows, np.arange(31)).astype(np.int32)
    asked, weights = np.array([7, 4, 29, 0], np.int32), draw.random(4)
    matrix = (starts, columns.astype(np.int32), dense[rows, columns])

    assert weighted_rows(matrix, asked, weights, 30) == pytest.approx(weights @ dense[asked], rel=1e-5)
    assert not weighted_rows(matrix, asked[:0], weights[:0], 30).any()
