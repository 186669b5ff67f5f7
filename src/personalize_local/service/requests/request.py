"""A request on its way: for whom, and what is known of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from personalize_local.engine.answers import RequestNotSupported
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.properties import column_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from personalize_local.engine.answers import Event, Scored
    from personalize_local.engine.arrays import BoolArray
    from personalize_local.engine.events import UserEvents
    from personalize_local.service.deployment import Deployment
    from personalize_local.service.live_events import LiveEvent
    from personalize_local.service.requests.sources import Source


@dataclass(slots=True)
class Request:
    """One request.

    Attributes:
        source: the campaign or recommender that is asked.
        deployment: its model and data.
        named: whether the request has a userId.
        user: whose history counts; None for nobody, also for a user whose data was deleted.
        item: that related items are asked for.
        live: his events that came by PutEvents, oldest first.
        context: by the names of the columns; empty where the recipe does not use it.

    """

    source: Source
    deployment: Deployment
    named: bool
    user: str | None
    item: str | None
    live: tuple[LiveEvent, ...]
    context: Mapping[str, str]
    _events: UserEvents | None = field(default=None, init=False)

    def untrained(self) -> Sequence[Event]:
        """The events that the model does not know yet, oldest first."""
        last = self.deployment.last_event
        return [live.event for live in self.live if live.number > last or live.anonymous]

    def events(self) -> UserEvents:
        """The last events of the user, bulk and live, as filters see them."""
        if self._events is None:
            self._events = self.deployment.events.of(self.user, [live.event for live in self.live])
            if self.source.recipe.type == "PERSONALIZED_ACTIONS":
                from personalize_local.engine.filtering import action_event  # noqa: PLC0415

                self._events = self._events.renamed(action_event)
        return self._events


def best(request: Request, allowed: BoolArray | None, count: int) -> Scored:
    """The best items (or actions) that are allowed.

    Raises:
        InvalidInputException: the model does not answer this kind of request.
    """
    source, model = request.source, request.deployment.model
    with refusals():
        if source.recipe.type == "RELATED_ITEMS":
            assert request.item  # see arguments.require
            return model.similar(request.item, allowed=allowed, count=count, influence=source.influence)
        return model.recommend(
            request.user,
            request.untrained(),
            allowed=allowed,
            count=count,
            context=request.context,
            exploration=source.exploration,
        )


@contextmanager
def refusals() -> Iterator[None]:
    """What a model does not answer is a mistake of the request."""
    try:
        yield
    except RequestNotSupported as error:
        raise InvalidInputException(f"{error}.") from error


def read_context(source: Source, given: Mapping[str, str] | None) -> Mapping[str, str]:
    """The context by the names of columns: `deviceType` and `DEVICE_TYPE` are the same.

    Recipes that do not use it ignore it.
    """
    if not given or not source.recipe.context:
        return {}
    return {column_name(key): value for key, value in given.items()}
