"""How the personal models are trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.histories import seen
from personalize_local.engine.models import calibration as odds
from personalize_local.engine.models.content import EXAMPLES, learn_content
from personalize_local.engine.models.exploration import DAY, Explorer
from personalize_local.engine.models.fading import learn_decay
from personalize_local.engine.models.likeness import blended
from personalize_local.engine.models.objective import leaning
from personalize_local.engine.models.personal_fit import PersonalFit
from personalize_local.engine.models.preference import Preference
from personalize_local.engine.models.relations import distinct_users, relations, user_items
from personalize_local.engine.training_job import TrainingRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.answers import Exploration
    from personalize_local.engine.arrays import BoolArray, Float32Array, Int64Array, SparseMatrix
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.item_data import ItemData
    from personalize_local.engine.models.calibration import Calibration
    from personalize_local.engine.models.inner_split import InnerSplit
    from personalize_local.engine.training_job import TrainingJob

FIRST_ITEMS = 5
"""Distinct items at the beginning of a history that count as first interactions."""
ALIKE_KEPT = 50
"""Items alike by metadata, kept per item."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the inner users taught."""

    decay: float
    calibration: Calibration
    quality: float


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Which items aws-hrnn-coldstart recommends: those nobody has met, and young ones that few have.

    Attributes:
        interactions: a young item with more is not cold.
        days: an older item with interactions is not cold.
        from_latest: ages are measured from the latest item, else from the time of the training.

    """

    interactions: int
    days: float
    from_latest: bool = True

    def items(self, explorer: Explorer, interactions: Interactions, now: int) -> BoolArray:
        """Return which items are cold.

        Raises:
            TrainingRejected: none is.

        """
        if self.from_latest:
            now = int(explorer.born.max(initial=0))
        counts = np.bincount(interactions.items, minlength=len(explorer.born))
        young = now - explorer.born <= self.days * DAY
        cold: BoolArray = (counts == 0) | (young & (counts <= self.interactions))
        if not cold.any():
            raise TrainingRejected(
                "There are no cold items: every item has interactions, and none of those created in the "
                f"last {self.days:g} days has at most {self.interactions}. Add new items to the Items "
                "dataset, or raise cold_start_max_duration or cold_start_max_interactions."
            )
        return cold


@dataclass(frozen=True, slots=True)
class PersonalTrainer:
    """How to train, in our own terms; `recipes.py` translates the recipe's hyperparameters.

    Attributes:
        kept: EASE weights kept per item.
        window: following items that count as a transition.
        recency: whether the past may fade.
        event_weights: by event type number, None for all alike.
        exploration: see `PersonalFit`.
        items: what the Items dataset says of the items, one entry per item of the interactions.
        sensitivity: of the optimisation objective; None without one.
        alike: share of likeness by metadata in the relations.
        cold_start: recommends cold items only; None: all items.
        now: time of the training in epoch seconds; None: of the newest interaction.

    """

    kept: int
    window: int
    recency: bool
    event_weights: Float32Array | None = None
    exploration: Exploration | None = None
    items: ItemData | None = None
    sensitivity: str | None = None
    alike: float = 0.0
    cold_start: ColdStart | None = None
    now: int | None = None

    def informed(self, items: ItemData, job: TrainingJob) -> PersonalTrainer:
        """Return a trainer that knows of the items, and of the objective and the time of the training."""
        sensitivity = job.objective.sensitivity if job.objective else None
        return replace(self, items=items, sensitivity=sensitivity, now=job.now)

    def learn(self, inner: InnerSplit) -> Learnt:
        """Learn decay and odds on users that the relations have not seen."""
        preference = self._preference(inner.interactions, user_items(inner.interactions), decay=0.0)
        decay, quality = learn_decay(preference, inner.cases, recency=self.recency)
        preference = replace(preference, decay=decay)
        calibration = odds.learn(
            [case.history for case in inner.cases],
            (preference.scores(case.history) for case in inner.cases),
            [case.truth for case in inner.cases],
            len(inner.interactions.event_type_names),
        )
        return Learnt(decay, calibration, quality)

    def recall(self, fit: PersonalFit, histories: Histories, event_type_names: Sequence[str]) -> Learnt:
        """Return what the training of a model had learnt, for data with these event types.

        Types that are new since then count as the model counts types that it never saw.
        """
        places = {name.lower(): place for place, name in enumerate(histories.event_type_names, 1)}
        kept = [0, *(places.get(name.lower(), 0) for name in event_type_names)]
        calibration = replace(fit.calibration, repeat=fit.calibration.repeat[..., kept])
        return Learnt(fit.preference.decay, calibration, float("nan"))

    def fit(self, interactions: Interactions, learnt: Learnt) -> PersonalFit:
        """Fit the relations and what metadata says; the odds stay as learnt.

        Raises:
            TrainingRejected: only cold items are wanted, and there are none.

        """
        matrix = user_items(interactions)
        preference = self._preference(interactions, matrix, learnt.decay)
        users = distinct_users(matrix)
        explorer = Explorer.of(interactions, users, self.items)
        content = rewarded = None
        if self.items is not None:
            content = learn_content(
                self.items.vectors(), matrix, users, preference, some_histories(interactions)
            )
            if self.items.rewards is not None and self.sensitivity is not None:
                rewarded = leaning(self.items.rewards, self.sensitivity)
        return PersonalFit(
            preference,
            learnt.calibration,
            _first_record(interactions, preference.prior),
            explorer,
            exploration=self.exploration,
            content=content,
            leaning=rewarded,
            only=None
            if self.cold_start is None
            else self.cold_start.items(
                explorer, interactions, explorer.newest if self.now is None else self.now
            ),
        )

    def _preference(self, interactions: Interactions, matrix: SparseMatrix, decay: float) -> Preference:
        related = relations(interactions, self.event_weights, kept=self.kept, window=self.window)
        if self.alike and self.items is not None and self.items.features.nnz:
            related = blended(related, self.items.vectors(), self.alike, ALIKE_KEPT)
        users = distinct_users(matrix)
        return Preference.of(related, users, decay=decay, event_weights=self.event_weights)


def some_histories(interactions: Interactions) -> list[Seen]:
    """Return the histories of some users, the same ones for the same data."""
    starts = interactions.user_starts()
    users = np.flatnonzero(np.diff(starts) > 0)
    users = users[:: max(1, len(users) // EXAMPLES)][:EXAMPLES]
    return [
        seen(interactions.items[begin:end], interactions.event_types[begin:end])
        for begin, end in zip(starts[users].tolist(), starts[users + 1].tolist(), strict=True)
    ]


def _first_record(interactions: Interactions, prior: Float32Array) -> Float32Array:
    """Return the log of how many users began with each item; general popularity decides between equals."""
    users, items = interactions.users, interactions.items
    starts: Int64Array = interactions.user_starts()
    place = np.arange(len(users)) - starts[users]
    early = place < FIRST_ITEMS
    pairs = np.unique(users[early].astype(np.int64) * len(interactions.item_ids) + items[early])
    begun = np.bincount(pairs % len(interactions.item_ids), minlength=len(interactions.item_ids))
    record: Float32Array = np.log(begun + prior / prior.max(initial=1e-30) + 1e-3).astype(np.float32)
    return record
