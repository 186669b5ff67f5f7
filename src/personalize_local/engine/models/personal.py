"""User-personalization and personalized-ranking: what a user will want next, by his own history."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Exploration, Scored
from personalize_local.engine.models import calibration as odds
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.calibration import Calibration
from personalize_local.engine.models.fading import learn_decay
from personalize_local.engine.models.preference import Preference, best
from personalize_local.engine.models.relations import distinct_users, relations, user_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.answers import Event
    from personalize_local.engine.arrays import BoolArray, Float32Array, Float64Array, Int64Array
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.base import Arrays
    from personalize_local.engine.models.inner_split import InnerSplit

CONSIDERED = 500
"""Items that the scores of the v2 recipes are shares of; the service does not say how many it considers."""
FIRST_ITEMS = 5
"""Distinct items at the beginning of a history that count as first interactions."""
POPULAR_ITEM = "Popular item"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the inner users taught."""

    decay: float
    calibration: Calibration
    quality: float


@dataclass(frozen=True, slots=True)
class PersonalFit:
    """A fitted model without its users.

    Attributes:
        preference: relations between items, asked with a history.
        calibration: from scores to odds.
        cold: log odds of each item for a user without history.

    """

    preference: Preference
    calibration: Calibration
    cold: Float32Array

    def log_odds(self, history: Seen) -> Float32Array:
        """Return the log odds of every item being among the user's next ones."""
        if not len(history.items):
            return self.cold.copy()
        return self.calibration.log_odds(self.preference.scores(history), history)

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return the numbers of the best items, seen ones included, as the service measures."""
        return best(self.log_odds(history), count)


@dataclass(frozen=True, slots=True)
class PersonalTrainer:
    """How to train, in our own terms; `training.py` translates the recipe's hyperparameters.

    Attributes:
        kept: EASE weights kept per item.
        window: following items that count as a transition.
        recency: whether the past may fade.
        event_weights: by event type number, None for all alike.

    """

    kept: int
    window: int
    recency: bool
    event_weights: Float32Array | None = None

    def learn(self, inner: InnerSplit) -> Learnt:
        """Learn decay and odds on users that the relations have not seen."""
        preference = self._preference(inner.interactions, decay=0.0)
        decay, quality = learn_decay(preference, inner.cases, recency=self.recency)
        preference = replace(preference, decay=decay)
        calibration = odds.learn(
            [case.history for case in inner.cases],
            (preference.scores(case.history) for case in inner.cases),
            [case.truth for case in inner.cases],
            len(inner.interactions.event_type_names),
        )
        return Learnt(decay, calibration, quality)

    def recall(self, model: PersonalModel, event_type_names: Sequence[str]) -> Learnt:
        """Return what the training of a model had learnt, for data with these event types.

        Types that are new since then count as the model counts types that it never saw.
        """
        fit = model.fit
        places = {name.lower(): place for place, name in enumerate(model.histories.event_type_names, 1)}
        kept = [0, *(places.get(name.lower(), 0) for name in event_type_names)]
        calibration = replace(fit.calibration, repeat=fit.calibration.repeat[..., kept])
        return Learnt(fit.preference.decay, calibration, float("nan"))

    def fit(self, interactions: Interactions, learnt: Learnt) -> PersonalFit:
        """Fit the relations; the odds stay as learnt."""
        preference = self._preference(interactions, learnt.decay)
        return PersonalFit(preference, learnt.calibration, _first_record(interactions, preference.prior))

    def _preference(self, interactions: Interactions, decay: float) -> Preference:
        matrix = relations(interactions, self.event_weights, kept=self.kept, window=self.window)
        popularity = distinct_users(user_items(interactions))
        return Preference.of(matrix, popularity, decay=decay, event_weights=self.event_weights)


def _first_record(interactions: Interactions, prior: Float32Array) -> Float32Array:
    """Return the log of how many users began with each item; general popularity decides between equals."""
    users, items = interactions.users, interactions.items
    starts = interactions.user_starts()
    place = np.arange(len(users)) - starts[users]
    early = place < FIRST_ITEMS
    pairs = np.unique(users[early].astype(np.int64) * len(interactions.item_ids) + items[early])
    begun = np.bincount(pairs % len(interactions.item_ids), minlength=len(interactions.item_ids))
    record: Float32Array = np.log(begun + prior / prior.max(initial=1e-30) + 1e-3).astype(np.float32)
    return record


class PersonalModel(TrainedModel):
    """Holds nothing per user but the training rows, read where they are needed."""

    def __init__(self, recipe: str, histories: Histories, fit: PersonalFit) -> None:
        super().__init__(recipe, histories)
        self.fit = fit

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        preference, arrays = self.fit.preference.parts()
        calibration = asdict(self.fit.calibration)
        repeat = calibration.pop("repeat")
        description = {"preference": preference, "calibration": calibration}
        return description, {**arrays, "repeat": repeat, "cold": self.fit.cold}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> PersonalModel:
        """Open the files that `parts` named."""
        fit = PersonalFit(
            Preference.read(folder, description["preference"]),
            Calibration(repeat=files.read_array(folder, "repeat"), **description["calibration"]),
            files.read_array(folder, "cold"),
        )
        return cls(description["recipe"], histories, fit)

    def recommend(
        self,
        user_id: str | None,
        live: Sequence[Event] = (),
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        context: Mapping[str, str] | None = None,  # noqa: ARG002  # no context is learnt yet
        exploration: Exploration | None = None,  # noqa: ARG002
    ) -> Scored:
        history = self.histories.seen(user_id, live)
        values = self.fit.log_odds(history)
        top = best(values, count, allowed)
        cold = not len(history.items)
        # Popular items that stand in for a missing history carry no score.
        scores = np.full(len(top), np.nan) if cold else self._scores(values, top)
        reasons = [POPULAR_ITEM if cold else None] * len(top) if self.recipe.endswith("-v2") else None
        return Scored(self.item_ids.texts(top), top.astype(np.int32), scores, reasons)

    def _scores(self, values: Float32Array, top: Int64Array) -> Float64Array:
        """Return the softmax over the catalogue (v1) or over the considered items (v2)."""
        considered = values
        if self.recipe.endswith("-v2") and len(values) > CONSIDERED:
            considered = np.partition(values, len(values) - CONSIDERED)[-CONSIDERED:]
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
        context: Mapping[str, str] | None = None,  # noqa: ARG002  # no context is learnt yet
    ) -> Scored:
        values = self.fit.log_odds(self.histories.seen(user_id, live))
        distinct = list(dict.fromkeys(items))
        positions = [self.position(item) for item in distinct]
        known = [(one, item) for one, item in zip(positions, distinct, strict=True) if one is not None]
        unknown = [item for one, item in zip(positions, distinct, strict=True) if one is None]
        numbers = np.array([one for one, _ in known], np.int64)
        mine = values[numbers].astype(np.float64)
        order = np.argsort(-mine, kind="stable")  # ties keep the order of the request
        shares = np.exp(mine[order] - mine.max(initial=-np.inf))
        return Scored(
            [known[one][1] for one in order.tolist()] + unknown,
            np.concatenate((numbers[order], np.full(len(unknown), -1))).astype(np.int32),
            np.concatenate((shares / shares.sum(), np.full(len(unknown), np.nan))),
        )
