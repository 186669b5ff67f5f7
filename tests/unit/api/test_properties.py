"""Values of Put calls, by the types of their columns: what a column cannot hold must not get in."""

from typing import Any

import pytest

from personalize_local.service.errors import InvalidInputException
from personalize_local.service.properties import column_values, parse_properties
from personalize_rules.schemas import Field, Schema

SCHEMA = Schema(
    "Items",
    (
        Field("COUNT", "int", nullable=False),
        Field("VIEWS", "long", nullable=True),
        Field("PRICE", "float", nullable=False),
        Field("WEIGHT", "double", nullable=False),
        Field("TITLE", "string", nullable=True),
        Field("IS_NEW", "boolean", nullable=False),
    ),
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('{"count": 7.0, "views": 9223372036854775807}', {"COUNT": 7, "VIEWS": 9223372036854775807}),
        ('{"price": 3, "weight": 1e300}', {"PRICE": 3.0, "WEIGHT": 1e300}),
        ('{"title": null, "isNew": true, "other": [1]}', {"TITLE": None, "IS_NEW": True}),
        ('{"title": "\\ud83c\\udfac"}', {"TITLE": "\U0001f3ac"}),
        (None, {}),
    ],
)
def test_values_get_the_type_of_their_column(text: str | None, columns: dict[str, Any]) -> None:
    found, problems = column_values(parse_properties(text), SCHEMA)

    assert found == columns
    assert problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"count": 2147483648}', "properties: COUNT: 2147483648 is too large for the type of this column"),
        ('{"count": -1e999}', "properties: COUNT: -Infinity must be a whole number"),
        ('{"views": 9223372036854775808}', "VIEWS: 9223372036854775808 is too large"),
        ('{"price": 1e39}', "PRICE: 1e+39 is too large"),
        ('{"weight": 1e999}', "WEIGHT: Infinity is too large"),
        ('{"count": 1.5}', "must be a whole number"),
        ('{"count": true}', "must be a number"),
        ('{"count": null}', "is not allowed: the schema has no null"),
        ('{"isNew": 1}', "must be true or false"),
        ('{"title": 5}', "must be a string"),
    ],
)
def test_what_a_column_cannot_hold_is_named(text: str, problem: str) -> None:
    columns, problems = column_values(parse_properties(text), SCHEMA)

    assert columns == {}
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"price": NaN}', '{"title": "\\ud800"}', "[" * 1000], ids=lambda text: text[:12]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputException, match="Error parsing properties json"):
        parse_properties(text)
