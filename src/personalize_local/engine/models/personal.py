"""User-personalization and personalized-ranking: what a user will want next, by his own history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.answers import Exploration, Scored
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.personal_fit import PersonalFit
from personalize_local.engine.models.preference import largest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.answers import Event
    from personalize_local.engine.arrays import BoolArray, Float32Array, Float64Array, Int64Array
    from personalize_local.engine.histories import Histories
    from personalize_local.engine.models.base import Arrays

CONSIDERED = 500
"""Items that the scores of the v2 recipes are shares of; the service does not say how many it considers."""
POPULAR_ITEM = "Popular item"
EXPLORED_ITEM = "Exploration"


class PersonalModel(TrainedModel):
    """Holds nothing per user but the training rows, read where they are needed."""

    def __init__(self, recipe: str, histories: Histories, fit: PersonalFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        return self.fit.parts()

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> PersonalModel:
        """Open the files that `parts` named."""
        return cls(description["recipe"], histories, PersonalFit.read(folder, description))

    def recommend(
        self,
        user_id: str | None,
        live: Sequence[Event] = (),
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        context: Mapping[str, str] | None = None,
        exploration: Exploration | None = None,
    ) -> Scored:
        history = self.histories.seen(user_id, live)
        top, explored, values = self.fit.listed(
            history, count, user_id=user_id, allowed=allowed, context=context, exploration=exploration
        )
        cold = not len(history.items)
        # Popular items that stand in for a missing history carry no score.
        scores = np.full(len(top), np.nan) if cold else self._scores(values, top)
        reasons: list[str | None] | None = None
        if self.recipe.endswith("-v2"):
            reasons = [POPULAR_ITEM if cold else None] * len(top)
            for place in [] if explored is None else np.flatnonzero(explored).tolist():
                reasons[place] = EXPLORED_ITEM
        return Scored(self.item_ids.texts(top), top.astype(np.int32), scores, reasons)

    def _scores(self, values: Float32Array, top: Int64Array) -> Float64Array:
        """Return the softmax over the catalogue (v1) or over the considered items (v2)."""
        considered = largest(values, CONSIDERED) if self.recipe.endswith("-v2") else values
        highest = considered.max(initial=-np.inf)
        total = float(np.exp(considered - highest).sum(dtype=np.float64))
        shares: Float64Array = np.exp((values[top] - highest).astype(np.float64)) / total
        return shares

    def rank(
        self,
        user_id: str | None,
        live: Sequence[Event] = (),
        items: Sequence[str] = (),
        *,
        context: Mapping[str, str] | None = None,
    ) -> Scored:
        distinct = list(dict.fromkeys(items))
        positions = [self.position(item) for item in distinct]
        known = [(one, item) for one, item in zip(positions, distinct, strict=True) if one is not None]
        unknown = [item for one, item in zip(positions, distinct, strict=True) if one is None]
        numbers = np.array([one for one, _ in known], np.int64)
        unmet = numbers[~self.fit.explorer.met[numbers]]
        history = self.histories.seen(user_id, live)
        values = self.fit.log_odds(history, context=context, unmet=unmet if len(unmet) else None)
        mine = values[numbers].astype(np.float64)
        order = np.argsort(-mine, kind="stable")  # ties keep the order of the request
        shares = np.exp(mine[order] - mine.max(initial=-np.inf))
        return Scored(
            [known[one][1] for one in order.tolist()] + unknown,
            np.concatenate((numbers[order], np.full(len(unknown), -1))).astype(np.int32),
            np.concatenate((shares / shares.sum(), np.full(len(unknown), np.nan))),
        )
