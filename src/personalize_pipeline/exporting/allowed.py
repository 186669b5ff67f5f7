"""What a params file may say of what exists: what the checks refuse is left out, and stays as it is."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.exporting.group import Exported
from personalize_pipeline.params import read
from personalize_rules.schemas import Problem

# What can go without changing anything, the smallest part first: a setting that the file does not give is the
# service's, and a resource that it does not name is nobody's concern.
_PARTS = tuple(
    re.compile(rf"({pattern})(?=$|[.\[])")
    for pattern in (
        r"datasets\.\w+\.(?:dataLocation|roleArn|importMode|publishAttributionMetricsToS3)",
        r"solutions\[\d+\]\.solutionConfig\.\w+",
        r"solutions\[\d+\]\.(?:eventType|performHPO|performIncrementalUpdate|solutionConfig)",
        # Not syncWithLatestSolutionVersion, which belongs to solutionVersionArn.
        r"solutions\[\d+\]\.campaigns\[\d+\]\.campaignConfig\.(?:item|ranking|enable)\w+",
        r"recommenders\[\d+\]\.recommenderConfig\.\w+",
        r"recommenders\[\d+\]\.recommenderConfig",
        r"solutions\[\d+\]\.campaigns\[\d+\]",
        r"(?:solutions|recommenders|filters)\[\d+\]",
        r"eventTracker",
        r"metricAttribution",
    )
)
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_NAMES = {
    "solutions": "solution",
    "campaigns": "campaign",
    "recommenders": "recommender",
    "filters": "filter",
    "eventTracker": "event tracker",
    "metricAttribution": "metric attribution",
}


def only_allowed(exported: Exported) -> tuple[Exported, tuple[Problem, ...]]:
    """Leave out what the checks refuse, with a note for each; give what they still say, if anything."""
    document, notes = copy.deepcopy(exported.document), list(exported.notes)
    while problems := _problems(document):
        found = next((part for problem in problems if (part := _part(document, problem.place))), None)
        if found is None:
            return Exported(document, notes), problems
        reasons = [
            f"{problem.message} {problem.advice}".rstrip()
            for problem in problems
            if problem.place.startswith(found)
        ]
        notes.append(
            f"{_title(document, found)} is left out of the file, and stays as it is: {' '.join(reasons)}"
        )
        _remove(document, found)
    return Exported(document, notes), ()


def _problems(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    try:
        read(document)
    except ParamsInvalid as error:
        return tuple(error.problems)
    return ()


def _part(document: Mapping[str, Any], place: str) -> str | None:
    """The smallest part around this place that can go."""
    for pattern in _PARTS:
        found = pattern.match(place)
        if found and _is_there(document, found[1]):
            return found[1]
    return None


def _steps(place: str) -> list[str | int]:
    return [int(found[2]) if found[2] else found[1] for found in _STEP.finditer(place)]


def _is_there(document: Any, place: str) -> bool:
    for step in _steps(place):
        there = step < len(document) if isinstance(step, int) else step in document
        if not there:
            return False
        document = document[step]
    return True


def _title(document: Any, place: str) -> str:
    """The part in words, by names: places would be those of a file that nobody sees."""
    words = ""
    rest: list[str] = []
    for step in _steps(place):
        document = document[step]
        if isinstance(step, int):
            words, rest = f"{_NAMES[rest[-1]]} {document.get('name', '')}", []
        else:
            rest.append(str(step))
    if rest and rest[0] in _NAMES and not words:
        words, rest = f"{_NAMES[rest[0]]} {document.get('name', '')}", rest[1:]
    return ", ".join(part for part in (words, ".".join(rest)) if part)


def _remove(document: Any, place: str) -> None:
    *parents, last = _steps(place)
    holders = [document]
    for step in parents:
        holders.append(holders[-1][step])
    del holders[-1][last]
    # A list or an object that became empty says nothing either; a list's own key is the step before it.
    while parents and not holders[-1]:
        holders.pop()
        del holders[-1][parents.pop()]
