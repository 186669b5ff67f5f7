"""Recommendations for many users, as a batch inference job asks for them: the answers are the online ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from personalize_local.engine.answers import Event, Exploration, Model, Scored
    from personalize_local.engine.arrays import BoolArray


@dataclass(frozen=True, slots=True)
class Query:
    """One line of a batch: the arguments of `Model.recommend` that differ from user to user."""

    user_id: str | None
    live: Sequence[Event] = ()
    allowed: BoolArray | None = None


def recommend_many(
    model: Model, queries: Sequence[Query], *, count: int, exploration: Exploration | None = None
) -> Iterator[Scored]:
    """Give one answer per query, in their order: what `model.recommend` gives.

    Args:
        model: one that recommends to users.
        queries: as many as there are; answers are made as they are taken, nothing is kept.
        count: at most so many items per answer.
        exploration: as in `Model.recommend`.

    Raises:
        RequestNotSupported: the model does not recommend to users.

    """
    for query in queries:
        yield model.recommend(
            query.user_id, query.live, allowed=query.allowed, count=count, exploration=exploration
        )
