"""What trainings, searches and metrics ask of a trainer and of what it fits, whichever the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from personalize_local.engine.arrays import Int64Array
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.interactions import Interactions
    from personalize_local.engine.models.inner_split import InnerSplit


class Learnt(Protocol):
    """What a trainer learnt on the inner users."""

    @property
    def quality(self) -> float:
        """How well it did there; larger is better."""
        ...


class Fit(Protocol):
    """A fitted model without its users."""

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return item numbers, the best first, as the metrics ask for them."""
        ...


class Trainer(Protocol):
    """Two steps: learn settings on inner users, then fit with them, once per use of the data."""

    def learn(self, inner: InnerSplit) -> Any: ...
    def fit(self, interactions: Interactions, learnt: Any) -> Any: ...
