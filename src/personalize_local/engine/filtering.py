"""Filters at request time: an expression and a table become the set of items that may be recommended.

A filter is compiled once per table. What depends only on the values of placeholders (and on the current item)
is computed once and kept: most requests cost a look-up, or a copy with the user's own items switched off.

What the service does not document is decided like this. A null meets no condition but NOT IN and !=. A
condition on a user of whom the value is not known is not met. Conditions on interactions hold for single
events: an item is selected when one of its events meets all of them.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.events import NO_EVENTS
from personalize_local.engine.kept_masks import KeptMasks
from personalize_rules.filters import (
    CurrentItemField,
    Everything,
    Number,
    Parameter,
    Text,
)
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from personalize_local.engine.arrays import BoolArray, Int32Array
    from personalize_local.engine.catalogue import ItemTable
    from personalize_local.engine.events import UserEvents
    from personalize_rules.filters import Comparison, FilterExpression, Part, UserCondition, Value

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEGATIVE = frozenset({"NOT IN", "!="})
_EVENTS = frozenset({DatasetType.INTERACTIONS, DatasetType.ACTION_INTERACTIONS})


class FilterValueError(ValueError):
    """The values of a request do not fit the filter; the text says which, why, and how to write them."""


@dataclass(frozen=True, slots=True)
class _Literal:
    """A value to compare with: `text` as written, `number` if it is one."""

    text: str
    number: float | None


class CompiledFilter:
    """A filter expression, ready for one table.

    The table holds what the filter selects: items for ItemID, actions for ActionID, users for UserID.
    """

    def __init__(self, expression: FilterExpression, table: ItemTable, kept: KeptMasks | None = None) -> None:
        """Compile an expression that `personalize_rules.filters.check_filter` has passed.

        `kept` is what the filters of the table share; without it, this one keeps its masks for itself.
        """
        self.expression = expression
        self._table = table
        self._count = len(table)
        self._parts = [_CompiledPart(part, table) for part in expression.parts]
        self._kept = KeptMasks(self._count) if kept is None else kept

    def mask(
        self,
        values: Mapping[str, str] | None = None,
        user: Mapping[str, Any] | None = None,
        events: UserEvents = NO_EVENTS,
        current_item: str | None = None,
    ) -> BoolArray | None:
        """Tell which positions of the table may be in the answer; None if all may. Do not write to it.

        Args:
            values: filterValues of the request: names without $, texts in double quotes, lists with commas.
            user: values of the current user as `ItemTable.record` gives them; names in any case.
            events: the user's events, as positions in the table. For a filter on UserID: positions of the
                users that have events with the thing asked about.
            current_item: the item that related items are asked for.

        Raises:
            FilterValueError: a placeholder of an INCLUDE has no value, or a value cannot be read or compared.

        """
        values = values or {}
        place = None if current_item is None else self._table.ids.position(current_item)
        keys = [part.key(values, place) for part in self._parts]
        if missing := {
            parameter
            for part, key in zip(self._parts, keys, strict=True)
            if key is None and part.include
            for parameter in part.parameters
            if parameter not in values
        }:
            raise _missing(missing, self.expression, values)
        active = [
            (part, key)
            for part, key in zip(self._parts, keys, strict=True)
            if key is not None and part.applies_to(user, values)
        ]
        if not active:
            return None
        by_events = [(part, key) for part, key in active if part.by_events]
        by_table = [(part, key) for part, key in active if not part.by_events]
        if not any(part.include for part, _ in by_events):
            found = self._of_table(by_table, values, place)
            if not by_events:
                return found
            mask = np.ones(self._count, np.bool_) if found is None else found.copy()
        else:
            included = [(part, key) for part, key in by_table if part.include]
            excluded = [(part, key) for part, key in by_table if not part.include]
            found = self._of_table(included, values, place)
            mask = np.zeros(self._count, np.bool_) if found is None else found.copy()
            for part, _ in by_events:
                if part.include:
                    mask[part.positions(events, values)] = True
            allowed = self._of_table(excluded, values, place)
            if allowed is not None:
                mask &= allowed
        for part, _ in by_events:
            if not part.include:
                mask[part.positions(events, values)] = False
        return mask

    def _of_table(
        self, parts: Sequence[tuple[_CompiledPart, Any]], values: Mapping[str, str], place: int | None
    ) -> BoolArray | None:
        """Combine parts that no event has a say in: union of the includes without the excludes."""
        if not parts:
            return None
        key = tuple(parts)
        result = self._kept.get(key)
        if result is None:
            included = excluded = None
            for part, _ in parts:
                mask = part.mask(values, place)
                if part.include:
                    included = mask if included is None else included | mask
                else:
                    excluded = mask if excluded is None else excluded | mask
            if included is None:
                assert excluded is not None, "every part is one or the other"
                result = ~excluded
            else:
                result = included if excluded is None else included & ~excluded
            self._kept.keep(key, result)
        return result


class _CompiledPart:
    """One INCLUDE or EXCLUDE."""

    def __init__(self, part: Part, table: ItemTable) -> None:
        self.part = part
        self.include = part.action == "INCLUDE"
        self.parameters = tuple(sorted(part.parameters))
        self.by_events = next(iter(part.condition)).dataset in _EVENTS
        self._table = table
        self._uses_item = any(
            isinstance(value, CurrentItemField)
            for comparison in part.condition
            for value in comparison.values
        )

    def key(self, values: Mapping[str, str], place: int | None) -> tuple[Any, ...] | None:
        """Return all that the mask depends on; None if a value is missing."""
        try:
            given = tuple([values[parameter] for parameter in self.parameters])
        except KeyError:
            return None
        return (*given, place) if self._uses_item else given

    def applies_to(self, user: Mapping[str, Any] | None, values: Mapping[str, str]) -> bool:
        """Tell whether the user meets all conditions after IF."""
        if not self.part.only_if:
            return True
        known = {name.casefold(): value for name, value in (user or {}).items()}
        return all(
            _user_meets(condition, known.get(condition.field.casefold()), values)
            for condition in self.part.only_if
        )

    def positions(self, events: UserEvents, values: Mapping[str, str]) -> Int32Array:
        """Return the positions of the things whose events meet the condition."""
        alternatives = [
            [
                (comparison.operator in _NEGATIVE, _event_types(comparison, values))
                for comparison in alternative.comparisons
            ]
            for alternative in self.part.condition.alternatives
        ]
        return events.of_types(
            [
                event_type
                for event_type in events.positions
                if any(
                    all(
                        (wanted is None or event_type in wanted) != negative
                        for negative, wanted in alternative
                    )
                    for alternative in alternatives
                )
            ]
        )

    def mask(self, values: Mapping[str, str], place: int | None) -> BoolArray:
        """Tell which positions meet the condition; a new array."""
        result: BoolArray | None = None
        for alternative in self.part.condition.alternatives:
            found: BoolArray | None = None
            for comparison in alternative.comparisons:
                one = self._compare(comparison, values, place)
                found = one if found is None else np.logical_and(found, one, out=found)
            assert found is not None, "the grammar has no empty condition"
            result = found if result is None else np.logical_or(result, found, out=result)
        assert result is not None, "the grammar has no empty condition"
        return result

    def _compare(self, comparison: Comparison, values: Mapping[str, str], place: int | None) -> BoolArray:
        kind = self._table.kind(comparison.field)
        literals = self._literals(comparison, values, place)
        if kind == "numbers":
            return self._compare_numbers(comparison, literals)
        if comparison.operator in ("<", "<=", ">", ">="):
            for literal in literals:
                _number(literal, comparison)
            return np.zeros(len(self._table), np.bool_)  # the column is missing: all null
        mask = np.zeros(len(self._table), np.bool_)
        if kind == "categories":
            categories = self._table.categories(comparison.field)
            for literal in literals:
                mask[categories.positions(literal.text)] = True
        if comparison.operator in _NEGATIVE:
            np.logical_not(mask, out=mask)
        return mask

    def _compare_numbers(self, comparison: Comparison, literals: Sequence[_Literal]) -> BoolArray:
        column = self._table.numbers(comparison.field)
        if comparison.operator in _COMPARE:
            if not literals:  # the current item has no value to compare with
                return np.zeros(len(column), np.bool_)
            compared: BoolArray = _COMPARE[comparison.operator](column, _number(literals[0], comparison))
            return compared
        mask = np.zeros(len(column), np.bool_)
        for literal in literals:
            mask |= column == _number(literal, comparison, quoted=True)
        return np.logical_not(mask, out=mask) if comparison.operator == "NOT IN" else mask

    def _literals(
        self, comparison: Comparison, values: Mapping[str, str], place: int | None
    ) -> list[_Literal]:
        literals: list[_Literal] = []
        for value in comparison.values:
            if isinstance(value, CurrentItemField):
                if place is not None and self._table.kind(value.name) is not None:
                    literals += [_as_number(part) for part in self._table.parts(place, value.name)]
            else:
                literals += _given(value, values)
        if comparison.operator in _COMPARE and len(literals) > 1:
            raise _too_many(comparison, literals)
        return literals


def _missing(missing: set[str], expression: FilterExpression, values: Mapping[str, str]) -> FilterValueError:
    unknown = sorted(values.keys() - expression.parameters)
    return FilterValueError(
        f"The filter needs a value for each of its parameters; missing: {', '.join(sorted(missing))}."
        + (f" It does not know {', '.join(unknown)}; case matters, and there is no $." if unknown else "")
    )


def _too_many(condition: Comparison | UserCondition, literals: Sequence[_Literal]) -> FilterValueError:
    given = ", ".join(literal.text for literal in literals)
    return FilterValueError(
        f"{condition.field} {condition.operator} takes one value, not {len(literals)}: {given}."
    )


def _given(value: Value, values: Mapping[str, str]) -> Iterator[_Literal]:
    """Give the constants that a value of an expression stands for."""
    if isinstance(value, Parameter):
        yield from parse_values(value.name, values[value.name])
    elif isinstance(value, Text):
        yield _Literal(value.text, None)
    elif isinstance(value, Number):
        yield _Literal(str(value), value.number)


_VALUE = re.compile(
    r"""\s*
        (?: "(?P<text> (?: [^"\\] | \\. )* )"
          | (?P<number> [+-]? (?: \d+ \.? \d* | \.\d+ ) (?: [eE][+-]?\d+ )? )
        )
        \s* (?P<more> , | $ )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@lru_cache(maxsize=1024)
def parse_values(parameter: str, text: str) -> tuple[_Literal, ...]:
    r"""Read one of filterValues: `"comedy","drama"` with the quotes, or `20`, or several with commas.

    Raises:
        FilterValueError: it is written in another way.

    """
    literals = []
    position = 0
    more = True
    while more:
        found = _VALUE.match(text, position)
        if found is None:
            bare = ",".join(f'"{part.strip()}"' for part in text.split(","))
            advice = f" Texts are given in double quotes: {bare}" if '"' not in text and text.strip() else ""
            raise FilterValueError(
                f"The value of the filter parameter {parameter} cannot be read: {text}"
                f" (from character {position + 1})."
                + (advice or ' Give texts in double quotes with commas between them: "comedy","drama"')
            )
        if found["number"] is not None:
            literals.append(_Literal(found["number"], float(found["number"])))
        else:
            literals.append(_Literal(re.sub(r'\\(["\\])', r"\1", found["text"]), None))
        more = found["more"] == ","
        position = found.end()
    return tuple(literals)


def _as_number(value: str) -> _Literal:
    try:
        return _Literal(value, float(value))
    except ValueError:
        return _Literal(value, None)


def _number(literal: _Literal, condition: Comparison | UserCondition, *, quoted: bool = False) -> float:
    """Return what a number is compared with; NaN, which equals nothing, for a quoted text in a list."""
    if literal.number is not None:
        return literal.number
    if quoted:
        number = _as_number(literal.text).number
        return float("nan") if number is None else number
    raise FilterValueError(
        f'{condition.field} {condition.operator} compares numbers; "{literal.text}" is a text.'
        " Give numbers without quotes: 20"
    )


def _event_types(comparison: Comparison, values: Mapping[str, str]) -> frozenset[str] | None:
    """Return event types in lower case; None for all of them."""
    names: set[str] = set()
    for value in comparison.values:
        if isinstance(value, Everything):
            return None
        names.update(literal.text.lower() for literal in _given(value, values))
    if comparison.dataset == DatasetType.ACTION_INTERACTIONS:
        names = {action_event(name) for name in names}
    return None if "*" in names else frozenset(names)


def action_event(event_type: str) -> str:
    """One name for a type of action interactions: the guide writes "Not Taken" and "NOT_TAKEN"."""
    return event_type.lower().replace(" ", "_")


def _user_meets(condition: UserCondition, found: Any, values: Mapping[str, str]) -> bool:
    if found is None:
        return False
    literals = [literal for value in condition.values for literal in _given(value, values)]
    if condition.operator in _COMPARE and len(literals) > 1:
        raise _too_many(condition, literals)
    if isinstance(found, (int, float)):
        if condition.operator in _COMPARE:
            return bool(_COMPARE[condition.operator](float(found), _number(literals[0], condition)))
        matches = any(float(found) == _number(literal, condition, quoted=True) for literal in literals)
        return matches != (condition.operator in _NEGATIVE)
    if condition.operator in ("<", "<=", ">", ">="):
        raise FilterValueError(
            f"CurrentUser.{condition.field} is a text and cannot be compared with {condition.operator}."
        )
    owned = {found} if isinstance(found, str) else set(found)
    return any(literal.text in owned for literal in literals) != (condition.operator in _NEGATIVE)
