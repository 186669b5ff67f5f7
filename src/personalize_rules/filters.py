"""Filter expressions: the grammar, and what an expression may say about a given set of datasets.

    filter    := part ( "|" part )*
    part      := ( INCLUDE | EXCLUDE ) target WHERE condition ( ( AND | OR ) condition )*
                 [ IF user ( AND user )* ]
    target    := ItemID | ActionID | UserID
    condition := field ( IN | NOT IN ) list | field IN CurrentItem.name
               | field compare ( number | placeholder | CurrentItem.name )
    user      := CurrentUser.name ( ( IN | NOT IN ) list | compare ( number | text | placeholder ) )
    field     := ( Interactions | Items | Users | Actions | Action_Interactions ) "." name
    list      := "(" value ( "," value )* ")"          value := text | number | placeholder | "*"
    compare   := = | != | < | <= | > | >=              placeholder := "$" name, also in parentheses

Keywords, dataset names and field names are read without regard to case; text and placeholders keep theirs.
AND binds more tightly than OR. Neither is documented; both are how the guide's examples read.

Source: Developer Guide, "Filter expressions", "Filter expression elements", "Combining multiple expressions".
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal

from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Problem, Schema

Action = Literal["INCLUDE", "EXCLUDE"]
Target = Literal["ItemID", "ActionID", "UserID"]
Operator = Literal["IN", "NOT IN", "=", "!=", "<", "<=", ">", ">="]

_TARGETS: Final[Mapping[str, Target]] = {"itemid": "ItemID", "actionid": "ActionID", "userid": "UserID"}
_COMPARISONS: Final[Mapping[str, Operator]] = {op: op for op in ("=", "!=", "<", "<=", ">", ">=")}
_ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})
_DATASETS: Final[Mapping[str, DatasetType]] = {
    "interactions": DatasetType.INTERACTIONS,
    "items": DatasetType.ITEMS,
    "users": DatasetType.USERS,
    "actions": DatasetType.ACTIONS,
    "action_interactions": DatasetType.ACTION_INTERACTIONS,
}
_SPELLING: Final[Mapping[DatasetType, str]] = {
    DatasetType.INTERACTIONS: "Interactions",
    DatasetType.ITEMS: "Items",
    DatasetType.USERS: "Users",
    DatasetType.ACTIONS: "Actions",
    DatasetType.ACTION_INTERACTIONS: "Action_Interactions",
}
_EVENTS: Final = frozenset({DatasetType.INTERACTIONS, DatasetType.ACTION_INTERACTIONS})
_FILTERABLE: Final[Mapping[Target, frozenset[DatasetType]]] = {
    "ItemID": frozenset({DatasetType.INTERACTIONS, DatasetType.ITEMS}),
    "ActionID": frozenset({DatasetType.ACTION_INTERACTIONS, DatasetType.ACTIONS}),
    "UserID": frozenset({DatasetType.INTERACTIONS, DatasetType.USERS}),
}
# Personalize applies these by itself, filters cannot.
_NOT_FILTERABLE: Final = frozenset(
    {"ACTION_EXPIRATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY"}
)


class FilterSyntaxError(ValueError):
    """An expression that does not follow the grammar; the text says what was expected and how to write it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Where in the expression, counted from 0."""

    def __str__(self) -> str:
        return f"position {self.position + 1}: {self.message}"


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
    if operator in _COMPARISONS or isinstance(values[0], CurrentItemField):
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
        return f"{_SPELLING[self.dataset]}.{self.field} {_right_side(self.operator, self.values)}"


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
        return any(comparison.dataset in _EVENTS for part in self.parts for comparison in part.condition)

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


def parse_filter(expression: str) -> FilterExpression:
    """Read an expression.

    Raises:
        FilterSyntaxError: it does not follow the grammar.

    """
    return _Parser(expression).filter()


_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ )
    | (?P<text>    " (?: [^"\\] | \\. )* " )
    | (?P<number>  [+-]? (?: \d+ (?: \.\d* )? | \.\d+ ) (?: [eE][+-]?\d+ )? (?! [A-Za-z0-9_.] ) )
    | (?P<param>   \$ [A-Za-z0-9_]+ )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<compare> <= | >= | != | [=<>] )
    | (?P<mark>    [.,()|*] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        """Lower case, if it is a word."""
        return self.text.lower() if self.kind == "word" else ""

    def __str__(self) -> str:
        return "the end of the expression" if self.kind == "end" else f"'{self.text}'"


def _tokens(expression: str) -> list[_Token]:
    tokens = []
    position = 0
    while position < len(expression):
        found = _TOKEN.match(expression, position)
        if found is None:
            raise FilterSyntaxError(_unreadable(expression[position:]), position)
        if found.lastgroup != "space":
            tokens.append(_Token(str(found.lastgroup), found.group(), position))
        position = found.end()
    tokens.append(_Token("end", "", len(expression)))
    return tokens


def _unreadable(rest: str) -> str:
    first = rest[0]
    if first == '"':
        return 'a text that begins here has no closing ". Texts are written in double quotes: "Comedy".'
    if first in "'\u2018\u2019\u201c\u201d\u201e`":
        return f'{first} is not a quote that filters know. Write texts in straight double quotes: "Comedy".'
    if first == "$":
        return "a placeholder needs a name of letters, digits and underscores: $GENRE."
    if first.isdigit():
        word = rest.split(maxsplit=1)[0]
        return f"'{word}' is neither a number nor a name. Write texts in double quotes: \"Comedy\"."
    return f"{json.dumps(first)} has no meaning in a filter. Remove it, or put texts in double quotes."


class _Parser:
    """Recursive descent; one method per rule of the grammar."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _error(self, message: str, token: _Token | None = None) -> FilterSyntaxError:
        return FilterSyntaxError(message, (token or self._next).position)

    def _keyword(self, *words: str) -> str | None:
        """Take the next token if it is one of these words."""
        if self._next.word in words:
            return self._take().word
        return None

    def _mark(self, mark: str) -> bool:
        if self._next.kind in ("mark", "compare") and self._next.text == mark:
            self._take()
            return True
        return False

    def filter(self) -> FilterExpression:
        parts = [self._part()]
        while self._mark("|"):
            parts.append(self._part())
        if self._next.kind != "end":
            raise self._error(self._after_part(parts[-1]))
        return FilterExpression(tuple(parts), self._expression)

    def _after_part(self, part: Part) -> str:
        token = self._next
        if token.word == "or" and part.only_if:
            return (
                "conditions after IF can only be joined with AND. Write a second expression after | instead."
            )
        if token.word == "if":
            return "IF can stand only once, at the end of an expression. Join its conditions with AND."
        if token.word in ("include", "exclude"):
            return f"expected | before {token}. Expressions are joined with |."
        wanted = "AND or |" if part.only_if else "AND, OR, IF or |"
        return f"expected {wanted} or the end of the expression, found {token}."

    def _part(self) -> Part:
        token = self._next
        action = self._keyword("include", "exclude")
        if action is None:
            hint = _close(token.word, ("include", "exclude"))
            raise self._error(
                f"expected INCLUDE or EXCLUDE, found {token}.{hint} Begin with EXCLUDE ItemID WHERE ..."
            )
        target = self._target()
        token = self._next
        if not self._keyword("where"):
            raise self._error(
                f"expected WHERE after {target}, found {token}.{_close(token.word, ('where',))}"
            )
        condition = self._condition()
        only_if = self._only_if() if self._keyword("if") else ()
        return Part("INCLUDE" if action == "include" else "EXCLUDE", target, condition, only_if)

    def _target(self) -> Target:
        token = self._take()
        if token.word not in _TARGETS:
            hint = _close(token.word, _TARGETS.values())
            raise self._error(f"expected ItemID, ActionID or UserID, found {token}.{hint}", token)
        return _TARGETS[token.word]

    def _condition(self) -> AnyOf:
        alternatives = [[self._comparison()]]
        while word := self._keyword("and", "or"):
            if word == "or":
                alternatives.append([])
            alternatives[-1].append(self._comparison())
        return AnyOf(tuple(AllOf(tuple(comparisons)) for comparisons in alternatives))

    def _comparison(self) -> Comparison:
        first = self._next
        if first.text == "(":
            raise self._error(
                "conditions cannot be put in parentheses. AND binds more tightly than OR; use | to combine."
            )
        owner, name = self._dotted("a field such as Items.GENRE")
        if owner == "currentuser":
            raise self._error("CurrentUser can be used only after IF: ... IF CurrentUser.AGE > 18", first)
        if owner == "currentitem":
            raise self._error(
                "CurrentItem can stand only on the right: Items.PRICE < CurrentItem.PRICE", first
            )
        if owner not in _DATASETS:
            hint = _close(owner, _SPELLING.values())
            names = ", ".join(_SPELLING.values())
            raise self._error(f"'{first.text}' is not a dataset.{hint} There are {names}.", first)
        operator, values = self._right_side(user=False)
        return Comparison(_DATASETS[owner], name, operator, values)

    def _only_if(self) -> tuple[UserCondition, ...]:
        conditions = [self._user_condition()]
        while self._keyword("and"):
            conditions.append(self._user_condition())
        return tuple(conditions)

    def _user_condition(self) -> UserCondition:
        first = self._next
        owner, name = self._dotted("a field of the user such as CurrentUser.AGE")
        if owner != "currentuser":
            raise self._error(
                f"only CurrentUser can be used after IF, found {first}: ... IF CurrentUser.AGE > 18", first
            )
        operator, values = self._right_side(user=True)
        return UserCondition(name, operator, values)

    def _dotted(self, wanted: str) -> tuple[str, str]:
        """`owner.name`: the owner in lower case, the name as written."""
        token = self._take()
        if token.kind != "word":
            raise self._error(f"expected {wanted}, found {token}.", token)
        if not self._mark("."):
            raise self._error(
                f"expected {wanted}, found {token}. Name the dataset too, joined to the field with a dot.",
                token,
            )
        name = self._take()
        if name.kind != "word":
            raise self._error(f"expected the name of a field after '{token.text}.', found {name}.", name)
        return token.word, name.text

    def _right_side(self, *, user: bool) -> tuple[Operator, tuple[Value, ...]]:
        token = self._take()
        if token.kind == "compare":
            return _COMPARISONS[token.text], (self._operand(token.text, user=user),)
        if token.word == "in":
            if not user and self._next.word == "currentitem":
                return "IN", (self._current_item(),)
            return "IN", self._list("IN")
        if token.word == "not":
            after = self._take()
            if after.word != "in":
                raise self._error(f"expected IN after NOT, found {after}.", after)
            if self._next.word == "currentitem":
                raise self._error(
                    "NOT IN takes a list of values, not CurrentItem. Use IN with the opposite action."
                )
            return "NOT IN", self._list("NOT IN")
        hint = _close(token.word, ("in", "not"))
        raise self._error(f"expected IN, NOT IN, =, !=, <, <=, > or >=, found {token}.{hint}", token)

    def _operand(self, operator: str, *, user: bool) -> Value:
        token = self._next
        if token.kind == "number":
            return self._number()
        if token.kind == "param":
            return self._parameter()
        if self._mark("("):
            if self._next.kind != "param":
                raise self._error(
                    f"only a placeholder can stand in parentheses after {operator}. Write {operator} 5"
                )
            parameter = self._parameter()
            if not self._mark(")"):
                raise self._error(f"expected ) after {parameter}, found {self._next}.")
            return parameter
        if user and token.kind == "text":
            return self._text()
        if not user and token.word == "currentitem":
            return self._current_item()
        if token.kind == "text":
            raise self._error(
                f"{operator} compares numbers, found the text {token.text}. Write IN ({token.text})"
            )
        raise self._error(f"expected a number or a placeholder after {operator}, found {token}.")

    def _current_item(self) -> CurrentItemField:
        return CurrentItemField(self._dotted("a field of the item such as CurrentItem.GENRE")[1])

    def _list(self, operator: str) -> tuple[Value, ...]:
        if not self._mark("("):
            raise self._error(
                f'expected a list in parentheses after {operator}, found {self._next}: {operator} ("Comedy")'
            )
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        if not self._mark(")"):
            raise self._error(f"expected , or ) in the list, found {self._next}.")
        return tuple(values)

    def _value(self) -> Value:
        token = self._next
        if token.kind == "text":
            return self._text()
        if token.kind == "number":
            return self._number()
        if token.kind == "param":
            return self._parameter()
        if self._mark("*"):
            return Everything()
        if token.kind == "word":
            raise self._error(f'texts are written in double quotes: "{token.text}"')
        raise self._error(
            f'expected a value, found {token}: a text ("Comedy"), a number or a placeholder ($GENRE).'
        )

    def _text(self) -> Value:
        text = re.sub(r'\\(["\\])', r"\1", self._take().text[1:-1])
        return Everything() if text == "*" else Text(text)

    def _number(self) -> Number:
        token = self._take()
        number = float(token.text)
        if not math.isfinite(number):
            raise self._error(f"{token.text} is too large a number.", token)
        return Number(number)

    def _parameter(self) -> Parameter:
        token = self._take()
        name = token.text[1:]
        if len(name) > quotas.FILTER_PARAMETER_NAME_LENGTH:
            raise self._error(
                f"the name of a placeholder has at most {quotas.FILTER_PARAMETER_NAME_LENGTH} characters, "
                f"this one {len(name)}.",
                token,
            )
        return Parameter(name)


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
                f"{_SPELLING[first]} and {_SPELLING[comparison.dataset]} cannot stand in one expression.",
                "Write two expressions and join them with |.",
            )
        elif comparison.dataset not in _FILTERABLE[part.target]:
            advice = (
                "Conditions on the user go after IF: IF CurrentUser.AGE > 18"
                if part.target == "ItemID"
                else ""
            )
            yield Problem(
                place, f"{part.target} cannot be selected by {_SPELLING[comparison.dataset]}.", advice
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
    name = f"{_SPELLING[comparison.dataset]}.{comparison.field}"
    events = comparison.dataset in _EVENTS
    event_type = events and comparison.field.upper() == "EVENT_TYPE"
    if events and not event_type:
        yield Problem(
            place,
            f"{name}: {_SPELLING[comparison.dataset]} can be filtered only by EVENT_TYPE.",
            f'Write {_SPELLING[comparison.dataset]}.EVENT_TYPE IN ("click")',
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
        hint = _close(name, [field.name for field in schema.fields]).strip()
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
    if found is None or condition.operator not in _COMPARISONS:
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


def _close(text: str, known: object) -> str:
    """` Did you mean 'x'?` or nothing."""
    by_case = {str(name).lower(): str(name) for name in known}  # type: ignore[attr-defined]
    found = get_close_matches(text.lower(), by_case, n=1, cutoff=0.6)
    if not found:
        return ""
    name = by_case[found[0]]
    return f" Did you mean '{name.upper() if name.islower() else name}'?"
