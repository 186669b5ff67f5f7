"""The schedules: expressions that Scheduler takes, times to come, and parts of the file that are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from personalize_pipeline.params.candidates import candidates
from personalize_pipeline.params.checks.solutions import OWN_TRAININGS
from personalize_pipeline.params.places import listed, shown
from personalize_pipeline.params.schedules import Kind, entries_of
from personalize_rules.recipes import find_recipe
from personalize_rules.schedule_expressions import At, Expression, ExpressionInvalid, parse
from personalize_rules.schemas import Problem
from personalize_rules.spelling import closest
from personalize_rules.timezones import time_zone, zone_names

_BATCH_JOBS = ("batchInferenceJobs", "batchSegmentJobs")


def check(document: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    """Check every schedule, as of `now`."""
    for kind, number, entry in entries_of(document):
        place = f"schedules.{kind}[{number}]"
        yield from _clock(entry, place, now)
        if kind == "import":
            yield from _datasets(document, entry, place)
        else:
            yield from _solutions(document, kind, entry, place)


def moment(text: str) -> datetime | None:
    """A time as written in the file, in UTC if it has no offset; None if it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _clock(entry: Mapping[str, Any], place: str, now: datetime) -> Iterator[Problem]:
    """Check when it fires: what is given, and whether that is a time to come."""
    times: dict[str, datetime] = {}
    for key in ("startDate", "endDate"):
        if (text := entry.get(key)) is None:
            continue
        if time := moment(text):
            times[key] = time
        else:
            advice = 'Write "2030-01-31T03:00:00Z".'
            yield Problem(f"{place}.{key}", f"{shown(text)} is no date and time.", advice)
    name = entry.get("timezone", "UTC")
    zone = time_zone(name)
    if zone is None:
        meant = closest(name, sorted(zone_names()))
        advice = f"Did you mean '{meant}'?" if meant else 'Write an IANA name: "Europe/Berlin".'
        yield Problem(f"{place}.timezone", f"{shown(name)} is no time zone.", advice)
    try:
        expression = parse(entry["expression"]) if "expression" in entry else None
    except ExpressionInvalid as error:
        yield Problem(f"{place}.expression", f"{shown(entry['expression'])}: {error}", error.advice)
    else:
        clock = _Clock(expression, zone, times.get("startDate"), times.get("endDate"))
        yield from _times(entry, place, clock, now)


@dataclass(frozen=True, slots=True)
class _Clock:
    """What of an entry could be read."""

    expression: Expression | None
    zone: ZoneInfo | None
    start: datetime | None
    end: datetime | None


def _times(entry: Mapping[str, Any], place: str, clock: _Clock, now: datetime) -> Iterator[Problem]:
    start, end = clock.start, clock.end
    if start and end and end <= start:
        yield Problem(f"{place}.endDate", "it is not later than startDate.", "Change one of the two.")
    elif end and end <= now:
        yield Problem(f"{place}.endDate", f"{shown(entry['endDate'])} is over.", "Remove the schedule.")
    elif isinstance(clock.expression, At) and (start or end):
        message = "at(...) is one time, so startDate and endDate mean nothing."
        yield Problem(f"{place}.{'startDate' if start else 'endDate'}", message, "Remove them.")
    elif clock.expression and clock.zone:
        following = clock.expression.after(now, clock.zone, start)
        if following is None:
            message = f"{shown(entry['expression'])} is over: it never fires."
            yield Problem(f"{place}.expression", message, "Change it, or remove the schedule.")
        elif end and following > end:
            yield Problem(f"{place}.endDate", "it does not fire until then.", "Change one of the two.")


def _datasets(document: Mapping[str, Any], entry: Mapping[str, Any], place: str) -> Iterator[Problem]:
    there = list(document.get("datasets", {}))
    if not there:
        yield Problem(place, "there is no dataset to import into.", "Add 'datasets', or remove the schedule.")
    for number, name in enumerate(entry.get("datasets") or []):
        if name is not None and name not in there:
            yield _unknown(f"{place}.datasets[{number}]", "a dataset of this file", name, there)


def _solutions(
    document: Mapping[str, Any], kind: Kind, entry: Mapping[str, Any], place: str
) -> Iterator[Problem]:
    there = {one["name"]: one for one in document.get("solutions", []) if one is not None and "name" in one}
    asked = entry.get("solutions")
    if not there:
        yield Problem(place, "there is no solution.", "Add 'solutions', or remove the schedule.")
        return
    for number, name in enumerate(asked or []):
        if name is not None and name not in there:
            yield _unknown(f"{place}.solutions[{number}]", "a solution of this file", name, list(there))
    chosen = {name: one for name, one in there.items() if not asked or name in asked}
    if kind == "batch":
        without = [name for name, one in chosen.items() if not any(one.get(key) for key in _BATCH_JOBS)]
        if without and (asked or len(without) == len(chosen)):
            message = f"{listed(without)} {'has' if len(without) == 1 else 'have'} no batch jobs."
            advice = "Add batchInferenceJobs or batchSegmentJobs to the solution, or remove the schedule."
            yield Problem(place, message, advice)
    elif entry.get("trainingMode") == "AUTOTRAIN":
        yield Problem(f"{place}.trainingMode", OWN_TRAININGS, "Use FULL, or UPDATE where the recipe has it.")
    elif entry.get("trainingMode") == "UPDATE":
        for name, solution in chosen.items():
            yield from _updatable(name, solution, place)


def _updatable(name: str, solution: Mapping[str, Any], place: str) -> Iterator[Problem]:
    recipes = [find_recipe(made.get("recipeArn", "")) for made in candidates(solution).solutions]
    for recipe in dict.fromkeys(filter(None, recipes)):
        if not recipe.update_training:
            message = (
                f"{name}: {recipe.name} cannot be trained with UPDATE; only aws-user-personalization can."
            )
            advice = "Use FULL, or name the solutions that can in 'solutions'."
            yield Problem(f"{place}.trainingMode", message, advice)


def _unknown(place: str, what: str, name: str, there: list[str]) -> Problem:
    meant = closest(name, there)
    known = f"There: {', '.join(there)}." if there else ""
    return Problem(place, f"{shown(name)} is not {what}.", f"Did you mean '{meant}'?" if meant else known)
