import pytest

from personalize_rules.metric_expressions import (
    MetricExpression,
    check_metric_expression,
    parse_metric_expression,
)
from personalize_rules.schemas import DatasetType, Field, Schema

SCHEMAS = {
    DatasetType.ITEMS: Schema(
        "Items", (Field("ITEM_ID", "string"), Field("PRICE", "float"), Field("TITLE", "string"))
    )
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SAMPLECOUNT()", MetricExpression("samplecount")),
        (" samplecount( ) ", MetricExpression("samplecount")),
        ("SUM(Items.PRICE)", MetricExpression("sum", DatasetType.ITEMS, "PRICE")),
        (
            "sum( interactions.EVENT_VALUE )",
            MetricExpression("sum", DatasetType.INTERACTIONS, "EVENT_VALUE"),
        ),
    ],
)
def test_an_expression_is_read(text, expected):
    assert parse_metric_expression(text) == expected


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "is not an expression"),
        ("COUNT()", "There are SUM"),
        ("SUM(PRICE)", "is not an expression"),
        ("SUM(Items.PRICE) + 1", "is not an expression"),
        ("SAMPLECOUNT(Items.PRICE)", "is not an expression"),
        ("SUM(Users.AGE)", "not of Users"),
    ],
)
def test_another_text_is_refused_with_the_ways_to_write_it(text, because):
    with pytest.raises(ValueError, match=because.replace("(", r"\(")):
        parse_metric_expression(text)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("SAMPLECOUNT()", None),
        ("SUM(Items.price)", None),
        ("SUM(Items.PRIZE)", "no column 'PRIZE'. Did you mean 'PRICE'?"),
        ("SUM(Items.TITLE)", "TITLE has type string; SUM takes numeric columns."),
        ("SUM(Interactions.EVENT_VALUE)", "the dataset group has no Interactions dataset."),
    ],
)
def test_the_column_must_be_a_numeric_one_of_the_group(text, because):
    found = check_metric_expression(parse_metric_expression(text), SCHEMAS)

    assert (found is None) if because is None else (found is not None and because in found)
