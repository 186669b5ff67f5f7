"""Hints for words that are nearly right."""

from __future__ import annotations

import pytest

from personalize_rules.schemas import DatasetType, check_schema, parse_schema
from personalize_rules.spelling import closest, did_you_mean


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("recipeArm", ["recipeArn", "name"], "recipeArn"),
        ("ITEMID", ["itemId"], "itemId"),
        ("AEG", ["AGE", "GENDER"], "AGE"),
        ("colour", ["name", "price"], None),
        ("USER_ID", ["ITEM_ID"], None),
        ("x", [], None),
    ],
)
def test_the_closest_word_is_given_as_it_is_written(
    text: str, known: list[str], expected: str | None
) -> None:
    assert closest(text, known) == expected
    assert did_you_mean(text, known) == (f" Did you mean '{expected}'?" if expected else "")


def test_a_reserved_field_is_not_taken_for_another_that_is_missing() -> None:
    text = (
        '{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","version":"1.0",'
        '"fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"}]}'
    )
    schema, _ = parse_schema(text)
    assert schema
    problems = check_schema(schema, DatasetType.INTERACTIONS)
    assert [problem.message for problem in problems] == ["the required field TIMESTAMP is missing."]
