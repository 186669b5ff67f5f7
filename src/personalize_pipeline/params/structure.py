"""Does the file have the right shape? Every unknown key, wrong type and broken limit, in the user's words."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from personalize_pipeline.params.models import model_at, params_model
from personalize_pipeline.params.places import Path, did_you_mean, moved, shown, written
from personalize_rules.recipes import ARN_PREFIX, find_recipe
from personalize_rules.schemas import Problem

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
# A key that was corrected may hide others inside it; each round uncovers one level.
_ROUNDS = 8


@dataclass(slots=True)
class Structure:
    """The file without what is wrong in shape, for the checks of meaning, and what was wrong."""

    document: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    """Where a misspelt key was read as the right one: the right place -> the place in the file."""
    removed: set[str] = field(default_factory=set)
    """Places of what is gone: it was there, so nothing may call it missing."""


def check_structure(document: Mapping[str, Any]) -> Structure:
    """Check the shape of the whole file.

    What it returns is safe to read: all values are of the right kind, and what was not is gone; elements of
    lists become None, so that the others keep their places. A key that is nearly right is reported, but read as
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
    errors = _errors(structure.document)
    for error in errors:
        path, problem = _problem(error, structure.document)
        structure.problems.append(Problem(moved(written(path), structure.places), *problem))
    # From the end, so that no removal moves a place that is still to come.
    for error in reversed(errors):
        if error["type"] != "missing":
            _remove(structure.document, _path(error["loc"]))
            structure.removed.add(written(_path(error["loc"])))
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
    if model is None or not isinstance(holder, dict):
        return False
    meant = did_you_mean(str(key), _known(parent))
    if str(key) in model.filled_in or meant is None or meant in holder:
        return False
    right, found = written((*parent, meant)), moved(written(location), structure.places)
    structure.problems.append(Problem(found, "unknown key.", f"Did you mean '{meant}'?"))
    structure.places[right] = found
    corrected = {meant if name == key else name: value for name, value in holder.items()}
    holder.clear()
    holder.update(corrected)
    return True


def _known(parent: Sequence[str | int]) -> list[str]:
    model = model_at(parent)
    return [str(entry.alias) for entry in model.model_fields.values()] if model else []


def _problem(error: ErrorDetails, document: Mapping[str, Any]) -> tuple[Path, tuple[str, str]]:
    """Say what pydantic found in one place, and the way out."""
    path = _path(error["loc"])
    kind = error["type"]
    context = error.get("ctx", {})
    value = error["input"]
    label = "the key " if error["loc"] != path else ""
    if kind == "extra_forbidden":
        return path, _unknown_key(path, document)
    if kind == "missing":
        return path, ("missing.", f"It is required in {written(path[:-1]) or 'the file'}.")
    if value is None:
        return path, ("null is not a value here.", "Leave the key out.")
    if kind in _KINDS:
        return path, (f"{shown(value)} must be {_KINDS[kind]}.", _as_written(kind, value))
    if kind == "string_too_long":
        return path, (
            f"{label}{shown(value)} has {len(value)} characters; at most {context['max_length']}.",
            "",
        )
    if kind == "string_too_short":
        least = context["min_length"]
        return path, (
            f"{label}{shown(value)} is too short: at least {least} character{'s' * (least > 1)}.",
            "",
        )
    if kind == "string_pattern_mismatch":
        return path, (
            f"{label}{shown(value)} is not allowed here.",
            _pattern_advice(path, value, context["pattern"]),
        )
    if kind == "literal_error":
        choices = context["expected"].replace("'", "")
        meant = (
            did_you_mean(value, choices.replace(" or ", ", ").split(", ")) if isinstance(value, str) else None
        )
        return path, (f"{shown(value)} must be {choices}.", f"Did you mean '{meant}'?" if meant else "")
    if kind in ("greater_than_equal", "less_than_equal"):
        low = kind == "greater_than_equal"
        limit = context["ge"] if low else context["le"]
        return path, (
            f"{shown(value)} is too {'small' if low else 'large'}.",
            f"At {'least' if low else 'most'} {limit:g}.",
        )
    if kind in ("too_long", "too_short"):
        limit = context.get("max_length", context.get("min_length"))
        most = "at most" if kind == "too_long" else "at least"
        return path, (f"{context['actual_length']} entries; {most} {limit} are allowed.", "")
    return path, (f"{shown(value)}: {error['msg']}.", "")


def _unknown_key(path: Path, document: Mapping[str, Any]) -> tuple[str, str]:
    parent, key = path[:-1], str(path[-1])
    model = model_at(parent)
    if model is not None and key in model.filled_in:
        return "the pipeline fills this in itself.", "Remove the key."
    known = _known(parent)
    if meant := did_you_mean(key, known):
        holder = _at(document, parent)
        twice = " It is there already." if isinstance(holder, dict) and meant in holder else ""
        return "unknown key.", f"Did you mean '{meant}'?{twice}"
    return "unknown key.", f"Known here: {', '.join(known)}."


def _as_written(kind: str, value: Any) -> str:
    """Show the right spelling, where the value is right but for its quotes."""
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'Write "{shown(value)}".'
    if not isinstance(value, str):
        return ""
    if kind == "bool_type" and value.lower() in ("true", "false"):
        return f"Write {value.lower()}."
    if kind in ("int_type", "float_type"):
        try:
            return f"Write {int(value) if kind == 'int_type' else float(value):g}."
        except ValueError:
            pass
    return ""


def _pattern_advice(path: Path, value: str, pattern: str) -> str:
    if path[-1] in ("name", "schemaName"):
        return "Use letters, digits, - and _, and begin with a letter or a digit."
    if path[-1] == "recipeArn" or "recipeList" in path:
        name = find_recipe(value)
        return f"Write {name.arn}" if name else f"It begins with {ARN_PREFIX}"
    if path[-1] == "dataLocation":
        return "It begins with s3://"
    return f"It must match {pattern.removeprefix('^(?:').removesuffix(')$')}"


def _at(document: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def _remove(document: Any, path: Path) -> None:
    """Take out what is wrong, if it is still there: a whole that is wrong goes before its parts."""
    try:
        holder = _at(document, path[:-1])
        if isinstance(holder, list):
            holder[path[-1]] = None  # type: ignore[index]
        else:
            holder.pop(path[-1], None)
    except (KeyError, IndexError, TypeError):
        return
