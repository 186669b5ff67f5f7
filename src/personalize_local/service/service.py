"""One object with all operations of the three APIs, put together from one part per resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.service.clock import Clock, SystemClock
from personalize_local.service.dataset_groups import DatasetGroups
from personalize_local.service.datasets import Datasets
from personalize_local.service.faults import Faults
from personalize_local.service.lifecycle import Lifecycle
from personalize_local.service.resource import Context, Resource
from personalize_local.service.schemas import Schemas
from personalize_local.service.store import Store
from personalize_local.service.tags import TagOperations
from personalize_local.service.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.service.settings import Settings


class Service:
    """Amazon Personalize on one machine, without the wire.

    Operations are attributes: `service.describe_filter(filterArn=...)`, named as boto3 names them, with the
    arguments of the API, answering plain dicts. What is not supported is not there (AttributeError).
    Thread-safe. Raises `ServiceError`s.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.faults = Faults()
        self.context = Context(
            settings=settings,
            store=Store(settings.data_dir / "state.db"),
            clock=self.clock,
            lifecycle=Lifecycle(self.clock),
            workers=Workers(settings),
            faults=self.faults,
        )
        parts = [
            Schemas(self.context),
            DatasetGroups(self.context),
            Datasets(self.context),
            TagOperations(self.context),
        ]
        self._resources = [part for part in parts if isinstance(part, Resource)]
        self.operations: dict[str, Callable[..., dict[str, Any]]] = {
            name: getattr(part, name)
            for part in parts
            for name in dir(type(part))
            if getattr(getattr(type(part), name), "is_operation", False)
        }

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        """The operation `name`."""
        try:
            return self.__dict__["operations"][name]
        except KeyError:
            raise AttributeError(f"Personalize Local has no operation {name}") from None

    def start(self) -> None:
        """Begin to work, with everything that was moving when the last process ended."""
        for resource in self._resources:
            resource.resume()
        self.context.lifecycle.start()

    def stop(self) -> None:
        """End all processes and close the store. Work in progress goes on at the next start."""
        self.context.lifecycle.stop()
        self.context.workers.stop()
        self.context.store.close()
