"""What Personalize refuses in a filter that can be read, given the schemas of the datasets."""

from collections.abc import Iterator, Mapping
from typing import Final

from personalize_rules import quotas
from personalize_rules.filters.expression import (
    COMPARISONS,
    EVENTS,
    SPELLING,
    Comparison,
    CurrentItemField,
    Everything,
    FilterExpression,
    Number,
    Operator,
    Parameter,
    Part,
    Target,
    Text,
    UserCondition,
    Value,
)
from personalize_rules.schemas import DatasetType, Problem, Schema
from personalize_rules.spelling import did_you_mean

_ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})
_FILTERABLE: Final[Mapping[Target, frozenset[DatasetType]]] = {
    "ItemID": frozenset({DatasetType.INTERACTIONS, DatasetType.ITEMS}),
    "ActionID": frozenset({DatasetType.ACTION_INTERACTIONS, DatasetType.ACTIONS}),
    "UserID": frozenset({DatasetType.INTERACTIONS, DatasetType.USERS}),
}
# Personalize applies these by itself, filters cannot.
_NOT_FILTERABLE: Final = frozenset(
    {"ACTION_EXPIRATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY"}
)


def check_filter(filter: FilterExpression, schemas: Mapping[DatasetType, Schema]) -> list[Problem]:  # noqa: A002
    """Find all in a readable filter that Personalize refuses, given the schemas of the datasets.

    The place of a problem is the part it is in (`parts[1]`), or empty.
    """
    problems = []
    if len(filter.text) > quotas.FILTER_EXPRESSION_LENGTH:
        problems.append(
            Problem(
                "",
                f"{len(filter.text)} characters; at most {quotas.FILTER_EXPRESSION_LENGTH} are allowed.",
            )
        )
    if len(filter.fields) > quotas.FILTER_FIELDS:
        problems.append(
            Problem("", f"{len(filter.fields)} different fields; at most {quotas.FILTER_FIELDS} in a filter.")
        )
    if len(filter.parameters) > quotas.FILTER_PARAMETERS:
        problems.append(
            Problem(
                "",
                f"{len(filter.parameters)} placeholders; a filter can have {quotas.FILTER_PARAMETERS}.",
            )
        )
    for index, part in enumerate(filter.parts):
        if part.target != filter.target:
            problems.append(
                Problem(
                    f"parts[{index}]",
                    f"selects {part.target}, the first expression {filter.target}.",
                    "A filter selects one kind of thing; make two filters.",
                )
            )
        problems += _check_part(part, f"parts[{index}]", schemas)
    return list(dict.fromkeys(problems))


def _check_part(part: Part, place: str, schemas: Mapping[DatasetType, Schema]) -> Iterator[Problem]:
    first = next(iter(part.condition)).dataset
    for comparison in part.condition:
        if comparison.dataset != first:
            yield Problem(
                place,
                f"{SPELLING[first]} and {SPELLING[comparison.dataset]} cannot stand in one expression.",
                "Write two expressions and join them with |.",
            )
        elif comparison.dataset not in _FILTERABLE[part.target]:
            advice = (
                "Conditions on the user go after IF: IF CurrentUser.AGE > 18"
                if part.target == "ItemID"
                else ""
            )
            yield Problem(
                place, f"{part.target} cannot be selected by {SPELLING[comparison.dataset]}.", advice
            )
        yield from _check_comparison(comparison, place, schemas)
        if part.target != "ItemID" and any(
            isinstance(value, CurrentItemField) for value in comparison.values
        ):
            yield Problem(place, f"CurrentItem has no meaning for {part.target}.")
    for user in part.only_if:
        yield from _check_field(f"CurrentUser.{user.field}", DatasetType.USERS, user.field, place, schemas)
        yield from _check_values(f"CurrentUser.{user.field}", user.operator, user.values, place)
        yield from _check_kind(f"CurrentUser.{user.field}", DatasetType.USERS, user, place, schemas)


def _check_comparison(
    comparison: Comparison, place: str, schemas: Mapping[DatasetType, Schema]
) -> Iterator[Problem]:
    name = f"{SPELLING[comparison.dataset]}.{comparison.field}"
    events = comparison.dataset in EVENTS
    event_type = events and comparison.field.upper() == "EVENT_TYPE"
    if events and not event_type:
        yield Problem(
            place,
            f"{name}: {SPELLING[comparison.dataset]} can be filtered only by EVENT_TYPE.",
            f'Write {SPELLING[comparison.dataset]}.EVENT_TYPE IN ("click")',
        )
        return
    if event_type and comparison.operator not in ("IN", "NOT IN"):
        yield Problem(
            place, f"{name} cannot be compared with {comparison.operator}.", f'Write {name} IN ("click")'
        )
    yield from _check_field(name, comparison.dataset, comparison.field, place, schemas)
    yield from _check_values(name, comparison.operator, comparison.values, place, event_type=event_type)
    if not event_type:
        yield from _check_kind(name, comparison.dataset, comparison, place, schemas)
    for value in comparison.values:
        if isinstance(value, CurrentItemField):
            yield from _check_field(str(value), DatasetType.ITEMS, value.name, place, schemas)


def _check_values(
    name: str, operator: Operator, values: tuple[Value, ...], place: str, *, event_type: bool = False
) -> Iterator[Problem]:
    for value in values:
        if isinstance(value, Parameter) and operator == "NOT IN":
            yield Problem(
                place,
                f"Invalid input symbol: {value}. Placeholders are not allowed with NOT_IN operator.",
                "Use IN with the opposite action (EXCLUDE for INCLUDE).",
            )
        if isinstance(value, Everything) and not event_type:
            yield Problem(
                place, f"{name}: * can be used only with EVENT_TYPE, where it means all event types."
            )


def _check_field(
    shown: str, dataset: DatasetType, name: str, place: str, schemas: Mapping[DatasetType, Schema]
) -> Iterator[Problem]:
    schema = schemas.get(dataset)
    if schema is None:
        yield Problem(
            place,
            f"Invalid Expression: {shown} needs the dataset {dataset.word}, which is not there.",
            f"Add {dataset.word}, or remove the condition.",
        )
        return
    found = schema.find(name)
    if found is None:
        hint = did_you_mean(name, [field.name for field in schema.fields]).strip()
        names = ", ".join(field.name for field in schema.fields)
        yield Problem(
            place,
            f"Invalid Expression: the {dataset.word} schema has no field {name}.",
            hint or f"It has {names}.",
        )
    elif found.textual:
        yield Problem(place, f"Invalid Expression: {shown} is a textual field, and those cannot be filtered.")
    elif found.type == "boolean":
        yield Problem(
            place,
            f"Invalid Expression: {shown} is a boolean field, and those cannot be filtered.",
            'Make it a string ("True", "False") or an int (0, 1).',
        )
    elif dataset == DatasetType.ACTIONS and found.name in _NOT_FILTERABLE:
        yield Problem(
            place, f"Invalid Expression: {shown} cannot be filtered; Personalize applies it by itself."
        )


def _check_kind(
    name: str,
    dataset: DatasetType,
    condition: Comparison | UserCondition,
    place: str,
    schemas: Mapping[DatasetType, Schema],
) -> Iterator[Problem]:
    """Comparisons that the type of the field makes senseless."""
    schema = schemas.get(dataset)
    found = schema.find(condition.field) if schema else None
    value = condition.values[0]
    if found is None or condition.operator not in COMPARISONS:
        return
    if found.type == "string" and (condition.operator in _ORDERINGS or isinstance(value, Number)):
        yield Problem(
            place, f"{name} is a string and cannot be compared as a number.", f'Write {name} IN ("...")'
        )
    if found.numeric and isinstance(value, Text):
        yield Problem(
            place,
            f"{name} is a number and cannot be compared with the text {value}.",
            "Leave out the quotes.",
        )
