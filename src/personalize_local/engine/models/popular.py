"""Popularity-count: what the most users interacted with. The baseline that other models must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.preference import best
from personalize_local.engine.models.relations import distinct_users, user_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.answers import Event, Exploration, Scored
    from personalize_local.engine.arrays import BoolArray, Float32Array, Int64Array
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.base import Arrays
    from personalize_local.engine.models.inner_split import InnerSplit


@dataclass(frozen=True, slots=True)
class Learnt:
    """Counting has nothing to learn; `quality` is there because every trainer reports one."""

    quality: float = 0.0


@dataclass(frozen=True, slots=True)
class PopularFit:
    """Distinct users per item."""

    users: Float32Array

    def recommended(self, history: Seen, count: int) -> Int64Array:  # noqa: ARG002
        """Return the same items whoever asks."""
        return best(self.users, count)


@dataclass(frozen=True, slots=True)
class PopularTrainer:
    """No settings."""

    def learn(self, inner: InnerSplit) -> Learnt:  # noqa: ARG002
        """Nothing to learn."""
        return Learnt()

    def fit(self, interactions: Interactions, learnt: Learnt) -> PopularFit:  # noqa: ARG002
        """Count."""
        return PopularFit(distinct_users(user_items(interactions)).astype(np.float32))


class PopularModel(TrainedModel):
    """Answers every question with the most popular items that are allowed."""

    def __init__(self, recipe: str, histories: Histories, fit: PopularFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit

    def recommend(
        self,
        user_id: str | None,  # noqa: ARG002
        live: Sequence[Event] = (),  # noqa: ARG002
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        context: Mapping[str, str] | None = None,  # noqa: ARG002
        exploration: Exploration | None = None,  # noqa: ARG002
    ) -> Scored:
        """Return the items with the most users; no scores, as in the service."""
        return self._listed(self.fit.users, count, allowed)

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        return {}, {"users": self.fit.users}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> PopularModel:
        """Open the files that `parts` named."""
        return cls(description["recipe"], histories, PopularFit(files.read_array(folder, "users")))
