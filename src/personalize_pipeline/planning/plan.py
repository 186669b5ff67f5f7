"""The plan of a run for people: what would be done, what it costs, and which quotas are in the way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personalize_pipeline.context import Run
from personalize_pipeline.costs.cost import Cost
from personalize_pipeline.costs.estimate import Estimate, Look, campaign_cost, estimate
from personalize_pipeline.costs.prices import HOURS_OF_A_DAY, price_list
from personalize_pipeline.planning.beside import beside
from personalize_pipeline.planning.entries import Action, Entry, Planned
from personalize_pipeline.planning.foresee import NEW_VERSION, foresee
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.planning.quotas import hit
from personalize_pipeline.planning.walk import Seen, make_resource
from personalize_pipeline.resources.resource import Resource, tail
from personalize_pipeline.resources.solution_version import solution_of

# Of these actions, what an estimate says is due once is due.
_PAID: frozenset[Action] = frozenset({"create", "import", "train", "retrain", "replace", "start"})


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
    entries = [_entry(one, _cost(one, costs, plan)) for one in seen]
    name = plan["datasetGroup"]["name"]
    is_new = any(one.resource == "DatasetGroup" and one.action == "create" for one in entries)
    group = "" if is_new else run.arn(f"dataset-group/{name}")
    # What a schedule starts has only a part of the file.
    others = (
        beside(looking.personalize, plan, group, region, price_list()) if group and not run.scheduled else ()
    )
    limits = hit(looking.personalize, entries, group, raised or {})
    return Planned(
        entries=tuple(entries),
        beside=tuple(others),
        quotas=limits.stops,
        waits=limits.turns,
        once=_sum([entry.cost.once for entry in entries if entry.cost]),
        daily=_sum([entry.cost.hourly for entry in entries if entry.cost]) * HOURS_OF_A_DAY,
        monthly=_sum([entry.cost.monthly for entry in entries if entry.cost]),
    )


def _cost(one: Seen, costs: Estimate, plan: Mapping[str, Any]) -> Cost | None:
    """As estimated; of a campaign that is there, with what the params file leaves as it is."""
    cost = costs.of(one.foreseen.resource, one.foreseen.name)
    if cost is None or one.foreseen.resource != "Campaign":
        return cost
    tps = one.want.get("minProvisionedTPS") or one.shown.get("minProvisionedTPS", 1)
    version = one.want.get("solutionVersionArn") or one.context.solution_version_arn or ""
    served = tail(solution_of(version)).partition("/")[2]
    for solution in plan["solutions"]:
        recipes = {
            candidate["solution"]["name"]: candidate["solution"].get("recipeArn", "")
            for candidate in solution["candidates"]
        }
        if served in recipes:
            possible = list(recipes.values()) if version.endswith(NEW_VERSION) else [recipes[served]]
            now = campaign_cost(cost.name, possible, tps, costs.region, costs.prices)
            return now.model_copy(update={"notes": cost.notes})
    return cost


def _entry(one: Seen, cost: Cost | None) -> Entry:
    foreseen = one.foreseen
    if foreseen.action == "withhold" or (foreseen.action == "skip" and not one.shown):
        cost = None
    if cost and cost.hourly is None and foreseen.action not in _PAID:
        cost = None  # it was paid for by an earlier run
    return Entry(**foreseen.model_dump(), cost=cost)


def _sum(amounts: Sequence[float | None]) -> float:
    return sum(amount or 0 for amount in amounts)
