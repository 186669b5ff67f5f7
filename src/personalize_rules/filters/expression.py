"""A filter as a tree: what the parser makes of the text, and what the check and the engine read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from personalize_rules.schemas import DatasetType

Action = Literal["INCLUDE", "EXCLUDE"]
Target = Literal["ItemID", "ActionID", "UserID"]
Operator = Literal["IN", "NOT IN", "=", "!=", "<", "<=", ">", ">="]

COMPARISONS: Final[Mapping[str, Operator]] = {op: op for op in ("=", "!=", "<", "<=", ">", ">=")}
SPELLING: Final[Mapping[DatasetType, str]] = {
    DatasetType.INTERACTIONS: "Interactions",
    DatasetType.ITEMS: "Items",
    DatasetType.USERS: "Users",
    DatasetType.ACTIONS: "Actions",
    DatasetType.ACTION_INTERACTIONS: "Action_Interactions",
}
EVENTS: Final = frozenset({DatasetType.INTERACTIONS, DatasetType.ACTION_INTERACTIONS})


@dataclass(frozen=True, slots=True)
class Text:
    """A text in double quotes. It matches exactly, except for event types, which match in any case."""

    text: str

    def __str__(self) -> str:
        return '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    number: float

    def __str__(self) -> str:
        whole = self.number.is_integer() and abs(self.number) < 2**53
        return str(int(self.number)) if whole else repr(self.number)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A placeholder, whose value comes with each request."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class CurrentItemField:
    """A field of the item that related items are asked for."""

    name: str

    def __str__(self) -> str:
        return f"CurrentItem.{self.name}"


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: every event type."""

    def __str__(self) -> str:
        return '"*"'


Value = Text | Number | Parameter | CurrentItemField | Everything


def _right_side(operator: Operator, values: tuple[Value, ...]) -> str:
    if operator in COMPARISONS or isinstance(values[0], CurrentItemField):
        return f"{operator} {values[0]}"
    return f"{operator} ({', '.join(str(value) for value in values)})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition on a field of a dataset. `field` is as written: look it up without regard to case.

    `values` has one value, except for IN and NOT IN, which have one or more and match when any (none) does.
    """

    dataset: DatasetType
    field: str
    operator: Operator
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{SPELLING[self.dataset]}.{self.field} {_right_side(self.operator, self.values)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Comparisons joined by AND."""

    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        return " AND ".join(str(comparison) for comparison in self.comparisons)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives joined by OR; one or more."""

    alternatives: tuple[AllOf, ...]

    def __iter__(self) -> Iterator[Comparison]:
        """All comparisons from left to right."""
        for alternative in self.alternatives:
            yield from alternative.comparisons

    def __str__(self) -> str:
        return " OR ".join(str(alternative) for alternative in self.alternatives)


@dataclass(frozen=True, slots=True)
class UserCondition:
    """One condition on the user that recommendations are for (CurrentUser)."""

    field: str
    operator: Operator
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"CurrentUser.{self.field} {_right_side(self.operator, self.values)}"


@dataclass(frozen=True, slots=True)
class Part:
    """One INCLUDE or EXCLUDE. It has no effect for users who do not meet all of `only_if`."""

    action: Action
    target: Target
    condition: AnyOf
    only_if: tuple[UserCondition, ...] = ()

    def __str__(self) -> str:
        only_if = f" IF {' AND '.join(str(user) for user in self.only_if)}" if self.only_if else ""
        return f"{self.action} {self.target} WHERE {self.condition}{only_if}"

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the placeholders in this part, without their $."""
        found = [comparison.values for comparison in self.condition] + [user.values for user in self.only_if]
        return frozenset(value.name for values in found for value in values if isinstance(value, Parameter))


@dataclass(frozen=True, slots=True)
class FilterExpression:
    """A filter: its parts, joined by `|`. `str()` gives one spelling; two equal trees print the same."""

    parts: tuple[Part, ...]
    text: str = field(default="", compare=False)
    """As it was written."""

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self.parts)

    @property
    def target(self) -> Target:
        """What it selects; all parts of a filter that passed `check_filter` select the same."""
        return self.parts[0].target

    @property
    def parameters(self) -> frozenset[str]:
        """Names of all placeholders, without their $."""
        return frozenset().union(*(part.parameters for part in self.parts))

    @property
    def uses_interactions(self) -> bool:
        """Whether its result depends on the user's events."""
        return any(comparison.dataset in EVENTS for part in self.parts for comparison in part.condition)

    @property
    def uses_current_user(self) -> bool:
        """Whether its result depends on the user's properties."""
        return any(part.only_if for part in self.parts)

    @property
    def uses_current_item(self) -> bool:
        """Whether it needs the item that related items are asked for."""
        return any(
            isinstance(value, CurrentItemField)
            for part in self.parts
            for comparison in part.condition
            for value in comparison.values
        )

    @property
    def fields(self) -> frozenset[tuple[DatasetType, str]]:
        """The distinct fields it names, upper case, as the quotas count them."""
        found = set()
        for part in self.parts:
            for comparison in part.condition:
                found.add((comparison.dataset, comparison.field.upper()))
                found |= {
                    (DatasetType.ITEMS, value.name.upper())
                    for value in comparison.values
                    if isinstance(value, CurrentItemField)
                }
            found |= {(DatasetType.USERS, user.field.upper()) for user in part.only_if}
        return frozenset(found)
