"""An estimate for a person: the command prints it, and the mail has it."""

from collections.abc import Iterator, Sequence

from personalize_pipeline.costs.cost import Cost, money
from personalize_pipeline.costs.estimate import Estimate
from personalize_pipeline.costs.prices import HOURS_OF_A_DAY, PriceList
from personalize_pipeline.reporting.mail.ending import word_of
from personalize_pipeline.reporting.mail.text import table


def lines(found: Estimate) -> Iterator[str]:
    """What is due once, what is due as long as it exists, the sums, and what is not known."""
    once = [cost for cost in found.costs if cost.once is not None]
    running = [cost for cost in found.costs if cost.hourly is not None]
    yield from cost_lines("Once", once)
    yield from cost_lines("As long as it exists, used or not", running)
    yield from unknown_lines(found.unknown)
    yield from sums(found)
    yield from source_lines(found.region, found.prices)


def cost_lines(title: str, costs: Sequence[Cost]) -> Iterator[str]:
    """A table of costs that are known."""
    if not costs:
        return
    yield f"{title}:"
    rows = []
    for cost in costs:
        amount = money(cost.once) if cost.once is not None else per_day(cost)
        rows.append((amount, f"{word_of(cost.resource)} {cost.name}", cost.quantity, cost.price))
    yield from (f"  {line}" for line in table(rows))
    for note in dict.fromkeys(note for cost in costs for note in cost.notes):
        yield f"  More than that: {note}."
    yield ""


def per_day(cost: Cost) -> str:
    """A running cost by the day and the month."""
    return f"{money((cost.hourly or 0) * HOURS_OF_A_DAY)} a day"


def unknown_lines(costs: Sequence[Cost]) -> Iterator[str]:
    """What cannot be told, and why."""
    if not costs:
        return
    yield "Not known:"
    for cost in costs:
        price = f"{cost.price}; " if cost.price else ""
        yield f"  {word_of(cost.resource)} {cost.name}: {price}{cost.unknown}"
    yield ""


def sums(found: Estimate) -> Iterator[str]:
    """The sums, which leave out what is not known."""
    if found.costs and len(found.unknown) == len(found.costs):
        yield "So nothing can be said about the sum."
        return
    beside = ", and what is not known" if found.unknown else ""
    end = ";" if found.daily else "."
    yield f"Together {money(found.once)} for one run in which everything is new{beside}{end}"
    daily, monthly = money(found.daily), money(found.monthly)
    if found.daily:
        yield f"then {daily} a day ({monthly} a month) until campaigns and recommenders are gone."


def source_lines(region: str, prices: PriceList) -> Iterator[str]:
    """Where the prices are from."""
    yield f"Prices of {region}, {prices.source.date:%Y-%m-%d}: {prices.source.how}."
    yield f"What counts is {prices.source.url}"
