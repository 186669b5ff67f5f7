from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personalize_rules.filters import (
    AllOf,
    AnyOf,
    Comparison,
    CurrentItemField,
    Everything,
    FilterExpression,
    FilterSyntaxError,
    Number,
    Parameter,
    Part,
    Text,
    UserCondition,
    check_filter,
    parse_filter,
)
from personalize_rules.schemas import DatasetType, Field, Schema

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("filters.yaml").read_text(encoding="utf-8"))

_IDS = {"INTERACTIONS": ("USER_ID", "ITEM_ID"), "ITEMS": ("ITEM_ID",), "USERS": ("USER_ID",)}


def _field(name: str, kind: str) -> Field:
    if kind in ("categorical", "textual"):
        return Field(name, "string", categorical=kind == "categorical", textual=kind == "textual")
    return Field(name, kind)


SCHEMAS = {
    DatasetType(name): Schema(
        DatasetType(name).word,
        tuple(
            [Field(one, "string") for one in _IDS.get(name, ())]
            + [_field(field, kind) for field, kind in fields.items()]
        ),
    )
    for name, fields in CASES["datasets"].items()
}


@pytest.mark.parametrize("expression", CASES["valid"])
def test_a_valid_expression_is_accepted(expression):
    assert check_filter(parse_filter(expression), SCHEMAS) == []


@pytest.mark.parametrize("case", CASES["invalid"], ids=lambda case: case["expression"][:60] or "empty")
def test_an_invalid_expression_is_refused_with_its_reason(case):
    if "at" in case:
        with pytest.raises(FilterSyntaxError) as caught:
            parse_filter(case["expression"])
        assert caught.value.position + 1 == case["at"]
        assert case["because"] in str(caught.value)
    else:
        problems = check_filter(parse_filter(case["expression"]), SCHEMAS)
        assert any(case["because"] in str(problem) for problem in problems), problems


def test_the_tree_has_everything_that_was_written():
    text = (
        'INCLUDE ItemID WHERE Items.genre IN ("a", $G) OR Items.PRICE < CurrentItem.PRICE AND Items.YEAR != 2'
        ' IF CurrentUser.AGE >= $AGE | exclude itemid where interactions.event_type NOT IN ("*")'
    )

    tree = parse_filter(text)

    items = DatasetType.ITEMS
    assert tree.parts == (
        Part(
            "INCLUDE",
            "ItemID",
            AnyOf(
                (
                    AllOf((Comparison(items, "genre", "IN", (Text("a"), Parameter("G"))),)),
                    AllOf(
                        (
                            Comparison(items, "PRICE", "<", (CurrentItemField("PRICE"),)),
                            Comparison(items, "YEAR", "!=", (Number(2.0),)),
                        )
                    ),
                )
            ),
            (UserCondition("AGE", ">=", (Parameter("AGE"),)),),
        ),
        Part(
            "EXCLUDE",
            "ItemID",
            AnyOf((AllOf((Comparison(DatasetType.INTERACTIONS, "event_type", "NOT IN", (Everything(),)),)),)),
        ),
    )
    assert tree.text == text
    assert tree.parameters == {"G", "AGE"}
    assert tree.target == "ItemID"
    assert tree.fields == {
        (items, "GENRE"),
        (items, "PRICE"),
        (items, "YEAR"),
        (DatasetType.USERS, "AGE"),
        (DatasetType.INTERACTIONS, "EVENT_TYPE"),
    }
    assert (tree.uses_interactions, tree.uses_current_item, tree.uses_current_user) == (True, True, True)


def test_what_depends_on_nothing_says_so():
    tree = parse_filter("INCLUDE ItemID WHERE Items.PRICE < 5")

    assert (tree.uses_interactions, tree.uses_current_item, tree.uses_current_user) == (False, False, False)


def test_a_dataset_that_is_not_there_is_named():
    tree = parse_filter("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 1")

    problems = [str(problem) for problem in check_filter(tree, {})]

    assert len(problems) == 2
    assert "Items.PRICE needs the dataset Items" in problems[0]
    assert "CurrentUser.AGE needs the dataset Users" in problems[1]


def test_events_cannot_be_filtered_when_the_schema_has_no_event_type():
    tree = parse_filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")')

    (problem,) = check_filter(
        tree, {DatasetType.INTERACTIONS: Schema("Interactions", (Field("USER_ID", "string"),))}
    )

    assert "no field EVENT_TYPE" in problem.message


@pytest.mark.parametrize(
    ("expression", "because"),
    [
        pytest.param(
            "INCLUDE ItemID WHERE " + " AND ".join(f"Items.F{number} > 1" for number in range(11)),
            "11 different fields",
            id="11 fields",
        ),
        pytest.param(
            'INCLUDE ItemID WHERE Items.F0 IN ("' + "x" * 2_500 + '")',
            "at most 2500 are allowed",
            id="2,500 characters",
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.F0 IN (" + ", ".join(f"$P{number}" for number in range(26)) + ")",
            "26 placeholders",
            id="26 placeholders",
        ),
    ],
)
def test_a_limit_is_reported(expression, because):
    fields = tuple(Field(f"F{number}", "int") for number in range(11))

    problems = check_filter(parse_filter(expression), {DatasetType.ITEMS: Schema("Items", fields)})

    assert [because in problem.message for problem in problems] == [True]


def test_ten_fields_are_allowed():
    fields = tuple(Field(f"F{number}", "int") for number in range(10))
    conditions = [f"Items.F{number} > 1 AND Items.f{number} < 9" for number in range(10)]
    expression = "INCLUDE ItemID WHERE " + " AND ".join(conditions)

    assert check_filter(parse_filter(expression), {DatasetType.ITEMS: Schema("Items", fields)}) == []


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
_texts = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda text: text != "*").map(Text)
)
_numbers = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: Number(number + 0.0))
_parameters = st.from_regex(r"[A-Za-z0-9_]{1,50}", fullmatch=True).map(Parameter)
_lists = st.lists(
    st.one_of(_texts, _numbers, _parameters, st.just(Everything())), min_size=1, max_size=4
).map(tuple)
_current_item = st.builds(CurrentItemField, _names).map(lambda value: (value,))
_compare = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_datasets = st.sampled_from(list(DatasetType))
_one = st.one_of(_numbers, _parameters).map(lambda value: (value,))
_comparisons = st.one_of(
    st.builds(Comparison, _datasets, _names, st.sampled_from(["IN", "NOT IN"]), _lists),
    st.builds(Comparison, _datasets, _names, st.just("IN"), _current_item),
    st.builds(Comparison, _datasets, _names, _compare, st.one_of(_one, _current_item)),
)
_users = st.one_of(
    st.builds(UserCondition, _names, st.sampled_from(["IN", "NOT IN"]), _lists),
    st.builds(UserCondition, _names, _compare, st.one_of(_one, _texts.map(lambda value: (value,)))),
)
_conditions = st.lists(
    st.lists(_comparisons, min_size=1, max_size=3).map(lambda some: AllOf(tuple(some))),
    min_size=1,
    max_size=3,
).map(lambda some: AnyOf(tuple(some)))
_parts = st.builds(
    Part,
    st.sampled_from(["INCLUDE", "EXCLUDE"]),
    st.sampled_from(["ItemID", "ActionID", "UserID"]),
    _conditions,
    st.lists(_users, max_size=2).map(tuple),
)
_filters = st.lists(_parts, min_size=1, max_size=3).map(lambda parts: FilterExpression(tuple(parts)))


@given(_filters)
def test_what_is_printed_reads_back_as_the_same_tree(tree):
    assert parse_filter(str(tree)) == tree


@given(_filters)
def test_checking_any_readable_filter_ends_in_a_list(tree):
    assert isinstance(check_filter(tree, SCHEMAS), list)


_words = [
    "INCLUDE",
    "EXCLUDE",
    "ItemID",
    "WHERE",
    "Items.A",
    "IN",
    "NOT",
    "AND",
    "OR",
    "IF",
    "CurrentUser.AGE",
]
_pieces = st.sampled_from([*'()|,.*$"= <>!&\\', "CurrentItem.A", '"x"', "$P", "5", "1e5", *_words])


@given(st.one_of(st.text(), st.lists(_pieces, max_size=20).map(" ".join), st.lists(_pieces).map("".join)))
def test_any_text_is_a_filter_or_a_syntax_error(text):
    try:
        tree = parse_filter(text)
    except FilterSyntaxError as error:
        refused = error
    else:
        assert parse_filter(str(tree)) == tree
        return
    assert 0 <= refused.position <= len(text)
    assert refused.message
