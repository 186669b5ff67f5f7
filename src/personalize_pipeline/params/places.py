"""Places in the params file, written as people write them: `solutions[0].campaigns[1].minProvisionedTPS`."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from personalize_rules.schemas import Problem

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_SHOWN_LENGTH = 60


def written(path: Iterable[str | int]) -> str:
    """Write a path as a place."""
    place = ""
    for step in path:
        if isinstance(step, int):
            place += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            place += f".{step}" if place else step
        else:
            place += f"[{shown(step)}]"
    return place


def within(place: str, inner: str) -> str:
    """Write the place `inner`, which is relative to `place`, as one place."""
    if not place or not inner or inner.startswith("["):
        return place + inner
    return f"{place}.{inner}"


def moved(place: str, places: Mapping[str, str]) -> str:
    """Translate a place whose beginning is a key of `places`; the longest beginning counts."""
    for old in sorted(places, key=len, reverse=True):
        rest = place.removeprefix(old)
        if rest != place and (not rest or rest[0] in ".["):
            return within(places[old], rest.removeprefix("."))
    return place


def problem_at(place: str, problem: Problem) -> Problem:
    """Give the same problem with another place."""
    return Problem(place, problem.message, problem.advice)


def shown(value: Any) -> str:
    """Show a value as it stands in the file, cut to what fits a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Join words for a sentence: `a, b and c`."""
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def in_order_of(document: Any, problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems as their places follow each other in the file, each once."""
    order: dict[str, int] = {}
    stack: list[tuple[Path, Any]] = [((), document)]
    while stack:
        path, value = stack.pop()
        order[written(path)] = len(order)
        if isinstance(value, Mapping):
            stack += [((*path, str(key)), inner) for key, inner in reversed(list(value.items()))]
        elif isinstance(value, list):
            stack += [((*path, index), inner) for index, inner in reversed(list(enumerate(value)))]

    def position(problem: Problem) -> int:
        place = problem.place
        while place and place not in order:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return order.get(place, 0)

    return sorted(dict.fromkeys(problems), key=position)
