"""Similar-items and SIMS: what goes with an item.

Their metrics need a question to ask for a test user, and the service does not say which it uses. Here it is
the user's decayed history, the decay learnt as for the personal recipes, and items already seen are left out:
a model of relations is judged by what it relates, and no item is related to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.fading import learn_decay
from personalize_local.engine.models.likeness import DIMENSIONS, blended
from personalize_local.engine.models.preference import Preference, best
from personalize_local.engine.models.relations import co_occurrence, distinct_users, relations, user_items

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from personalize_local.engine.answers import Scored
    from personalize_local.engine.arrays import BoolArray, Int64Array
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.item_data import ItemData
    from personalize_local.engine.models.base import Arrays
    from personalize_local.engine.models.inner_split import InnerSplit
    from personalize_local.engine.training_job import TrainingJob

ALIKE_SHARE = 0.15
"""Of likeness by metadata, against relations by use; on MovieLens it changes nothing for items in use."""
ALIKE_KEPT = 50


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the inner users taught; only the metrics use it."""

    decay: float
    quality: float


@dataclass(frozen=True, slots=True)
class RelatedFit:
    """A fitted model without its users."""

    preference: Preference

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return the numbers of the items that the history as a whole is related to, seen ones left out."""
        scores = self.preference.scores(history)
        scores[history.items] = -np.inf
        return best(scores, count)


@dataclass(frozen=True, slots=True)
class SimilarItemsTrainer:
    """How to train similar-items: the relations of the personal recipes, one row per item.

    Attributes:
        kept: EASE weights kept per item.
        popularity_discount: 0 leaves popular items in front; 1 divides by the number of users.
        dimensions: numbers that an item's metadata is described by.
        items: what the Items dataset says of the items, one entry per item of the interactions.

    """

    kept: int
    popularity_discount: float
    dimensions: int = DIMENSIONS
    items: ItemData | None = None

    def informed(self, items: ItemData, job: TrainingJob) -> SimilarItemsTrainer:  # noqa: ARG002
        """Return a trainer that knows of the items; nothing else of the job matters to it."""
        return replace(self, items=items)

    def learn(self, inner: InnerSplit) -> Learnt:
        """Learn the decay of the history that the metrics ask with."""
        return _learn(self, inner)

    def fit(self, interactions: Interactions, learnt: Learnt) -> RelatedFit:
        """Fit the relations."""
        popularity = distinct_users(user_items(interactions))
        matrix = relations(interactions, kept=self.kept)
        discount = np.maximum(popularity, 1) ** -self.popularity_discount
        matrix.data *= discount.astype(np.float32)[matrix.indices]
        if self.items is not None and self.items.features.nnz:
            matrix = blended(matrix, self.items.vectors(self.dimensions), ALIKE_SHARE, ALIKE_KEPT)
        return RelatedFit(Preference.of(matrix, popularity, decay=learnt.decay))


@dataclass(frozen=True, slots=True)
class SimsTrainer:
    """How to train SIMS: users in common, counted.

    Attributes:
        popularity_discount: see `relations.co_occurrence`.
        minimum: pairs of items with fewer users in common are not related.
        kept: related items kept per item.

    """

    popularity_discount: float
    minimum: int
    kept: int = 200

    def learn(self, inner: InnerSplit) -> Learnt:
        """Learn the decay of the history that the metrics ask with."""
        return _learn(self, inner)

    def fit(self, interactions: Interactions, learnt: Learnt) -> RelatedFit:
        """Count the pairs."""
        matrix = co_occurrence(
            interactions,
            popularity_discount=self.popularity_discount,
            minimum=self.minimum,
            kept=self.kept,
        )
        popularity = distinct_users(user_items(interactions))
        return RelatedFit(Preference.of(matrix, popularity, decay=learnt.decay))


def _learn(trainer: SimilarItemsTrainer | SimsTrainer, inner: InnerSplit) -> Learnt:
    preference = trainer.fit(inner.interactions, Learnt(0.0, 0.0)).preference
    return Learnt(*learn_decay(preference, inner.cases))


class RelatedModel(TrainedModel):
    """Answers by the item alone; neither users nor live events change it."""

    def __init__(self, recipe: str, histories: Histories, fit: RelatedFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit

    def similar(
        self,
        item_id: str,
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        influence: Mapping[str, float] | None = None,  # noqa: ARG002
    ) -> Scored:
        """Return the items most related to one, then popular ones; only popular ones for an unknown item."""
        preference = self.fit.preference
        position = self.position(item_id)
        if position is None:
            return self._listed(preference.prior, count, allowed)
        others = np.ones(len(preference.prior), bool) if allowed is None else allowed.copy()
        others[position] = False
        return self._listed(preference.row(position), count, others)

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        description, arrays = self.fit.preference.parts()
        return {"preference": description}, {**arrays}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> RelatedModel:
        """Open the files that `parts` named."""
        preference = Preference.read(folder, description["preference"])
        return cls(description["recipe"], histories, RelatedFit(preference))
