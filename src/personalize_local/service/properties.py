"""The `properties` of Put calls: a JSON object in camelCase, for columns in UPPER_SNAKE_CASE."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from personalize_local.service.errors import InvalidInputException
from personalize_rules import quotas

if TYPE_CHECKING:
    from personalize_rules.schemas import Field, Schema

_END = {"int": 2**31, "long": 2**63}
_LARGEST = {"float": 3.4028234e38, "double": sys.float_info.max}
_TOO_LARGE = "is too large for the type of this column"
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def parse_properties(text: str | None) -> dict[str, Any]:
    """Read the JSON object; keys become names of columns (`numRatings` -> `NUM_RATINGS`).

    Raises:
        InvalidInputException: it is none; in the service's words.
    """
    if not text:
        return {}
    try:
        found = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text.lower():  # an escaped half of a surrogate pair is no text
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidInputException("Error parsing properties json") from error
    if not isinstance(found, dict):
        raise InvalidInputException("Error parsing properties json")
    return {column_name(key): value for key, value in found.items()}


def column_name(key: str) -> str:
    """Turn camelCase into the name of a column; one that is a column's name already stays."""
    return _HUMP.sub("_", key).upper()


def column_values(properties: dict[str, Any], schema: Schema) -> tuple[dict[str, Any], list[str]]:
    """Values for the columns that the schema has, and what is wrong with them. Other keys are dropped.

    Whether the service drops or refuses other keys is not documented.
    """
    columns, problems = {}, []
    fields = {_squeezed(field.name): field for field in schema.fields}
    for name, value in properties.items():
        field = fields.get(_squeezed(name))
        if field is None:
            continue
        converted, problem = _converted(field, value)
        if problem:
            problems.append(f"properties: {field.name}: {json.dumps(value)} {problem}")
        else:
            columns[field.name] = converted
    return columns, problems


def record_columns(
    properties: dict[str, Any], schema: Schema, key_column: str, *, need_required: bool
) -> tuple[dict[str, Any], list[str]]:
    """Values of an item, user or action by the rules of imports, and what is wrong with them.

    Args:
        properties: by names of columns, without the ID.
        schema: of the dataset.
        key_column: holds the ID, which is not among the values.
        need_required: whether a column that allows no null must have a value.

    """
    columns, problems = column_values(properties, schema)
    for field in schema.fields:
        value = columns.get(field.name)
        if isinstance(value, str) and field.textual:
            columns[field.name] = value[: _longest_text(value)]
        elif isinstance(value, str) and len(value) > quotas.STRING_VALUE_LENGTH:
            problems.append(
                f"properties: Length cannot be more than {quotas.STRING_VALUE_LENGTH} characters"
                f" for {field.name}"
            )
    if need_required:
        given = {_squeezed(name) for name in properties}
        problems += [
            f"properties: {field.name} is missing, and the schema does not allow null"
            for field in schema.fields
            if not field.nullable and field.name != key_column and _squeezed(field.name) not in given
        ]
    return columns, problems


def _longest_text(value: str) -> int:
    return (
        quotas.TEXTUAL_VALUE_LENGTH_EAST_ASIAN if _EAST_ASIAN.search(value) else quotas.TEXTUAL_VALUE_LENGTH
    )


def _squeezed(name: str) -> str:
    """What tells the columns of a schema apart: `is4k` is IS_4K, wherever its words begin."""
    return name.replace("_", "").casefold()


def _converted(field: Field, value: Any) -> tuple[Any, str | None]:
    if value is None:
        return None, None if field.nullable else "is not allowed: the schema has no null"
    if field.type == "string":
        return (value, None) if isinstance(value, str) else (None, "must be a string")
    if field.type == "boolean":
        return (value, None) if isinstance(value, bool) else (None, "must be true or false")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, "must be a number"
    if field.type in ("int", "long"):
        if isinstance(value, float) and not value.is_integer():
            return None, "must be a whole number"
        return (int(value), None) if -_END[field.type] <= value < _END[field.type] else (None, _TOO_LARGE)
    return number(value, field.type)


def number(value: float, kind: str) -> tuple[float | None, str | None]:
    """A value for a column of type float or double, or why it cannot be one.

    What got in here would be met again in every training.
    """
    return (float(value), None) if abs(value) <= _LARGEST[kind] else (None, _TOO_LARGE)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
