"""The `itemAttributes` of batch segment jobs: which items a segment of users shall be fond of.

    attributes := condition ( AND condition )*
    condition  := ITEMS "." name "=" ( text | number )

As in `ITEMS.genres = "Comedy" AND ITEMS.audience = "teen"`. In a text, a backslash takes the next character
as it is. ITEMS, AND and names of columns are read without regard to case, texts keep theirs.

Source: Developer Guide, "Batch segment job input and output", Item-Attribute-Affinity.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from personalize_rules.filters.expression import Number, Text
from personalize_rules.schemas import Schema
from personalize_rules.spelling import did_you_mean


class AttributesSyntaxError(ValueError):
    """An expression that does not follow the grammar; the text says where, and what was expected."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Where in the expression, counted from 0."""

    def __str__(self) -> str:
        return f"position {self.position + 1}: {self.message}"


@dataclass(frozen=True, slots=True)
class ItemAttribute:
    """One condition. `field` is as written: look it up without regard to case."""

    field: str
    value: Text | Number

    def __str__(self) -> str:
        return f"ITEMS.{self.field} = {self.value}"


@dataclass(frozen=True, slots=True)
class ItemAttributes:
    """What items must have, all of it."""

    conditions: tuple[ItemAttribute, ...]

    def __str__(self) -> str:
        return " AND ".join(str(condition) for condition in self.conditions)


_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"(?P<dataset>\w+)\s*\.\s*(?P<name>[A-Za-z_]\w*)", re.ASCII)
_EQUALS = re.compile(r"=(?!=)")
_VALUE = re.compile(
    r"""
      " (?P<text> (?: [^"\\] | \\. )* ) "
    | (?P<number> [+-]? (?: \d+ (?: \.\d* )? | \.\d+ ) (?: [eE][+-]?\d+ )? (?! [\w.] ) )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_AND = re.compile(r"and\b", re.IGNORECASE | re.ASCII)


def parse_item_attributes(text: str) -> ItemAttributes:
    """Read an expression.

    Raises:
        AttributesSyntaxError: it does not follow the grammar.

    """
    return ItemAttributes(tuple(_conditions(text)))


def check_item_attributes(attributes: ItemAttributes, items: Schema) -> list[str]:
    """Tell everything that is wrong with the columns it names, given the schema of the Items dataset."""
    problems = []
    for condition in attributes.conditions:
        field = items.find(condition.field)
        place = f"ITEMS.{condition.field}"
        if field is None:
            hint = did_you_mean(condition.field, [one.name for one in items.fields])
            problems.append(f"{place}: the Items dataset has no such column.{hint}")
        elif field.textual:
            problems.append(f"{place}: a textual column cannot be used, only numeric and categorical ones.")
        elif field.type == "boolean":
            problems.append(f"{place}: a boolean column cannot be used, only numeric and categorical ones.")
        elif field.numeric and isinstance(condition.value, Text) and not _is_number(condition.value.text):
            problems.append(
                f"{place}: {condition.value} is not a number, and the column has type {field.type}."
            )
    return problems


def _conditions(text: str) -> Iterator[ItemAttribute]:
    position = _skip(text, 0)
    while True:
        field = _take(_FIELD, text, position, 'a condition such as ITEMS.genre = "Comedy"')
        if field["dataset"].lower() != "items":
            raise AttributesSyntaxError(
                f"'{field['dataset']}': only columns of ITEMS can be used, as in ITEMS.{field['name']}.",
                position,
            )
        equals = _take(_EQUALS, text, _skip(text, field.end()), "'=', the only comparison that there is")
        place = _skip(text, equals.end())
        value = _take(_VALUE, text, place, 'a text in double quotes, such as "Comedy", or a number')
        yield ItemAttribute(field["name"], _value(value, place))
        position = _skip(text, value.end())
        if position == len(text):
            return
        position = _skip(text, _take(_AND, text, position, "AND, or the end of the expression").end())


def _value(found: re.Match[str], position: int) -> Text | Number:
    if found["text"] is not None:
        return Text(re.sub(r"\\(.)", r"\1", found["text"], flags=re.DOTALL))
    number = float(found["number"])
    if math.isinf(number):
        raise AttributesSyntaxError(f"{found['number']} is too large.", position)
    return Number(number)


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found  # it matches nothing, too
    return found.end()


def _take(pattern: re.Pattern[str], text: str, position: int, expected: str) -> re.Match[str]:
    found = pattern.match(text, position)
    if found is None:
        rest = text[position : position + 20]
        there = f"'{rest}'" if rest else "the end"
        raise AttributesSyntaxError(f"found {there}, expected {expected}.", position)
    return found


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
