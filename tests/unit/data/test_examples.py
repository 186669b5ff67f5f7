"""Known users, known items and values for filters, out of the beginnings of the user's files."""

import pytest
from tests.unit.params.documents import CATEGORY, schema

from personalize_pipeline.data.examples import Head, examples_of
from personalize_rules.schemas import DatasetType, parse_schema

INTERACTIONS = b"""USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP
7,50,watch,1
8,51,click,2
7,52,watch,3
9,53,watch,4
10,54,watch,5
"""
ITEMS = b"ITEM_ID,GENRE,YEAR\n50,,1990\n51,Crime|Drama,2004\n52,Comedy,1977\n"
USERS = b"USER_ID,AGE\n7,31\n8,44\n"


def head(text, name, **fields):
    return Head(text, parse_schema(schema(name, **fields))[0])


HEADS = {
    DatasetType.INTERACTIONS: head(
        INTERACTIONS,
        "Interactions",
        USER_ID="string",
        ITEM_ID="string",
        EVENT_TYPE="string",
        TIMESTAMP="long",
    ),
    DatasetType.ITEMS: head(ITEMS, "Items", ITEM_ID="string", GENRE=CATEGORY, YEAR="int"),
    DatasetType.USERS: head(USERS, "Users", USER_ID="string", AGE="int"),
}


def values_for(expression, heads=HEADS):
    return examples_of(heads, {"filters": [{"name": "f", "filterExpression": expression}]}).filter_values


def test_users_and_items_come_from_the_interactions():
    found = examples_of(HEADS, {})

    assert found.user_id == "7"
    assert found.user_ids == ("7", "8", "9")
    assert found.item_ids == ("50", "51", "52")


def test_without_interactions_the_other_datasets_know_some():
    found = examples_of({kind: HEADS[kind] for kind in (DatasetType.ITEMS, DatasetType.USERS)}, {})

    assert (found.user_ids, found.item_ids) == (("7", "8"), ("50", "51", "52"))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        pytest.param("INCLUDE ItemID WHERE Items.genre IN ($G)", {"G": '"Crime"'}, id="first of categories"),
        pytest.param("INCLUDE ItemID WHERE Items.YEAR > $year", {"year": "1977"}, id="more than the lowest"),
        pytest.param(
            "INCLUDE ItemID WHERE Items.YEAR <= $year", {"year": "2004"}, id="less than the highest"
        ),
        pytest.param(
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($a, $b)",
            {"a": '"watch"', "b": '"watch"'},
            id="two placeholders",
        ),
        pytest.param(
            'EXCLUDE ItemID WHERE Items.GENRE IN ("x") IF CurrentUser.AGE < $age',
            {"age": "44"},
            id="of the user",
        ),
    ],
)
def test_a_placeholder_gets_a_value_of_its_column(expression, values):
    assert values_for(expression) == {"f": values}


@pytest.mark.parametrize(
    ("expression", "heads"),
    [
        pytest.param('INCLUDE ItemID WHERE Items.GENRE IN ("x")', HEADS, id="no placeholder"),
        pytest.param("INCLUDE ItemID WHERE Items.GENRE IN ($G)", {}, id="no data"),
        pytest.param("INCLUDE ItemID WHERE Items.MOOD IN ($M)", HEADS, id="no such column"),
        pytest.param("INCLUDE ItemID WHERE", HEADS, id="no expression"),
    ],
)
def test_otherwise_there_is_none(expression, heads):
    assert values_for(expression, heads) == {}
