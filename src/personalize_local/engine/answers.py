"""What goes into a model and comes out of it, for all recipes alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.engine.arrays import BoolArray, Float64Array, Int32Array
    from personalize_local.engine.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a user did, as PutEvents reports it.

    Attributes:
        item_id: None for events about no item (a login, a search); models skip them.
        event_type: as sent.
        timestamp: epoch seconds.
        event_value: a rating, a price; None if not sent.

    """

    item_id: str | None
    event_type: str
    timestamp: int
    event_value: float | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A list of items, the best first. All parts have one entry per item.

    Attributes:
        items: item ids.
        positions: their numbers in the model; -1 for items that the model does not know.
        scores: NaN where the service gives an item no score; None if the whole answer has none.
        reasons: "Popular item" and the like, None for an item without; None if the recipe gives no reasons.

    """

    items: list[str]
    positions: Int32Array
    scores: Float64Array | None = None
    reasons: list[str | None] | None = None


@dataclass(frozen=True, slots=True)
class Exploration:
    """`itemExplorationConfig` of a campaign or a batch job.

    Attributes:
        weight: 0 recommends only by relevance, 1 explores most.
        age_cut_off: days; items whose age (CREATION_TIMESTAMP, else the first interaction) is below are new.

    """

    weight: float = 0.3
    age_cut_off: float = 30.0


class RequestNotSupported(Exception):  # noqa: N818  # it says what happened
    """The recipe does not answer this kind of request; the text says which it answers."""


class Model(Protocol):
    """A trained model. Calls change nothing in it, so any number of threads may ask at once.

    Each recipe answers some of `recommend`, `rank` and `similar`; the others raise `RequestNotSupported`.
    """

    recipe: str
    item_ids: Vocabulary

    def position(self, item_id: str) -> int | None:
        """Return the number of an item, None if the model does not know it."""
        ...

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
        """Return the best items for a user; for one without known history, popular ones.

        Args:
            user_id: None or unknown means that only `live` is known.
            live: the user's events since training, oldest first; they count in this very answer.
            allowed: items that may be recommended, by number; None allows all.
            count: at most so many; fewer only if fewer are allowed.
            context: metadata of the situation; recipes that do not know it ignore it.
            exploration: None is the recipe's own; recipes that do not explore ignore it.

        """
        ...

    def rank(
        self,
        user_id: str | None,
        live: Sequence[Event] = (),
        items: Sequence[str] = (),
        *,
        context: Mapping[str, str] | None = None,
    ) -> Scored:
        """Return the given items in the order the user will like them; unknown ones last, without score."""
        ...

    def similar(
        self,
        item_id: str,
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        influence: Mapping[str, float] | None = None,
    ) -> Scored:
        """Return items related to one, never that one; for an item without relations, popular ones.

        Args:
            item_id: as in the datasets; one that the model does not know is related to nothing.
            allowed: as in `recommend`.
            count: at most so many.
            influence: `rankingInfluence` (POPULARITY, FRESHNESS); recipes that do not know it ignore it.

        """
        ...

    def history(self, user_id: str) -> list[Event]:
        """Return what the model knows of the user from training, oldest first; empty for an unknown user."""
        ...


class Segmenter(Protocol):
    """A model of user segmentation."""

    recipe: str
    item_ids: Vocabulary
    user_ids: Vocabulary

    def segment(
        self, items: Sequence[int], *, allowed: BoolArray | None = None, count: int = 25
    ) -> list[str]:
        """Return the users who are most likely to take to any of the items, the likeliest first.

        Args:
            items: numbers of items: the one of an item query, all those that carry the attributes of another.
            allowed: users that may be in the segment, by number; None allows all.
            count: at most so many.

        """
        ...
