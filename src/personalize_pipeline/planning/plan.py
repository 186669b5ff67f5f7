"""The plan of a run for people: what would be done, what it costs, and which quotas are in the way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personalize_pipeline.context import Message, Run
from personalize_pipeline.costs.estimate import Cost, Look, estimate
from personalize_pipeline.costs.prices import price_list
from personalize_pipeline.planning.foresee import Action, Foreseen, foresee, make_resource
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.resources.resource import Resource

# Of these actions, what an estimate says is due once is due.
_PAID: frozenset[Action] = frozenset({"create", "import", "train", "retrain", "replace"})


class Entry(Foreseen):
    """One resource, with what this run pays for it, and what it costs as long as it exists."""

    cost: Cost | None = None


class Planned(Message):
    """Everything that a run would do, in its order."""

    entries: tuple[Entry, ...]
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

    def of(self, resource: str, name: str) -> Entry | None:
        """The entry about one resource."""
        return next((one for one in self.entries if (one.resource, one.name) == (resource, name)), None)


def make_plan(
    plan: Mapping[str, Any],
    run: Run,
    look: Look,
    make: Callable[..., Resource] = make_resource,
    looking: Looking | None = None,
) -> Planned:
    """Find out what a run with this plan (`params.plan`) would do now. `look` measures data, for the costs."""
    looking = looking or Looking()
    region = run.execution.split(":")[3]
    seen = foresee(plan, run, looking, make)
    costs = estimate(plan, region, price_list(), look)
    entries = [_entry(one.foreseen, costs.of(one.foreseen.resource, one.foreseen.name)) for one in seen]
    return Planned(
        entries=tuple(entries),
        once=_sum([entry.cost.once for entry in entries if entry.cost]),
        daily=costs.daily,
        monthly=costs.monthly,
    )


def _entry(foreseen: Foreseen, cost: Cost | None) -> Entry:
    if cost and cost.hourly is None and foreseen.action not in _PAID:
        cost = None  # it was paid for by an earlier run
    return Entry(**foreseen.model_dump(), cost=cost)


def _sum(amounts: Sequence[float | None]) -> float:
    return sum(amount or 0 for amount in amounts)
