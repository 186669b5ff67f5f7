"""How long to wait between two looks at something that Personalize is building.

Two things are to be small: the time between the moment in which it is ready and the look that sees it, which
is half a wait on average, and the number of looks. So looks are spent where the end can be expected:

====================================  ===============================  ==========================
age                                   wait                             looks
====================================  ===============================  ==========================
before the earliest end               20 % of the age, 60 s at most    about 30 for a training
between the earliest and the latest   (latest - earliest) / 90         90
the same, of what is done again       (latest - earliest) / 60         60
later: the guess was wrong            2 % of the age                   35 until it takes twice as
                                                                       long
====================================  ===============================  ==========================

The earliest and the latest end are 75 and 125 % of what the same took the last time (an import of the
dataset, a training of the solution, an update of the campaign), else what its kind usually takes. What is
not in `USUAL_MINUTES` takes a minute or so and gets 5 % of its age. A guess that is wrong costs little: what
ends ten times as early was waited for with 20 % of its age.

Personalize answers about one call of the control plane per second and account. So `n` things that are built
at once share it: each may be looked at every `2 n` seconds, which is half a call per second; the other half
is for what begins and ends, and for other runs. Nothing is left to chance: each has a place of its own in
these `2 n` seconds, and they begin a few seconds after each other, see `first_wait`.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

USUAL_MINUTES: Final[Mapping[str, tuple[float, float]]] = {
    "DatasetImport": (5, 18),
    "SolutionVersion": (20, 60),
    "Campaign": (7, 12),
    "Recommender": (30, 75),
    "BatchInferenceJob": (15, 60),
    "BatchSegmentJob": (15, 60),
    "DataDeletionJob": (15, 60),
    "DatasetExportJob": (5, 20),
}
"""Earliest and latest usual end by state. The first three: recorded runs on MovieLens; else estimates."""

_AGAIN = (0.75, 1.25)  # of what it took the last time
_TOO_EARLY, _LATE, _SHORT = 0.2, 0.02, 0.05  # shares of the age
_LOOKS, _LOOKS_AGAIN = 90, 60  # between the earliest and the latest end

_SHORTEST = 2  # s; a look takes one itself
_SECONDS_EACH = 2  # of n things that are built at once: a look every 2 s
_FEW = 3  # things may begin a second after each other
# Those that begin together, the others come after one of them; and the seconds for the calls with which each
# begins and ends, and those of what comes after it.
_SECONDS_TO_BEGIN = {"Schema": 2, "Filter": 2, "Recommender": 4, "Solution": 14}

# Nobody misses a minute. Longer waits are for what takes more than 100 minutes: they are under 1 % of it, and
# an execution has 25,000 events at most, of which a look takes nine; a training may take sixty hours.
_LONGEST, _LONGEST_SHARE, _LONGEST_EVER = 60, 0.01, 300

# A run that waits for another one, and what is deleted: nobody counts the seconds.
_PATIENT_SHARE, _PATIENT_SHORTEST = 0.02, 10

_ALL = ""  # no name is empty
_USES = {
    "Campaign": "campaigns",
    "BatchInferenceJob": "batchInferenceJobs",
    "BatchSegmentJob": "batchSegmentJobs",
}
_MODELS = ("Solution", "SolutionVersion", *_USES, "Recommender")

_POLL_VARIABLE = "PERSONALIZE_PIPELINE_POLL_SECONDS"


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` things that a run builds at once, the `place`th."""

    of: int = 1
    place: int = 0

    @property
    def many(self) -> bool:
        """Whether they are too many to begin at the same moment."""
        return self.of > _FEW


def wait_seconds(building: timedelta) -> int:
    """How long to wait for something that is not in a hurry: 2 % of the time it takes already, from 10 s on.

    PERSONALIZE_PIPELINE_POLL_SECONDS overrides it, here and below: the local stack polls every second.
    """
    if (fixed := _fixed()) is not None:
        return fixed
    age = building.total_seconds()
    return round(min(max(age * _PATIENT_SHARE, _PATIENT_SHORTEST), _longest(age)))


def next_look(state: str, building: timedelta, now: datetime, last_time: float | None, share: Share) -> int:
    """How long to wait for a resource, as the module says.

    Args:
        state: of the pipeline that brings it about: `Campaign`.
        building: its age.
        now: the time of the day, which tells whose turn it is.
        last_time: seconds that the same took then, if they are known.
        share: of the calls, in this run.

    """
    if (fixed := _fixed()) is not None:
        return fixed
    age = max(building.total_seconds(), 0.0)
    wait = min(_planned(state, age, last_time), _longest(age))
    if share.of == 1:
        return round(max(wait, _SHORTEST))
    period = share.of * _SECONDS_EACH
    until_place = _until_place(now, share)
    periods = round((wait - until_place) / period)
    if periods < 1 and until_place < period / 2:  # its place was just now
        periods = 1
    return max(_SHORTEST, round(until_place + max(periods, 0) * period))


def first_wait(state: str, now: datetime, share: Share) -> int:
    """How long something waits before it is looked at for the first time, because others begin with it.

    With many, a look every two seconds is not all: each takes half a dozen calls to begin and to end.
    """
    if _fixed() is not None or state not in _SECONDS_TO_BEGIN:
        return 0
    if not share.many:
        return share.place
    period = share.of * _SECONDS_EACH
    # One begins in this period, the next one in the next period: so they are far from each other.
    later = share.place % (_SECONDS_TO_BEGIN[state] // _SECONDS_EACH)
    return round(_until_place(now, share) + later * period)


def shares(plan: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """What a plan builds at the same time, for `share_of`.

    By state: how many, under an empty name, and the place of each by its name; single things are not in it. A
    solution and what hangs on it come one after the other, so they have the same places.
    """
    datasets = plan.get("datasets", [])
    made = {
        "Schema": _places(one["schema"]["name"] for one in datasets),
        "Dataset": _places(one["dataset"]["name"] for one in datasets),
        "DatasetImport": _places(one["type"] for one in datasets),
        "Filter": _places(one["name"] for one in plan.get("filters", [])),
    }
    models: dict[str, dict[str, int]] = {state: {} for state in _MODELS}
    first = 0
    for solution in plan.get("solutions", []):
        candidates = [candidate["solution"]["name"] for candidate in solution["candidates"]]
        uses = [
            (state, use.get("name") or use["jobName"])
            for state, uses in _USES.items()
            for use in solution.get(uses, [])
        ]
        for place, name in enumerate(candidates, first):
            models["Solution"][name] = models["SolutionVersion"][name] = place
        for place, (state, name) in enumerate(uses, first):
            models[state][name] = place
        first += max(len(candidates), len(uses))
    for place, one in enumerate(plan.get("recommenders", []), first):
        models["Recommender"][one["name"]] = place
    count = first + len(plan.get("recommenders", []))
    made |= {state: {_ALL: count, **places} for state, places in models.items() if places}
    return {state: places for state, places in made.items() if places[_ALL] > 1}


def share_of(shares: Mapping[str, Mapping[str, int]], state: str, name: str) -> Share:
    """The share of one thing; `name` as in the params file."""
    mine = shares.get(state, {})
    return Share(mine.get(_ALL, 1), mine.get(name, 0))


def _places(names: Iterable[str]) -> dict[str, int]:
    places = {name: place for place, name in enumerate(names)}
    return {_ALL: len(places), **places}


def _until_place(now: datetime, share: Share) -> float:
    """Seconds until its next place in the common period."""
    return (share.place * _SECONDS_EACH - now.timestamp()) % (share.of * _SECONDS_EACH)


def _planned(state: str, age: float, last_time: float | None) -> float:
    if last_time:
        earliest, latest = (last_time * part for part in _AGAIN)
        looks = _LOOKS_AGAIN
    elif state in USUAL_MINUTES:
        earliest, latest = (minutes * 60 for minutes in USUAL_MINUTES[state])
        looks = _LOOKS
    else:
        return age * _SHORT
    if age < earliest:
        return min(age * _TOO_EARLY, earliest - age)
    if age > latest:
        return age * _LATE
    step = (latest - earliest) / looks
    done = round((age - earliest) / step)  # so that what is too short once, for its place, is made up for
    return earliest + (done + 1) * step - age


def _longest(age: float) -> float:
    return min(max(_LONGEST, age * _LONGEST_SHARE), _LONGEST_EVER)


def _fixed() -> int | None:
    fixed = os.environ.get(_POLL_VARIABLE)
    return max(1, int(fixed)) if fixed else None
