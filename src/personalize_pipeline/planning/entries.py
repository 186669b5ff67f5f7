"""What a plan consists of."""

from typing import Any, Literal

from personalize_pipeline.context import Message
from personalize_pipeline.costs.cost import Cost

Action = Literal[
    "create",
    "update",
    "replace",
    "import",
    "train",
    "retrain",
    "start",
    "stop",
    "delete",
    "wait",
    "withhold",
    "keep",
    "fail",
    "skip",
]


class Foreseen(Message):
    """What the run would do with one resource; `why` may have several lines."""

    resource: str
    name: str
    action: Action
    why: str = ""
    calls: tuple[str, ...] = ()
    """The operations that would be called at first."""

    @property
    def changes(self) -> bool:
        """Whether anything would be made, changed or deleted."""
        return self.action not in ("keep", "fail", "wait", "withhold", "skip")


class Entry(Foreseen):
    """One resource, with what this run pays for it, and what it costs as long as it exists."""

    cost: Cost | None = None


class Beside(Message):
    """What costs and is not in the params file; `remove` is the command that deletes it."""

    resource: str
    name: str
    cost: Cost
    remove: str


class Planned(Message):
    """Everything that a run would do, in its order."""

    entries: tuple[Entry, ...] = ()
    beside: tuple[Beside, ...] = ()
    """What else of the dataset group goes on costing. The run leaves it as it is: it is no change."""
    missing: str = ""
    """Why there is no plan, if it could not be made."""
    once: float = 0
    daily: float = 0
    monthly: float = 0
    quotas: tuple[str, ...] = ()
    """Limits of the account that the run would hit: each makes it impossible."""
    waits: tuple[str, ...] = ()
    """Limits of the account for which the run would wait."""

    @property
    def changes(self) -> list[Entry]:
        """Everything that is not as wanted."""
        return [entry for entry in self.entries if entry.changes]

    @property
    def failures(self) -> list[Entry]:
        """What cannot be brought about."""
        return [entry for entry in self.entries if entry.action == "fail"]

    @property
    def skipped(self) -> list[Entry]:
        """What is not begun, because something that it needs cannot be brought about."""
        return [entry for entry in self.entries if entry.action == "skip"]

    def output(self) -> dict[str, Any]:
        """The JSON form, without what is empty: it goes from state to state."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)

    def of(self, resource: str, name: str) -> Entry | None:
        """The entry about one resource."""
        return next((one for one in self.entries if (one.resource, one.name) == (resource, name)), None)
