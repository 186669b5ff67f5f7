"""Next-best-action: how likely a user is to take each action within the optimization period.

The log odds are a sum: what the action is worth to everybody, to each segment of users (columns of the Users
dataset), to a taste (what the user does with items), and what the user's own past says. Terms of segment by
action are drawn to zero, so that what few users show counts little.

Actions that nobody was shown in the training are explored: they get the last places of a list, with score 0.
Where there is too little data for any propensity, all actions have score 0 and an order that differs from
user to user, so that all of them are tried.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.action_data import Actions
from personalize_local.engine.answers import Scored
from personalize_local.engine.model_folder import read_sized
from personalize_local.engine.models.action_examples import (
    HISTORY_FEATURES,
    history_features,
    is_taken,
    taken_types,
)
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.preference import best

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.answers import Event, Exploration
    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Float64Array,
        Int32Array,
        Int64Array,
    )
    from personalize_local.engine.histories import Histories
    from personalize_local.engine.models.base import Arrays

DAY = 86400
EXPLORED_SHARE = 0.2
"""Places of a list that new actions get, if there are any: the last one of the usual five."""
EQUAL_DIGITS = 3
"""Propensities that agree in so many decimals are equal."""


@dataclass(frozen=True, slots=True)
class ActionFit:
    """What was learnt. With `taught` False there was too little, and nothing else counts.

    Attributes:
        taught: whether scores mean anything.
        rate: share of events that are TAKEN.
        base: log odds of each action, shape (actions,).
        segments: what a segment adds, shape (segments, actions).
        tastes: what a unit of each dimension of taste adds, shape (dimensions, actions).
        history: weights of `history_features`.
        shown: whether anybody met the action in the training.

    """

    taught: bool
    rate: float
    base: Float32Array
    segments: Float32Array
    tastes: Float32Array
    history: Float32Array
    shown: BoolArray

    def log_odds(
        self, segments: Int32Array, taste: Float32Array, taken: Int64Array, others: Int64Array
    ) -> Float64Array:
        """Return the log odds of each action for one user.

        Args:
            segments: his, -1 for none.
            taste: shape (dimensions,).
            taken: how often he took each action.
            others: how often he saw or refused it.

        """
        values = self.base + self.segments[segments[segments >= 0]].sum(axis=0) + taste @ self.tastes
        totals = np.broadcast_to(taken.sum(), taken.shape), np.broadcast_to(others.sum(), others.shape)
        past = history_features(taken, others, *totals, self.rate)
        result: Float64Array = values.astype(np.float64) + past @ self.history
        return result


@dataclass(frozen=True, slots=True)
class People:
    """Who the users are, one row per user: numbers of segments (-1 for none), and taste."""

    segments: Int32Array
    tastes: Float32Array


class ActionModel(TrainedModel):
    """Recommends actions; `item_ids` are those of the actions, histories and live events are of actions too.

    `now` gives the time that expiry and repetition are judged by; whoever keeps another time may replace it.
    """

    def __init__(
        self, recipe: str, histories: Histories, fit: ActionFit, actions: Actions, people: People
    ) -> None:
        super().__init__(recipe, histories)
        self.fit = fit
        self.actions = actions
        self.people = people
        self.now: Callable[[], float] = time.time
        self._taken_types = taken_types(histories.event_type_names)

    def recommend(
        self,
        user_id: str | None,
        live: Sequence[Event] = (),
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        context: Mapping[str, str] | None = None,  # noqa: ARG002
        exploration: Exploration | None = None,  # noqa: ARG002  # the recipe has its own
    ) -> Scored:
        """Return the actions that the user will most likely take, with their propensities from 0 to 1.

        Expired actions, and those that the user met less than their REPEAT_FREQUENCY of days ago, are never
        given. What he did since the training, `live`, counts in this very answer.
        """
        taken, others, newest = self._past(user_id, live)
        now = self.now()
        again = (self.actions.repeat == 0) | (newest + self.actions.repeat * DAY <= now)
        open_ = (self.actions.expiry > now) & again
        if allowed is not None:
            open_ &= allowed
        shuffled = self._shuffled(user_id, int(taken.sum() + others.sum()))
        if not self.fit.taught:
            top = best(shuffled, count, open_)
            return self._answer(top, np.zeros(len(top)))
        propensity = 1 / (1 + np.exp(-self.log_odds(user_id, taken, others)))
        # Between equally likely actions the more valuable one is first; VALUE is 10 at most.
        order = np.round(propensity, EQUAL_DIGITS) + 10.0 ** -(EQUAL_DIGITS + 2) * self.actions.value
        fresh = best(shuffled, count, open_ & ~self.fit.shown)
        known = best(order, count, open_ & self.fit.shown)
        places = max(min(len(fresh), round(count * EXPLORED_SHARE)), count - len(known))
        known = known[: count - min(places, len(fresh))]
        top = np.concatenate((known, fresh))[:count]
        scores = np.concatenate((propensity[known], np.zeros(len(fresh))))[:count]
        return self._answer(top, scores)

    def log_odds(self, user_id: str | None, taken: Int64Array, others: Int64Array) -> Float64Array:
        """Return the log odds of each action; of an unknown user nothing but his events is known."""
        user = None if user_id is None else self.histories.user_ids.position(user_id)
        if user is None:
            nobody = np.full(self.people.segments.shape[1], -1, np.int32)
            return self.fit.log_odds(nobody, np.zeros(self.people.tastes.shape[1], np.float32), taken, others)
        return self.fit.log_odds(self.people.segments[user], self.people.tastes[user], taken, others)

    def _past(self, user_id: str | None, live: Sequence[Event]) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return how often the user took each action, how often he met it without, and when last."""
        size = len(self.item_ids)
        taken, others = np.zeros(size, np.int64), np.zeros(size, np.int64)
        newest = np.full(size, np.iinfo(np.int64).min // 2)
        user = None if user_id is None else self.histories.user_ids.position(user_id)
        if user is not None:
            rows = self.histories.rows_of(user)
            actions = self.histories.items[rows]
            took = self._taken_types[self.histories.event_types[rows]]
            np.add.at(taken, actions[took], 1)
            np.add.at(others, actions[~took], 1)
            np.maximum.at(newest, actions, self.histories.timestamps[rows])
        for event in live:
            number = None if event.item_id is None else self.item_ids.position(event.item_id)
            if number is not None:
                (taken if is_taken(event.event_type) else others)[number] += 1
                newest[number] = max(int(newest[number]), event.timestamp)
        return taken, others, newest

    def _shuffled(self, user_id: str | None, events: int) -> Float32Array:
        """Return an order of the actions that stays until the user's next event."""
        digest = blake2b(f"{user_id}\n{events}".encode(), digest_size=8).digest()
        return np.random.default_rng(int.from_bytes(digest)).random(len(self.item_ids), np.float32)

    def _answer(self, top: Int64Array, scores: Float64Array) -> Scored:
        return Scored(self.item_ids.texts(top), top.astype(np.int32), scores)

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        fit = self.fit
        return (
            {
                "taught": fit.taught,
                "rate": fit.rate,
                "segments": fit.segments.shape[0],
                "tastes": fit.tastes.shape[0],
                "columns": self.people.segments.shape[1],
            },
            {
                "base": fit.base,
                "segment_weights": fit.segments,
                "taste_weights": fit.tastes,
                "history_weights": fit.history,
                "shown": fit.shown,
                "expiry": self.actions.expiry,
                "repeat": self.actions.repeat,
                "value": self.actions.value,
                "user_segments": self.people.segments,
                "user_tastes": self.people.tastes,
            },
        )

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> ActionModel:
        """Open the files that `parts` named."""
        users, size = len(histories.user_ids), len(histories.item_ids)
        columns, dimensions = description["columns"], description["tastes"]
        fit = ActionFit(
            taught=description["taught"],
            rate=description["rate"],
            base=read_sized(folder, "base", size),
            segments=read_sized(folder, "segment_weights", description["segments"], size),
            tastes=read_sized(folder, "taste_weights", dimensions, size),
            history=read_sized(folder, "history_weights", HISTORY_FEATURES),
            shown=read_sized(folder, "shown", size),
        )
        actions = Actions(
            histories.item_ids,
            read_sized(folder, "expiry", size),
            read_sized(folder, "repeat", size),
            read_sized(folder, "value", size),
        )
        people = People(
            read_sized(folder, "user_segments", users, columns),
            read_sized(folder, "user_tastes", users, dimensions),
        )
        return cls(description["recipe"], histories, fit, actions, people)
