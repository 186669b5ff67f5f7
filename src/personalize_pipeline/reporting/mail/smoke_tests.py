"""What campaigns and recommenders answered when they were tried."""

from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.text import bullet, section, table


def smoke_tests(ending: Ending) -> str:
    """A table of requests and answers for each, and what could not be tried."""
    lines: list[str] = []
    for item in ending.of("SmokeTest"):
        lines += [item.name, *(f"  {line}" for line in _lines(item)), ""]
    return section("Smoke test: what they answer", lines)


def _lines(item: Outcome) -> list[str]:
    answers = item.details.get("answers", [])
    filtered = any(answer.get("filter") for answer in answers)
    rows = [
        (
            answer.get("asked", ""),
            *((answer.get("filter", ""),) if filtered else ()),
            _answered(answer),
            f"{answer.get('milliseconds', 0)} ms",
        )
        for answer in answers
    ]
    header = ("asked", *(("filter",) if filtered else ()), "answered", "took")
    tried = table([header, *rows]) if rows else []
    return [*tried, *(bullet(f"not tried: {reason}") for reason in item.details.get("skipped", []))]


def _answered(answer: dict[str, object]) -> str:
    if error := answer.get("error"):
        return str(error)
    first, count = answer.get("first", []), answer.get("count", 0)
    if not isinstance(first, list) or not first:
        return "nothing"
    more = f", ... ({count})" if isinstance(count, int) and count > len(first) else ""
    return ", ".join(map(str, first)) + more
