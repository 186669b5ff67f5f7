import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_rules.filters import Number, Text
from personalize_rules.item_attributes import (
    AttributesSyntaxError,
    ItemAttribute,
    ItemAttributes,
    check_item_attributes,
    parse_item_attributes,
)
from personalize_rules.schemas import Field, Schema

ITEMS = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRES", "string", categorical=True),
        Field("YEAR", "int"),
        Field("DESCRIPTION", "string", textual=True),
        Field("IN_STOCK", "boolean"),
    ),
)


def test_conditions_are_joined_by_and():
    found = parse_item_attributes(
        'ITEMS.genres = "Comedy" AND ITEMS.audience="teen" and items . YEAR = -1.5e3'
    )

    assert found.conditions == (
        ItemAttribute("genres", Text("Comedy")),
        ItemAttribute("audience", Text("teen")),
        ItemAttribute("YEAR", Number(-1500.0)),
    )


def test_a_backslash_takes_the_next_character_as_it_is():
    found = parse_item_attributes(r'ITEMS.genres = "Children\'s \"best\" \\ AND more"')

    assert found.conditions == (ItemAttribute("genres", Text('Children\'s "best" \\ AND more')),)


@pytest.mark.parametrize(
    ("text", "position", "because"),
    [
        ("", 1, "found the end, expected a condition such as"),
        ("genres = 1", 1, "expected a condition such as"),
        ('USERS.age = "1"', 1, "only columns of ITEMS"),
        ("ITEMS.genres", 13, "found the end, expected '='"),
        ('ITEMS.genres != "a"', 14, "the only comparison that there is"),
        ('ITEMS.genres == "a"', 14, "the only comparison that there is"),
        ("ITEMS.genres = Comedy", 16, "a text in double quotes"),
        ("ITEMS.genres = 'Comedy'", 16, "a text in double quotes"),
        ('ITEMS.genres = "Comedy', 16, "a text in double quotes"),
        ("ITEMS.year = 1e999", 14, "too large"),
        ("ITEMS.year = 12x", 14, "or a number"),
        ('ITEMS.a = "b" OR ITEMS.c = "d"', 15, "expected AND, or the end"),
        ('ITEMS.a = "b" AND', 18, "expected a condition such as"),
        ('ITEMS.a = "b" ANDITEMS.c = "d"', 15, "expected AND"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, position, because):
    with pytest.raises(AttributesSyntaxError) as caught:
        parse_item_attributes(text)

    assert caught.value.position + 1 == position
    assert because in str(caught.value)


def test_columns_that_cannot_be_used_are_all_named():
    found = parse_item_attributes(
        'ITEMS.GENRE = "a" AND ITEMS.description = "b" AND ITEMS.in_stock = "true" AND ITEMS.YEAR = "old"'
        ' AND ITEMS.genres = "c" AND ITEMS.year = "1999" AND ITEMS.year = 1999'
    )

    problems = check_item_attributes(found, ITEMS)

    assert len(problems) == 4
    assert problems[0].startswith("ITEMS.GENRE: the Items dataset has no such column. Did you mean 'GENRES'?")
    assert "textual" in problems[1]
    assert "boolean" in problems[2]
    assert '"old" is not a number' in problems[3]


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
_values = st.one_of(
    st.builds(Text, st.text()), st.builds(Number, st.floats(allow_nan=False, allow_infinity=False))
)
_trees = st.builds(
    ItemAttributes,
    st.lists(st.builds(ItemAttribute, _names, _values), min_size=1, max_size=4).map(tuple),
)


@given(_trees)
def test_what_is_printed_is_read_back(tree):
    assert parse_item_attributes(str(tree)) == tree


@given(st.one_of(st.text(), st.text(alphabet='ITEMS.a =("\\1AND')))
def test_any_text_is_read_or_refused_at_a_place_in_it(text):
    assert 0 <= _place_of_mistake(text) <= len(text)


def _place_of_mistake(text):
    """0 for what is read, and read again from its print."""
    try:
        tree = parse_item_attributes(text)
    except AttributesSyntaxError as error:
        return error.position
    return 0 if parse_item_attributes(str(tree)) == tree else -1
