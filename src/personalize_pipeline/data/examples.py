"""Identifiers and values out of the user's own data: for command lines to paste, and for smoke tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_pipeline.context import Examples
from personalize_pipeline.data.headers import values
from personalize_rules.filters import FilterSyntaxError, Operator, Parameter, parse_filter
from personalize_rules.schemas import DatasetType, Schema

_USERS = 3
_ITEMS = 3
_LOOKED_AT = 1000  # values of a column among which one is chosen for a filter


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of the first file of a dataset."""

    text: bytes
    schema: Schema | None


def examples_of(heads: Mapping[DatasetType, Head], document: Mapping[str, Any]) -> Examples:
    """Choose known users, known items, and a value for every placeholder of the document's filters."""
    users = _first(heads, "USER_ID", _USERS, DatasetType.INTERACTIONS, DatasetType.USERS)
    items = _first(heads, "ITEM_ID", _ITEMS, DatasetType.INTERACTIONS, DatasetType.ITEMS)
    chosen = {name: _filter_values(text, heads) for name, text in _filters(document)}
    return Examples(
        user_id=users[0] if users else None,
        user_ids=users,
        item_ids=items,
        filter_values={name: found for name, found in chosen.items() if found},
    )


def _first(
    heads: Mapping[DatasetType, Head], column: str, count: int, *kinds: DatasetType
) -> tuple[str, ...]:
    for kind in kinds:
        if kind in heads and (found := values(heads[kind].text, column, count)):
            return tuple(found)
    return ()


def _filters(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and expressions, as far as there are any: the document may be wrong."""
    sections = document.get("filters")
    for section in sections if isinstance(sections, list) else ():
        if isinstance(section, Mapping):
            name, text = section.get("name"), section.get("filterExpression")
            if isinstance(name, str) and isinstance(text, str):
                yield name, text


def _filter_values(text: str, heads: Mapping[DatasetType, Head]) -> dict[str, str]:
    """A value for each placeholder whose column is in the data, in the form of GetRecommendations."""
    try:
        parsed = parse_filter(text)
    except FilterSyntaxError:
        return {}
    asked = [
        (value, kind, field, operator)
        for part in parsed.parts
        for kind, field, operator, given in (
            *((one.dataset, one.field, one.operator, one.values) for one in part.condition),
            *((DatasetType.USERS, one.field, one.operator, one.values) for one in part.only_if),
        )
        for value in given
    ]
    chosen: dict[str, str] = {}
    for value, kind, field, operator in asked:
        if isinstance(value, Parameter) and kind in heads:
            found = _value(heads[kind], field, operator)
            if found is not None:
                chosen.setdefault(value.name, found)
    return chosen


def _value(head: Head, name: str, operator: Operator) -> str | None:
    """A value that leaves something: of numbers the end of the range that most of them are beyond."""
    field = head.schema.find(name) if head.schema else None
    if field is None:
        return None
    found = values(head.text, field.name, _LOOKED_AT)
    if field.numeric:
        numbers = sorted((number for number in found if _is_number(number)), key=float)
        if not numbers:
            return None
        return numbers[-1 if operator in ("<", "<=") else 0]
    # Several categories in one value are separated by bars; a filter compares with each of them.
    words = [word for text in found for word in text.split("|") if word]
    return '"' + words[0].replace('"', '\\"') + '"' if words else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
