"""The plan of a run for people: what would be done, what it costs, and which quotas are in the way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personalize_pipeline.context import Run
from personalize_pipeline.costs.cost import Cost
from personalize_pipeline.costs.estimate import Look, estimate
from personalize_pipeline.costs.prices import price_list
from personalize_pipeline.planning.entries import Action, Entry, Foreseen, Planned
from personalize_pipeline.planning.foresee import foresee, make_resource
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.planning.quotas import hit
from personalize_pipeline.resources.resource import Resource

# Of these actions, what an estimate says is due once is due.
_PAID: frozenset[Action] = frozenset({"create", "import", "train", "retrain", "replace"})


def make_plan(
    plan: Mapping[str, Any],
    run: Run,
    look: Look,
    make: Callable[..., Resource] = make_resource,
    raised: Mapping[str, int] | None = None,
) -> Planned:
    """Find out what a run with this plan (`params.plan`) would do now.

    `look` measures data, for the costs; `raised` are quotas that are not the defaults.
    """
    looking = Looking()
    region = run.execution.split(":")[3]
    seen = foresee(plan, run, looking, make)
    costs = estimate(plan, region, price_list(), look)
    entries = [_entry(one.foreseen, costs.of(one.foreseen.resource, one.foreseen.name)) for one in seen]
    group = "" if entries[0].action == "create" else run.arn(f"dataset-group/{plan['datasetGroup']['name']}")
    limits = hit(looking.personalize, entries, group, raised or {})
    return Planned(
        entries=tuple(entries),
        quotas=limits.stops,
        waits=limits.turns,
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
