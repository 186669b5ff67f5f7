"""Properties of records, whatever clients send: every value is one that an import would take, or is named."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.service.errors import InvalidInputException
from personalize_local.service.properties import column_name, parse_properties, record_columns
from personalize_rules import quotas
from personalize_rules.schemas import Field, Schema

KINDS = ("string", "int", "long", "float", "double", "boolean")
SCHEMA = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        *(Field(f"{kind.upper()}_COLUMN", kind) for kind in KINDS),
        *(Field(f"MAYBE_{kind.upper()}", kind, nullable=True) for kind in KINDS),
        Field("LONG_TEXT", "string", nullable=True, textual=True),
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([field.name for field in SCHEMA.fields if field.name != "ITEM_ID"])


def camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.title() for word in rest)


def fits(field: Field, value: Any) -> bool:
    """Whether a column of this type can hold the value, said in another way than the code says it."""
    if value is None:
        return field.nullable
    match field.type:
        case "string":
            longest = quotas.TEXTUAL_VALUE_LENGTH if field.textual else quotas.STRING_VALUE_LENGTH
            return isinstance(value, str) and len(value) <= longest
        case "boolean":
            return isinstance(value, bool)
        case "int" | "long":
            bits = 31 if field.type == "int" else 63
            return type(value) is int and -(2**bits) <= value < 2**bits
        case _:
            return type(value) is float and math.isfinite(value)


def named(name: str, problems: list[str]) -> bool:
    """Whether a problem is about this column."""
    begin = (f"properties: {name}: ", f"properties: {name} is missing")
    too_long = f"properties: Length cannot be more than {quotas.STRING_VALUE_LENGTH} characters for {name}"
    return any(problem.startswith(begin) or problem == too_long for problem in problems)


@given(st.dictionaries(NAMES, JSON))
def test_what_is_kept_fits_its_column_and_what_does_not_is_named(given_values: dict[str, Any]) -> None:
    text = json.dumps({camel(name): value for name, value in given_values.items()})
    columns, problems = record_columns(parse_properties(text), SCHEMA, "ITEM_ID", need_required=True)

    fields = {field.name: field for field in SCHEMA.fields}
    for name, value in columns.items():
        assert fits(fields[name], value) or named(name, problems)
    assert "ITEM_ID" not in columns
    for name, field in fields.items():
        if name not in given_values:
            assert named(name, problems) == (not field.nullable and name != "ITEM_ID")
        else:
            assert named(name, problems) or name in columns


@given(st.text(max_size=60))
def test_any_text_is_an_object_or_refused(text: str) -> None:
    try:
        wanted = not text or isinstance(json.loads(text, parse_constant=lambda _: []), dict)
    except ValueError:
        wanted = False
    if wanted:
        assert isinstance(parse_properties(text), dict)
    else:
        with pytest.raises(InvalidInputException, match=r"^Error parsing properties json$"):
            parse_properties(text)


@given(NAMES)
def test_a_column_is_found_by_its_camel_case_and_its_own_name(name: str) -> None:
    assert column_name(camel(name)) == name
    assert column_name(name) == name


@pytest.mark.parametrize("key", ["is4K", "IS_4K", "is_4k", "is4k", "Is4K"])
def test_words_of_a_key_may_begin_anywhere(key: str) -> None:
    schema = Schema("Items", (Field("ITEM_ID", "string"), Field("IS_4K", "string")))

    found = record_columns(parse_properties(json.dumps({key: "yes"})), schema, "ITEM_ID", need_required=True)

    assert found == ({"IS_4K": "yes"}, [])


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a" * 20_001, 20_000), ("a" * 19_999 + "\u6620", 7_000), ("\u6620" * 7_000, 7_000)],
    ids=["Latin", "one Chinese character", "all Chinese"],
)
def test_too_much_text_in_a_textual_column_is_cut(text: str, kept: int) -> None:
    columns, problems = record_columns({"LONG_TEXT": text}, SCHEMA, "ITEM_ID", need_required=False)

    assert (len(columns["LONG_TEXT"]), problems) == (kept, [])
