"""A plan for a person: the command prints it, and the mail begins with it."""

from collections.abc import Iterator

from personalize_pipeline.costs.cost import money
from personalize_pipeline.planning.entries import Entry, Planned
from personalize_pipeline.reporting.mail.cost_lines import per_day
from personalize_pipeline.reporting.mail.ending import word_of
from personalize_pipeline.reporting.mail.text import table


def lines(planned: Planned) -> Iterator[str]:
    """What changes, with its reasons; then what stays; then what cannot be."""
    changes = planned.changes
    others = [one for one in planned.entries if one.action in ("wait", "withhold")]
    if changes or others:
        yield from _entries([*changes, *others])
    elif planned.failures:
        yield "Nothing to do, apart from what cannot be done: see below."
    else:
        yield "Nothing to do: everything is as the params file wants it."
    if kept := [one for one in planned.entries if one.action == "keep"]:
        yield f"{len(kept)} stay as they are." if len(kept) > 1 else "1 stays as it is."
    yield from _costs(planned)
    yield from _beside(planned)
    if planned.failures:
        yield "Cannot be done like this:"
        for one in planned.failures:
            yield from _indented(f"{word_of(one.resource)} {one.name}: {one.why}")
    if planned.skipped:
        names = ", ".join(f"{word_of(one.resource)} {one.name}" for one in planned.skipped)
        yield f"Not begun because of that: {names}."
    if planned.quotas:
        yield "Quotas of the account that are too small:"
        for quota in planned.quotas:
            yield from _indented(quota)
    for wait in planned.waits:
        yield f"Will take turns: {wait}"


def _entries(entries: list[Entry]) -> Iterator[str]:
    rows = [
        (one.action, word_of(one.resource), one.name, one.cost.text if one.cost else "") for one in entries
    ]
    for one, line in zip(entries, table(rows), strict=True):
        yield line
        reasons = [*one.why.splitlines(), *([one.cost.unknown] if one.cost and one.cost.unknown else [])]
        yield from (f"    {reason}" for reason in reasons)


def _costs(planned: Planned) -> Iterator[str]:
    costs = [one.cost for one in planned.entries if one.cost]
    if not costs:
        return
    beside = ", and what is not known" if any(cost.unknown for cost in costs) else ""
    running = (
        f"; then {money(planned.daily)} a day ({money(planned.monthly)} a month)" if planned.daily else ""
    )
    yield f"On AWS this run costs {money(planned.once)}{beside}{running}."


def _beside(planned: Planned) -> Iterator[str]:
    if planned.beside:
        yield "Also in this dataset group, and not in the file:"
    for one in planned.beside:
        price = f"cost unknown: {one.cost.unknown}" if one.cost.unknown else per_day(one.cost)
        yield f"- {word_of(one.resource)} {one.name}, {price}. To remove it:"
        yield f"    {one.remove}"


def _indented(text: str) -> Iterator[str]:
    first, *rest = text.splitlines()
    yield f"- {first}"
    yield from (f"  {line}" for line in rest)
