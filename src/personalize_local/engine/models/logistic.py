"""Logistic regression with a ridge of its own for each weight, by L-BFGS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

if TYPE_CHECKING:
    from personalize_local.engine.arrays import BoolArray, Float64Array, SparseMatrix

ITERATIONS = 200


def fit_logistic(
    design: SparseMatrix, labels: BoolArray, ridge: Float64Array, start: Float64Array | None = None
) -> Float64Array:
    """Return the weights that make the labels likeliest, shape (columns of the design,).

    Args:
        design: shape (examples, weights).
        labels: one per example.
        ridge: how strongly each weight is drawn to 0.
        start: where to begin; near the solution it takes fewer steps.

    """
    signs = np.where(labels, 1.0, -1.0)
    transposed = design.T.tocsr()

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        margins = signs * (design @ weights)
        slopes = -signs / (1 + np.exp(np.clip(margins, -500, 500)))
        value = np.logaddexp(0, -margins).sum() + (ridge * weights**2).sum() / 2
        return float(value), transposed @ slopes + ridge * weights

    result = optimize.minimize(
        loss,
        np.zeros(design.shape[1]) if start is None else start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS},
    )
    weights: Float64Array = result.x
    return weights
