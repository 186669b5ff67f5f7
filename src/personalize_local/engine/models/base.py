"""What all trained models share: their identifiers, their users' rows, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from personalize_local.engine.answers import Exploration, RequestNotSupported, Scored
from personalize_local.engine.models.preference import best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from personalize_local.engine.answers import Event
    from personalize_local.engine.arrays import BoolArray, Float32Array
    from personalize_local.engine.histories import Histories
    from personalize_local.engine.vocabulary import Vocabulary

Arrays = dict[str, "NDArray[Any] | Vocabulary"]


class TrainedModel:
    """Base of the models behind `answers.Model`; refuses the requests that its recipe does not answer."""

    def __init__(self, recipe: str, histories: Histories) -> None:
        self.recipe = recipe
        self.histories = histories
        self.item_ids: Vocabulary = histories.item_ids

    def position(self, item_id: str) -> int | None:
        """Return the number of an item, None if the model does not know it."""
        return self.item_ids.position(item_id)

    def history(self, user_id: str) -> list[Event]:
        """Return what the model knows of the user from training, oldest first."""
        return self.histories.events(user_id)

    def recommend(
        self,
        user_id: str | None,  # noqa: ARG002
        live: Sequence[Event] = (),  # noqa: ARG002
        *,
        allowed: BoolArray | None = None,  # noqa: ARG002
        count: int = 25,  # noqa: ARG002
        context: Mapping[str, str] | None = None,  # noqa: ARG002
        exploration: Exploration | None = None,  # noqa: ARG002
    ) -> Scored:
        """Refuse; recipes for users override it."""
        self._refuse("recommendations for a user", "an item")

    def rank(
        self,
        user_id: str | None,  # noqa: ARG002
        live: Sequence[Event] = (),  # noqa: ARG002
        items: Sequence[str] = (),  # noqa: ARG002
        *,
        context: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Scored:
        """Refuse; ranking recipes override it."""
        self._refuse("the ranking of a list", "recommendations")

    def similar(
        self,
        item_id: str,  # noqa: ARG002
        *,
        allowed: BoolArray | None = None,  # noqa: ARG002
        count: int = 25,  # noqa: ARG002
        influence: Mapping[str, float] | None = None,  # noqa: ARG002
    ) -> Scored:
        """Refuse; recipes for items override it."""
        self._refuse("items related to an item", "recommendations for a user")

    def _refuse(self, wanted: str, instead: str) -> NoReturn:
        raise RequestNotSupported(f"{self.recipe} does not give {wanted}; ask it for {instead}")

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        raise NotImplementedError

    def _listed(self, values: Float32Array, count: int, allowed: BoolArray | None) -> Scored:
        top = best(values, count, allowed)
        return Scored(self.item_ids.texts(top), top.astype(np.int32))
