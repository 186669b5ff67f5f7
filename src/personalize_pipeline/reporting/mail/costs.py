"""What the run cost, and what goes on costing."""

from collections.abc import Iterator

from personalize_pipeline.costs.cost import Cost, money
from personalize_pipeline.costs.estimate import campaign_cost, import_cost, training_price
from personalize_pipeline.costs.prices import HOURS_OF_A_DAY, price_list
from personalize_pipeline.reporting.mail.cost_lines import cost_lines, source_lines, unknown_lines
from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.live import recipe_of
from personalize_pipeline.reporting.mail.text import amount, section

_PAID = ("prepared", "created", "imported", "trained")


def costs(ending: Ending) -> str:
    """Of everything that is there now: what was paid for it in this run, and what it costs every day."""
    found = [cost for item in ending.worked if (cost := _cost(ending, item))]
    return section("What it costs on AWS", _lines(ending, found)) if found else ""


def _cost(ending: Ending, item: Outcome) -> Cost | None:
    """The cost as it was foreseen; of what shows only afterwards, as it was."""
    entry = ending.foreseen.of(item.resource, item.name)
    cost = entry.cost if entry else None
    if cost is None or (cost.hourly is None and item.did not in _PAID):
        return None
    recipe, tps = recipe_of(ending, item), item.details.get("minProvisionedTPS")
    if item.resource == "Campaign" and recipe and tps:
        now = campaign_cost(item.name, [recipe], tps, _region(ending), price_list())
        return now.model_copy(update={"notes": cost.notes})
    if item.resource == "DatasetImport" and cost.unknown and "bytes" in item.details:  # a Glue job made them
        return import_cost(
            item.name, item.details["files"], item.details["bytes"], _region(ending), price_list()
        )
    hours = item.details.get("trainingHours")
    if item.resource == "SolutionVersion" and hours is not None and cost.once is None:
        what = training_price(item.details.get("recipeArn") or "")
        price = price_list().price(_region(ending), what)
        if price and what == "training":
            update = {"quantity": f"{amount(hours)} training hours", "once": price.of(hours), "unknown": ""}
            return cost.model_copy(update=update)
    return cost


def _lines(ending: Ending, found: list[Cost]) -> Iterator[str]:
    once = [cost for cost in found if cost.once is not None]
    running = [cost for cost in found if cost.hourly is not None]
    yield from cost_lines("This run", once)
    yield from cost_lines("As long as it exists, used or not", running)
    yield from unknown_lines([cost for cost in found if cost.unknown])
    beside = ", and what is not known" if any(cost.unknown for cost in found) else ""
    yield f"Together {money(sum(cost.once or 0 for cost in once))}{beside}{';' if running else '.'}"
    daily = money(sum(cost.hourly or 0 for cost in running) * HOURS_OF_A_DAY)
    if running:
        yield f"then {daily} a day ({money(sum(cost.monthly or 0 for cost in running))} a month)."
    if ending.foreseen.beside:
        yield "Not counted: what is not in the file (see the plan)."
    yield from source_lines(_region(ending), price_list())


def _region(ending: Ending) -> str:
    return ending.run.execution.split(":")[3]
