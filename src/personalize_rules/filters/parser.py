"""From text to tree, by the grammar that the package's docstring shows."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from personalize_rules import quotas
from personalize_rules.filters.expression import (
    COMPARISONS,
    SPELLING,
    AllOf,
    AnyOf,
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
from personalize_rules.schemas import DatasetType
from personalize_rules.spelling import did_you_mean

_TARGETS: Final[Mapping[str, Target]] = {"itemid": "ItemID", "actionid": "ActionID", "userid": "UserID"}
_DATASETS: Final[Mapping[str, DatasetType]] = {
    "interactions": DatasetType.INTERACTIONS,
    "items": DatasetType.ITEMS,
    "users": DatasetType.USERS,
    "actions": DatasetType.ACTIONS,
    "action_interactions": DatasetType.ACTION_INTERACTIONS,
}


class FilterSyntaxError(ValueError):
    """An expression that does not follow the grammar; the text says what was expected and how to write it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Where in the expression, counted from 0."""

    def __str__(self) -> str:
        return f"position {self.position + 1}: {self.message}"


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
            hint = did_you_mean(token.word, ("INCLUDE", "EXCLUDE"))
            raise self._error(
                f"expected INCLUDE or EXCLUDE, found {token}.{hint} Begin with EXCLUDE ItemID WHERE ..."
            )
        target = self._target()
        token = self._next
        if not self._keyword("where"):
            raise self._error(
                f"expected WHERE after {target}, found {token}.{did_you_mean(token.word, ('WHERE',))}"
            )
        condition = self._condition()
        only_if = self._only_if() if self._keyword("if") else ()
        return Part("INCLUDE" if action == "include" else "EXCLUDE", target, condition, only_if)

    def _target(self) -> Target:
        token = self._take()
        if token.word not in _TARGETS:
            hint = did_you_mean(token.word, _TARGETS.values())
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
            hint = did_you_mean(owner, SPELLING.values())
            names = ", ".join(SPELLING.values())
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
            return COMPARISONS[token.text], (self._operand(token.text, user=user),)
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
        hint = did_you_mean(token.word, ("IN", "NOT"))
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
