"""Schedules: which started this run, and when the next runs start by themselves."""

import json
from typing import Any

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.text import section, table


def started_by(ending: Ending) -> str:
    """That a schedule started the run, and what it is about; of other runs nothing."""
    scheduled = ending.run.scheduled
    if not scheduled:
        return ""
    told = _told({key: value for key, value in scheduled.items() if key not in _NAMES})
    name = scheduled.get("schedule")
    who = f"It was started by the schedule {name}" if name else "It was started as a scheduled run"
    return f"{who}: {scheduled.get('kind')}{told}."


def schedules(ending: Ending) -> str:
    """All schedules of the params file, and what became of them."""
    rows = [_row(one) for item in ending.of("Schedules") for one in item.details.get("schedules", [])]
    if not rows:
        return ""
    return section("When it runs by itself", table([("", "what", "when", "next", "schedule"), *rows]))


_NAMES = frozenset({"kind", "schedule", "datasetGroup"})


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    if one.get("did") == "deleted":
        return ("deleted", "", "", "", one["name"])
    following = one.get("next") or ("disabled" if one.get("state") == "DISABLED" else "-")
    return (
        one["did"],
        one["kind"] + _told(one.get("options", {})),
        f"{one['expression']} {one['timezone']}",
        following,
        one["name"],
    )


def _told(options: dict[str, Any]) -> str:
    """What it is to do beside its kind: ` (solutions: a, b; trainingMode: FULL)`."""
    words = [
        f"{key}: {', '.join(map(str, value)) if isinstance(value, list | tuple) else _plain(value)}"
        for key, value in options.items()
    ]
    return f" ({'; '.join(words)})" if words else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
