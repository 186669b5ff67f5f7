"""How good a list of recommendations is, in Amazon Personalize's definitions and under its names.

Definitions: developer guide, "Evaluating a solution version with metrics". One request per test user. A
recommendation is relevant if the user interacted with it in the truth; several interactions with one item
count once.

NDCG's ideal is "where the top K recommendations are sorted by relevance": the user's own hits moved to the
front. The guide's example (hits at 2 and 5 of 5 give 0.6241) and the service's recorded results agree with
this form, and not with the usual one, whose ideal is as many hits as there is truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from personalize_local.engine.arrays import BoolArray, Float64Array, Int32Array

CUTS = (5, 10, 25)
LIST_LENGTH = 25
"""Recommendations asked for per request when measuring."""

WEIGHTED_NDCG = "normalized_discounted_cumulative_gain_with_event_weights"
"""With `_at_5`, `_at_10` and `_at_25`: the guide only says that there is one per K."""
REWARDS = "average_rewards_at_k"

_DISCOUNTS: Float64Array = 1 / np.log2(np.arange(2, LIST_LENGTH + 2))


def reciprocal_rank(relevant: BoolArray) -> float:
    """Return 1 / the rank of the first relevant recommendation, 0 if there is none."""
    hits = np.flatnonzero(relevant)
    return 1 / (int(hits[0]) + 1) if len(hits) else 0.0


def precision(relevant: BoolArray, cut: int) -> float:
    """Return the share of the first `cut` places that are relevant; places of a short list stay empty."""
    return float(np.count_nonzero(relevant[:cut])) / cut


def ndcg(relevant: BoolArray, cut: int) -> float:
    """Return the discounted gain of the first `cut` recommendations by that of the same hits at the front."""
    top = np.asarray(relevant[:cut], dtype=bool)
    hits = int(np.count_nonzero(top))
    if not hits:
        return 0.0
    return float(_DISCOUNTS[: len(top)][top].sum() / _DISCOUNTS[:hits].sum())


def weighted_ndcg(gains: Float64Array, cut: int) -> float:
    """Return `ndcg` where each hit counts as much as its event is worth; 0 stands for a miss."""
    top = gains[:cut]
    if not top.any():
        return 0.0
    discounts = _DISCOUNTS[: len(top)]
    return float((top * discounts).sum() / (np.sort(top)[::-1] * discounts).sum())


@dataclass
class Measurement:
    """Collects one answer per test user and gives the means.

    Attributes:
        catalogue: how many items the data has: the divisor of coverage.

    """

    catalogue: int
    requests: int = 0
    _sums: dict[str, float] = field(default_factory=dict)
    _recommended: set[int] = field(default_factory=set)
    _rewards: list[float] = field(default_factory=list)

    def add(
        self,
        recommended: Int32Array,
        truth: Iterable[int],
        *,
        gains: Mapping[int, float] | None = None,
        reward: float | None = None,
    ) -> None:
        """Count one request.

        Args:
            recommended: item numbers in the order of the list.
            truth: the items of the user's truth.
            gains: what a hit of each of these is worth, with event weights.
            reward: the share of the objective's reward that the list brings; None for a user without any.

        """
        listed = recommended[:LIST_LENGTH].tolist()
        wanted = set(truth)
        relevant = np.fromiter((item in wanted for item in listed), dtype=bool, count=len(listed))
        values = {"mean_reciprocal_rank_at_25": reciprocal_rank(relevant)}
        for cut in CUTS:
            values[f"normalized_discounted_cumulative_gain_at_{cut}"] = ndcg(relevant, cut)
            values[f"precision_at_{cut}"] = precision(relevant, cut)
        if gains is not None:
            worth = np.array([gains.get(item, 0.0) for item in listed])
            for cut in CUTS:
                values[f"{WEIGHTED_NDCG}_at_{cut}"] = weighted_ndcg(worth, cut)
        if reward is not None:
            self._rewards.append(reward)
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._recommended.update(listed)
        self.requests += 1

    def metrics(self) -> dict[str, float]:
        """Return the metrics under the keys of GetSolutionMetrics, rounded to 4 decimals as the service does.

        Raises:
            ValueError: nothing was measured, so there is no mean.

        """
        if not self.requests:
            raise ValueError("no request was measured: there is no test user with at least two interactions")
        means = {name: value / self.requests for name, value in self._sums.items()}
        means["coverage"] = len(self._recommended) / self.catalogue
        if self._rewards:
            # Documented as greater than 0.
            means[REWARDS] = max(float(np.mean(self._rewards)), 1e-4)
        return {name: round(value, 4) for name, value in sorted(means.items())}
