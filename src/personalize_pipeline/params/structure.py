"""Does the file have the right shape? Every unknown key, wrong type and broken limit, in the user's words."""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from personalize_pipeline.params.models import model_at, params_model
from personalize_pipeline.params.places import Path, moved, shown, written
from personalize_rules.recipes import ARN_PREFIX, find_recipe
from personalize_rules.schemas import Problem
from personalize_rules.spelling import closest

_KINDS = {
    "string_type": "a text in double quotes",
    "bool_type": "true or false, without quotes",
    "list_type": "a list: [...]",
    "dict_type": "an object: {...}",
    "model_type": "an object: {...}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
}
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_MISSING = "missing."
_UNKNOWN = "unknown key."
# Where a key of another place may belong.
_SECTIONS: Mapping[str, Path] = {
    "at the top of the file": (),
    "into the section of a dataset (datasets.Interactions, ...)": ("datasets", "Interactions"),
    "into a solution (solutions[...])": ("solutions", 0),
    "into a campaign of a solution (solutions[...].campaigns[...])": ("solutions", 0, "campaigns", 0),
    "into a recommender (recommenders[...])": ("recommenders", 0),
}
# A key that was corrected may hide others inside it; each round uncovers one level.
_ROUNDS = 8


@dataclass(slots=True)
class Structure:
    """The file without what is wrong in shape, for the checks of meaning, and what was wrong."""

    document: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    """Where a misspelt key was read as the right one: the right place -> the place in the file."""
    reported: set[str] = field(default_factory=set)
    """Places where a value was wrong; what is said of them otherwise is a consequence."""


def check_structure(document: Mapping[str, Any], places: Mapping[str, str] | None = None) -> Structure:
    """Check the shape of the whole file; `places`: where the user wrote what now stands elsewhere.

    What it returns is safe to read: all values are of the right kind, and what was not is gone; elements of
    lists become None, so that the others keep their places. What is nearly right is reported too, but read as
    what was meant, so that one slip does not hide or cause others.
    """
    structure = Structure(copy.deepcopy(dict(document)))
    for _ in range(_ROUNDS):
        renamed = False
        for error in _errors(structure.document):
            if error["type"] == "extra_forbidden":
                renamed |= _rename(error["loc"], structure)
        if not renamed:
            break
    found = [_finding(error, structure.document, places or {}) for error in _errors(structure.document)]
    for finding in found:
        place = moved(written(finding.path), structure.places)
        structure.problems.append(Problem(place, finding.message, finding.advice))
    # From the end, so that no removal moves a place that is still to come.
    for finding in reversed(found):
        if finding.message != _MISSING:
            _put(structure.document, finding.path, finding.meant)
            structure.reported.add(written(finding.path))
    return structure


def _errors(document: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        params_model().model_validate(document)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=True)
    return []


def _path(location: tuple[int | str, ...]) -> Path:
    """Drop the mark that pydantic puts behind the key when a key of a map is wrong."""
    return location[:-1] if location and location[-1] == "[key]" else location


def _rename(location: Path, structure: Structure) -> bool:
    """Report an unknown key and correct it, if it is clear what was meant."""
    *parent, key = location
    holder = _at(structure.document, parent)
    model = model_at(parent)
    if model is None or not isinstance(holder, dict) or _home(str(key)):
        return False
    meant = closest(str(key), _known(parent))
    if str(key) in model.filled_in or meant is None or meant in holder:
        return False
    right, found = written((*parent, meant)), moved(written(location), structure.places)
    structure.problems.append(Problem(found, _UNKNOWN, f"Did you mean '{meant}'?"))
    structure.places[right] = found
    corrected = {meant if name == key else name: value for name, value in holder.items()}
    holder.clear()
    holder.update(corrected)
    return True


def _known(parent: Sequence[str | int]) -> list[str]:
    model = model_at(parent)
    return [str(entry.alias) for entry in model.model_fields.values()] if model else []


def _home(key: str) -> str:
    """The only kind of section that knows this very key; empty if there are several, or none."""
    homes = [words for words, path in _SECTIONS.items() if key in _known(path)]
    return homes[0] if len(homes) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What pydantic found in one place, in words."""

    path: Path
    message: str
    advice: str = ""
    meant: Any = None
    """The value that was surely meant; None if that is not clear."""


def _finding(error: ErrorDetails, document: Mapping[str, Any], places: Mapping[str, str]) -> _Finding:
    path = _path(error["loc"])
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown_key(path, document)
    if kind == "missing":
        return _Finding(
            path, _MISSING, f"It is required in {moved(written(path[:-1]), places) or 'the file'}."
        )
    if value is None:
        return _Finding(path, "null is not a value here.", "Leave the key out.")
    if kind in _KINDS:
        meant = _converted(kind, value)
        advice = "" if meant is None else f"Write {shown(meant)}."
        return _Finding(path, f"{shown(value)} must be {_KINDS[kind]}.", advice, meant)
    if kind == "string_pattern_mismatch":
        return _no_match(path, value, error["ctx"]["pattern"])
    if kind == "literal_error":
        return _no_choice(path, value, error["ctx"]["expected"])
    return _Finding(path, _limit(kind, value, error.get("ctx", {})) or f"{shown(value)}: {error['msg']}.")


def _converted(kind: str, value: Any) -> Any:
    """Give the value that was meant, where it is right but for its quotes."""
    if kind == "string_type" and isinstance(value, bool | int | float):
        return shown(value)
    if not isinstance(value, str):
        return None
    if kind == "bool_type":
        return {"true": True, "false": False}.get(value.lower())
    if kind in ("int_type", "float_type") and _NUMBER.fullmatch(value):
        return int(value) if kind == "int_type" and value.lstrip("-").isdigit() else float(value)
    return None


def _no_choice(path: Path, value: Any, expected: str) -> _Finding:
    """Say which values there are; `expected` is pydantic's list: 'A', 'B' or 'C'."""
    choices = expected.replace("'", "")
    meant = closest(value, choices.replace(" or ", ", ").split(", ")) if isinstance(value, str) else None
    return _Finding(
        path, f"{shown(value)} must be {choices}.", f"Did you mean '{meant}'?" if meant else "", meant
    )


def _no_match(path: Path, value: str, pattern: str) -> _Finding:
    """Say in words what a pattern wants, where it is one that people meet."""
    meant = None
    if path[-1] in ("name", "schemaName"):
        advice = "Use letters, digits, - and _, and begin with a letter or a digit."
    elif path[-1] == "recipeArn" or "recipeList" in path:
        recipe = find_recipe(value)
        meant = recipe.arn if recipe else None
        advice = f"Write {meant}" if meant else f"It begins with {ARN_PREFIX}"
    elif path[-1] == "dataLocation":
        advice = "It begins with s3://"
    elif path[-1] == "schedulingExpression":
        advice = 'For example "rate(7 days)".'
    else:
        advice = f"It must match {pattern.removeprefix('^(?:').removesuffix(')$')}"
    return _Finding(path, f"{shown(value)} is not allowed here.", advice, meant)


def _limit(kind: str, value: Any, context: Mapping[str, Any]) -> str | None:
    """Say which limit is broken."""
    match kind:
        case "string_too_long":
            return f"{shown(value)} has {len(value)} characters; at most {context['max_length']} are allowed."
        case "string_too_short":
            return f"{shown(value)} is too short: at least {context['min_length']} character(s)."
        case "greater_than_equal":
            return f"{shown(value)} is too small: at least {context['ge']:g}."
        case "less_than_equal":
            return f"{shown(value)} is too large: at most {context['le']:g}."
        case "too_long":
            return f"{context['actual_length']} entries; at most {context['max_length']} are allowed."
        case "too_short":
            return f"{context['actual_length']} entries; at least {context['min_length']} are needed."
    return None


def _unknown_key(path: Path, document: Mapping[str, Any]) -> _Finding:
    parent, key = path[:-1], str(path[-1])
    model = model_at(parent)
    if model is not None and key in model.filled_in:
        return _Finding(path, "the pipeline fills this in itself.", "Remove the key.")
    known = _known(parent)
    if home := _home(key):
        return _Finding(path, _UNKNOWN, f"It belongs {home}.")
    if meant := closest(key, known):
        holder = _at(document, parent)
        twice = " It is there already." if isinstance(holder, dict) and meant in holder else ""
        return _Finding(path, _UNKNOWN, f"Did you mean '{meant}'?{twice}")
    return _Finding(path, _UNKNOWN, f"Known here: {', '.join(known)}.")


def _at(document: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def _put(document: Any, path: Path, meant: Any) -> None:
    """Put what was meant in the place of what is wrong; take it out if that is not clear.

    A place may be gone already: a whole that is wrong goes before its parts.
    """
    try:
        holder = _at(document, path[:-1])
        if isinstance(holder, list) or meant is not None:
            holder[path[-1]] = meant
        else:
            holder.pop(path[-1], None)
    except (KeyError, IndexError, TypeError):
        return
