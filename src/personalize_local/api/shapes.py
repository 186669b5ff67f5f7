"""Readers and writers of values, compiled once from the shapes of botocore's service models.

A reader turns parsed JSON into the arguments of an operation and notes everything that is wrong with it; a
writer turns an answer into what `json.dumps` takes. botocore itself only writes requests and reads answers,
so the server's side of both is here, driven by the same models.

Amazon's documentation leaves the texts of refused values open; these are the texts of AWS services of the
same make (`Value '…' at '…' failed to satisfy constraint: Member must …`). Types are another matter in AWS: a
value that does not have the declared type never reaches the validation, and is a SerializationException.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import Shape

Place = tuple[str, ...]
Writer = Callable[[Any], Any]

LONGEST_ECHO = 1000  # characters of a refused value that are repeated in the message
INT32 = range(-(2**31), 2**31)
# Java's Unicode classes in the words of `re`. \w stands for letters, digits and "_".
TRANSLATED = {
    r"\p{ASCII}": r"[\x00-\x7F]",
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


@dataclass(slots=True)
class Problems:
    """What is wrong with a request: values of a wrong type, and values that break a constraint."""

    types: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)

    def wrong_type(self, place: Place, message: str) -> None:
        """Note a value that cannot be converted to the declared type."""
        self.types.append(f"{_dotted(place)}: {message}" if place else message)

    def breaks(self, place: Place, value: Any, constraint: str, *, sensitive: bool = False) -> None:
        """Note a value that breaks a constraint; sensitive values are not repeated, as in AWS."""
        shown = "Value" if sensitive else f"Value {_echo(value)}"
        self.constraints.append(f"{shown} at '{_dotted(place)}' failed to satisfy constraint: {constraint}")

    def validation_message(self) -> str:
        """One text with the number of problems and all of them."""
        count = len(self.constraints)
        return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(self.constraints)}"


Reader = Callable[[Any, Place, Problems], Any]


@cache
def python_pattern(pattern: str) -> re.Pattern[str]:
    """The model's (Java) pattern for Python, to be used with `fullmatch`: several lack their anchors.

    Raises:
        ValueError: the pattern uses a Unicode class that nobody has translated yet.
    """
    letters = r"\p{L}" in pattern or r"\p{N}" in pattern
    if letters and not (r"\p{L}" in pattern and r"\p{N}" in pattern and "_" in pattern):
        raise ValueError(f"pattern {pattern!r}: letters, digits and '_' can only be translated together")
    translated = pattern
    for java, python in TRANSLATED.items():
        translated = translated.replace(java, python)
    if r"\p{" in translated:
        raise ValueError(f"pattern {pattern!r}: no translation for its Unicode class yet")
    return re.compile(translated, 0 if letters else re.ASCII)  # Java's \d and \w are ASCII


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule for a scalar: AWS's text of it, and the test."""

    text: str
    holds: Callable[[Any], bool]


def constraints_of(shape: Shape) -> tuple[Constraint, ...]:
    """The rules of a scalar shape, in the order in which AWS names them."""
    rules: list[Constraint] = []
    meta = shape.metadata
    if shape.type_name == "string":
        if values := getattr(shape, "enum", None):
            allowed = frozenset(values)
            rules.append(
                Constraint(f"Member must satisfy enum value set: [{', '.join(values)}]", allowed.__contains__)
            )
        rules += _bounds(meta, "length", len)
        if pattern := meta.get("pattern"):
            matches = python_pattern(pattern).fullmatch
            text = f"Member must satisfy regular expression pattern: {pattern}"
            rules.append(Constraint(text, lambda value: matches(value) is not None))
    elif shape.type_name in ("integer", "long", "float", "double"):
        rules += _bounds(meta, "value", lambda value: value)
    return tuple(rules)


def _bounds(meta: dict[str, Any], what: str, measure: Callable[[Any], float]) -> list[Constraint]:
    rules = []
    if (most := meta.get("max")) is not None:
        rules.append(
            Constraint(
                f"Member must have {what} less than or equal to {most}", lambda value: measure(value) <= most
            )
        )
    if (least := meta.get("min")) is not None:
        rules.append(
            Constraint(
                f"Member must have {what} greater than or equal to {least}",
                lambda value: measure(value) >= least,
            )
        )
    return rules


def compile_reader(shape: Shape) -> Reader:
    """A function that reads a value of this shape.

    It gives the value back with unknown members and nulls left out, timestamps as aware datetimes, and adds
    every problem to the `Problems` it is given; the value then is of no use.
    """
    compilers: dict[str, Callable[[Any], Reader]] = {
        "structure": _structure_reader,
        "list": _list_reader,
        "map": _map_reader,
    }
    compiler = compilers.get(shape.type_name)
    return compiler(shape) if compiler else _scalar_reader(shape)


def _structure_reader(shape: Any) -> Reader:
    required = tuple(shape.required_members)
    members = {name: compile_reader(member) for name, member in shape.members.items()}

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if type(value) is not dict:
            problems.wrong_type(place, f"{_json_type(value)} can not be converted to a structure")
            return None
        result = {}
        for name in required:
            if value.get(name) is None:
                problems.breaks((*place, name), None, "Member must not be null")
        for name, given in value.items():
            if given is not None and (reader := members.get(name)):
                result[name] = reader(given, (*place, name), problems)
        return result

    return read


def _list_reader(shape: Any) -> Reader:
    limits = tuple(_bounds(shape.metadata, "length", len))
    sensitive = bool(shape.metadata.get("sensitive") or shape.member.metadata.get("sensitive"))
    scalar = shape.member.type_name not in ("structure", "list", "map")
    element = compile_reader(shape.member) if not scalar else _typed_scalar(shape.member)
    rules = constraints_of(shape.member) if scalar else ()

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if type(value) is not list:
            problems.wrong_type(place, f"{_json_type(value)} can not be converted to a list")
            return None
        result = []
        broken = False
        for number, given in enumerate(value, 1):
            where = (*place, str(number), "member")
            if given is None:
                problems.breaks(where, None, "Member must not be null")
                continue
            before = len(problems.types)
            item = element(given, where, problems)
            broken = broken or (len(problems.types) == before and any(not rule.holds(item) for rule in rules))
            result.append(item)
        if broken:  # AWS names a list of scalars once, with all rules of its members
            text = f"Member must satisfy constraint: [{', '.join(rule.text for rule in rules)}]"
            problems.breaks(place, value, text, sensitive=sensitive)
        for limit in limits:
            if not limit.holds(value):
                problems.breaks(place, value, limit.text, sensitive=sensitive)
        return result

    return read


def _map_reader(shape: Any) -> Reader:
    limits = tuple(_bounds(shape.metadata, "length", len))
    key_rules = constraints_of(shape.key)
    sensitive = any(part.metadata.get("sensitive") for part in (shape, shape.key, shape.value))
    scalar = shape.value.type_name not in ("structure", "list", "map")
    element = compile_reader(shape.value) if not scalar else _typed_scalar(shape.value)
    rules = constraints_of(shape.value) if scalar else ()

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if type(value) is not dict:
            problems.wrong_type(place, f"{_json_type(value)} can not be converted to a map")
            return None
        result = {}
        broken_keys = broken_values = False
        for key, given in value.items():
            broken_keys = broken_keys or any(not rule.holds(key) for rule in key_rules)
            if given is None:
                problems.breaks((*place, key, "member"), None, "Member must not be null")
                continue
            before = len(problems.types)
            item = element(given, (*place, key, "member"), problems)
            broken_values = broken_values or (
                len(problems.types) == before and any(not rule.holds(item) for rule in rules)
            )
            result[key] = item
        for broken, part, part_rules in ((broken_keys, "keys", key_rules), (broken_values, "value", rules)):
            if broken:
                text = f"Map {part} must satisfy constraint: [{', '.join(rule.text for rule in part_rules)}]"
                problems.breaks(place, value, text, sensitive=sensitive)
        for limit in limits:
            if not limit.holds(value):
                problems.breaks(place, value, limit.text, sensitive=sensitive)
        return result

    return read


def _scalar_reader(shape: Shape) -> Reader:
    typed, rules = _typed_scalar(shape), constraints_of(shape)
    sensitive = bool(shape.metadata.get("sensitive"))
    if not rules:
        return typed

    def read(value: Any, place: Place, problems: Problems) -> Any:
        before = len(problems.types)
        result = typed(value, place, problems)
        if len(problems.types) == before:
            for rule in rules:
                if not rule.holds(result):
                    problems.breaks(place, result, rule.text, sensitive=sensitive)
        return result

    return read


def _typed_scalar(shape: Shape) -> Reader:
    return _SCALARS[shape.type_name]


def _read_string(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is not str:
        problems.wrong_type(place, f"{_json_type(value)} can not be converted to a String")
    return value


def _read_boolean(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is not bool:
        problems.wrong_type(place, f"{_json_type(value)} can not be converted to a Boolean")
    return value


def _read_integer(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        problems.wrong_type(place, f"{_json_type(value)} can not be converted to an Integer")
    elif value not in INT32:
        problems.wrong_type(place, f"Numeric value ({_cut(str(value))}) out of range of int")
    return value


def _read_float(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            problems.wrong_type(place, "Numeric value out of range of double")
    elif type(value) is str and value in (
        "NaN",
        "Infinity",
        "-Infinity",
    ):  # how JSON protocols of AWS write them
        return float(value.replace("Infinity", "inf"))
    elif type(value) is not float:
        problems.wrong_type(place, f"{_json_type(value)} can not be converted to a Double")
    elif math.isinf(value):  # 1e999 in the JSON
        problems.wrong_type(place, "Numeric value out of range of double")
    return value


def _read_timestamp(value: Any, place: Place, problems: Problems) -> Any:
    """Epoch seconds are the wire format; ISO 8601 is understood as AWS does."""
    try:
        if type(value) in (int, float):
            return datetime.fromtimestamp(value, UTC)
        if type(value) is str:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    problems.wrong_type(place, f"{_json_type(value)} can not be converted to a Timestamp")
    return value


_SCALARS: dict[str, Reader] = {
    "string": _read_string,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "float": _read_float,
    "double": _read_float,
    "timestamp": _read_timestamp,
}


def compile_writer(shape: Shape | None) -> Writer:
    """A function that makes an answer of this shape ready for `json.dumps`: no nulls, times as epoch seconds.

    It raises TypeError for a member that the shape does not have: that is a bug of the service, and a client
    would drop it without a word. A shape of None stands for an empty answer.
    """
    if shape is None:
        return _write_nothing
    return _writer(shape) or _as_it_is


def _writer(shape: Any) -> Writer | None:
    """None where a value can stay as it is: that keeps lists of thousands of strings and numbers cheap."""
    compilers: dict[str, Callable[[Any], Writer | None]] = {
        "structure": _structure_writer,
        "list": lambda shape: _list_writer(_writer(shape.member)),
        "map": lambda shape: _map_writer(_writer(shape.value)),
        "timestamp": lambda _: _epoch_seconds,
        "float": lambda _: _finite,
        "double": lambda _: _finite,
    }
    compiler = compilers.get(shape.type_name)
    return compiler(shape) if compiler else None


def _list_writer(element: Writer | None) -> Writer | None:
    return element and (lambda value: [element(item) for item in value])


def _map_writer(element: Writer | None) -> Writer | None:
    return element and (lambda value: {key: element(item) for key, item in value.items()})


def _structure_writer(shape: Any) -> Writer:
    members = {name: _writer(member) for name, member in shape.members.items()}

    def write(value: Any) -> dict[str, Any]:
        result = {}
        for name, item in value.items():
            if item is None:
                continue
            if name not in members:
                raise TypeError(f"an answer has the member {name!r}, which {shape.name} does not declare")
            writer = members[name]
            result[name] = item if writer is None else writer(item)
        return result

    return write


def _write_nothing(answer: Any) -> dict[str, Any]:
    if answer:
        raise TypeError(f"an answer that must be empty has {answer!r}")
    return {}


def _as_it_is(value: Any) -> Any:
    return value


def _epoch_seconds(moment: datetime) -> float:
    return round(moment.timestamp(), 3)


def _finite(value: float) -> float | str:
    """JSON has no NaN and no infinity; AWS writes them as strings."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _json_type(value: Any) -> str:
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case int() | float():
            return "NUMBER_VALUE"
        case str():
            return "STRING_VALUE"
        case list():
            return "START_ARRAY"
        case dict():
            return "START_OBJECT"
        case _:
            return "NULL_VALUE"


def _dotted(place: Place) -> str:
    return ".".join(place)


def _echo(value: Any) -> str:
    if value is None:
        return "null"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"'{_cut(text)}'"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}..."
