"""Filters at request time."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.catalogue import ItemTable
from personalize_local.engine.database import COLUMN_TYPES, connect, text
from personalize_local.engine.events import NO_EVENTS, UserEvents
from personalize_local.engine.filtering import CompiledFilter, FilterValueError, parse_values
from personalize_local.engine.kept_masks import KeptMasks
from personalize_rules.filters import Comparison, FilterExpression, parse_filter
from personalize_rules.schemas import DatasetType, Field, Schema

ITEMS = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRE", "string", nullable=True, categorical=True),
        Field("STUDIO", "string", nullable=True),
        Field("PRICE", "float", nullable=True),
        Field("YEAR", "int", nullable=True),
    ),
)
RECORDS: list[tuple[str, str | None, str | None, float | None, int | None]] = [
    ("a", "Action|Crime", "A|B", 1.1, 1999),
    ("b", "Crime", "C", 20.0, 2001),
    ("c", "Drama|Action", None, 5.0, None),
    ("d", None, "C", None, 1999),
    ("e", 'say "hi", it\'s a|, b', "1999", 0.0, -1),
]


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> ItemTable:
    folder = tmp_path_factory.mktemp("filtering")
    columns = ", ".join(f'"{field.name}" {COLUMN_TYPES[field.type]}' for field in ITEMS.fields)
    with connect() as connection:
        connection.execute(f"CREATE TABLE records ({columns})")
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", [list(r) for r in RECORDS])
        connection.execute(f"COPY records TO {text(folder / 'items.parquet')}")
    return ItemTable.build(folder / "items.parquet", ITEMS, folder / "table")


def events(**by_type: str) -> UserEvents:
    """What a user did: `click="ab"`."""
    return UserEvents(
        {kind: np.array(["abcde".index(i) for i in items], np.int32) for kind, items in by_type.items()}
    )


def allowed(table: ItemTable, expression: str, **request: Any) -> str:
    mask = CompiledFilter(parse_filter(expression), table).mask(**request)
    return "".join("abcde") if mask is None else "".join(np.array(list("abcde"))[mask])


@pytest.mark.parametrize(
    ("expression", "values", "kept"),
    [
        pytest.param('INCLUDE ItemID WHERE Items.GENRE IN ("Crime")', {}, "ab", id="any part matches"),
        pytest.param('INCLUDE ItemID WHERE items.genre in ("crime")', {}, "", id="texts keep their case"),
        pytest.param('EXCLUDE ItemID WHERE Items.GENRE IN ("Crime", "Drama")', {}, "de", id="exclude"),
        pytest.param(
            'INCLUDE ItemID WHERE Items.GENRE NOT IN ("Crime")', {}, "cde", id="not in holds for null"
        ),
        pytest.param('INCLUDE ItemID WHERE Items.STUDIO IN ("A")', {}, "", id="plain texts are not split"),
        pytest.param('INCLUDE ItemID WHERE Items.STUDIO IN ("A|B")', {}, "a", id="plain texts match whole"),
        pytest.param("INCLUDE ItemID WHERE Items.PRICE = 1.1", {}, "a", id="equal in single precision"),
        pytest.param("INCLUDE ItemID WHERE Items.PRICE <= 5", {}, "ace", id="null is not less"),
        pytest.param("INCLUDE ItemID WHERE Items.PRICE != 5", {}, "abde", id="null is not equal"),
        pytest.param("INCLUDE ItemID WHERE Items.YEAR IN (1999, -1)", {}, "ade", id="numbers in a list"),
        pytest.param("INCLUDE ItemID WHERE Items.YEAR NOT IN (1999)", {}, "bce", id="numbers not in a list"),
        pytest.param('INCLUDE ItemID WHERE Items.YEAR IN ("1999")', {}, "ad", id="a number as text"),
        pytest.param("INCLUDE ItemID WHERE Items.STUDIO IN (1999)", {}, "e", id="a text as number"),
        pytest.param(
            'INCLUDE ItemID WHERE Items.GENRE IN ("Crime") OR Items.GENRE IN ("Drama") AND Items.PRICE > 9',
            {},
            "ab",
            id="and before or",
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)", {"G": '"Drama","Crime"'}, "abc", id="values"
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)", {"G": ' "Drama" , "x"'}, "c", id="with spaces"
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)",
            {"G": '"say \\"hi\\", it\'s a"'},
            "e",
            id="with quotes",
        ),
        pytest.param("INCLUDE ItemID WHERE Items.PRICE > ($P)", {"P": "4.5"}, "bc", id="number value"),
        pytest.param(
            "INCLUDE ItemID WHERE Items.YEAR IN ($Y)", {"Y": "1999,2001"}, "abd", id="number values"
        ),
        pytest.param("INCLUDE ItemID WHERE Items.NEW IN ($G)", {"G": '"x"'}, "", id="column not there yet"),
        pytest.param("EXCLUDE ItemID WHERE Items.GENRE IN ($G)", {}, "abcde", id="exclude without value"),
        pytest.param(
            "EXCLUDE ItemID WHERE Items.GENRE IN ($G)", {"g": '"Crime"'}, "abcde", id="case of a name"
        ),
        pytest.param(
            'EXCLUDE ItemID WHERE Items.GENRE IN ($G) | EXCLUDE ItemID WHERE Items.GENRE IN ("Drama")',
            {},
            "abde",
            id="only one part is off",
        ),
        pytest.param(
            'INCLUDE ItemID WHERE Items.GENRE IN ("Crime") | INCLUDE ItemID WHERE Items.PRICE < 1',
            {},
            "abe",
            id="includes are joined",
        ),
        pytest.param(
            'EXCLUDE ItemID WHERE Items.PRICE > 9 | INCLUDE ItemID WHERE Items.GENRE IN ("Crime")'
            " | INCLUDE ItemID WHERE Items.PRICE = 5 | EXCLUDE ItemID WHERE Items.YEAR = -1",
            {},
            "ac",
            id="includes without excludes",
        ),
    ],
)
def test_items(table: ItemTable, expression: str, values: dict[str, str], kept: str) -> None:
    assert allowed(table, expression, values=values) == kept


DID = events(click="ab", watch="c")
CLICKED = 'Interactions.EVENT_TYPE IN ("click")'
WATCHED = 'Interactions.EVENT_TYPE IN ("watch")'


@pytest.mark.parametrize(
    ("expression", "values", "kept"),
    [
        pytest.param('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")', {}, "cde", id="one"),
        pytest.param(
            'EXCLUDE ItemID WHERE Interactions.event_type IN ("CLICK", "Watch")', {}, "de", id="any case"
        ),
        pytest.param('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', {}, "de", id="all"),
        pytest.param(
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", {}, "de", id="all without quotes"
        ),
        pytest.param(
            'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("click")', {}, "abde", id="all others"
        ),
        pytest.param('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")', {}, "", id="nothing done"),
        pytest.param(
            "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($E)", {"E": '"Watch"'}, "c", id="value"
        ),
        pytest.param(
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($E)", {"E": '"*"'}, "de", id="* as value"
        ),
        pytest.param(
            f"INCLUDE ItemID WHERE {CLICKED} OR {WATCHED}",
            {},
            "abc",
            id="or",
        ),
        pytest.param(
            f"INCLUDE ItemID WHERE {CLICKED} AND {WATCHED}",
            {},
            "",
            id="no event has two types",
        ),
        pytest.param(
            f'INCLUDE ItemID WHERE Items.GENRE IN ("Action") | EXCLUDE ItemID WHERE {CLICKED}',
            {},
            "c",
            id="with items",
        ),
        pytest.param(
            'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
            ' | EXCLUDE ItemID WHERE Items.GENRE IN ("Drama")',
            {},
            "ab",
            id="include events, exclude items",
        ),
        pytest.param(
            f"INCLUDE ItemID WHERE {WATCHED} | INCLUDE ItemID WHERE Items.YEAR = 1999"
            f" | EXCLUDE ItemID WHERE {CLICKED}",
            {},
            "cd",
            id="all kinds",
        ),
    ],
)
def test_interactions(table: ItemTable, expression: str, values: dict[str, str], kept: str) -> None:
    assert allowed(table, expression, values=values, events=DID) == kept


@pytest.mark.parametrize(
    ("condition", "user", "values", "met"),
    [
        pytest.param("CurrentUser.AGE > 18", {"AGE": 30.0}, {}, True, id="number"),
        pytest.param("CurrentUser.AGE > 18", {"age": 3}, {}, False, id="too young"),
        pytest.param("CurrentUser.AGE != 18", {}, {}, False, id="not known"),
        pytest.param("CurrentUser.AGE != 18", None, {}, False, id="no user"),
        pytest.param("CurrentUser.AGE IN (18, 30)", {"AGE": 30.0}, {}, True, id="numbers"),
        pytest.param("CurrentUser.AGE = $AGE", {"AGE": 30.0}, {"AGE": "30"}, True, id="value"),
        pytest.param("CurrentUser.AGE = $AGE", {"AGE": 30.0}, {}, False, id="exclude without value"),
        pytest.param('CurrentUser.PLAN = "gold"', {"PLAN": "gold"}, {}, True, id="text"),
        pytest.param("CurrentUser.PLAN = $P", {"PLAN": "gold"}, {"P": '"gold"'}, True, id="text value"),
        pytest.param(
            'CurrentUser.PLAN IN ("silver", "gold")', {"PLAN": ["x", "gold"]}, {}, True, id="any part"
        ),
        pytest.param('CurrentUser.PLAN NOT IN ("gold")', {"PLAN": ["x", "gold"]}, {}, False, id="no part"),
        pytest.param(
            'CurrentUser.PLAN = "gold" AND CurrentUser.AGE < 18',
            {"PLAN": "gold", "AGE": 20},
            {},
            False,
            id="and",
        ),
    ],
)
def test_if_switches_an_expression(
    table: ItemTable, condition: str, user: Mapping[str, Any] | None, values: dict[str, str], met: bool
) -> None:
    expression = f'EXCLUDE ItemID WHERE Items.GENRE IN ("Crime") IF {condition}'

    assert allowed(table, expression, user=user, values=values) == ("cde" if met else "abcde")


def test_an_include_without_effect_includes_everything(table: ItemTable) -> None:
    expression = 'INCLUDE ItemID WHERE Items.GENRE IN ("Crime") IF CurrentUser.AGE > 18'

    assert allowed(table, expression, user={"AGE": 1}) == "abcde"
    assert allowed(table, expression, user={"AGE": 19}) == "ab"


@pytest.mark.parametrize(
    ("expression", "item", "kept"),
    [
        pytest.param("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "c", "ae", id="number"),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE", "a", "abc", id="any of its parts"
        ),
        pytest.param("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "d", "", id="it has none"),
        pytest.param(
            "EXCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE", "d", "abcde", id="it has no genre"
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE", "zzz", "", id="not in the table"
        ),
        pytest.param("INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE", None, "", id="no item"),
        pytest.param("INCLUDE ItemID WHERE Items.YEAR = CurrentItem.YEAR", "a", "ad", id="equal"),
        pytest.param("INCLUDE ItemID WHERE Items.YEAR IN CurrentItem.YEAR", "a", "ad", id="number in"),
    ],
)
def test_current_item(table: ItemTable, expression: str, item: str | None, kept: str) -> None:
    assert allowed(table, expression, current_item=item) == kept


def test_masks_are_kept_apart_by_current_item_and_values(table: ItemTable) -> None:
    compiled = CompiledFilter(
        parse_filter("INCLUDE ItemID WHERE Items.YEAR = CurrentItem.YEAR AND Items.PRICE < $P"), table
    )
    found = [
        compiled.mask({"P": price}, current_item=item)
        for item, price in (("a", "9"), ("b", "9"), ("b", "99"), ("a", "9"))
    ]

    assert [mask.tolist() for mask in found if mask is not None] == [
        [True, False, False, False, False],
        [False] * 5,
        [False, True, False, False, False],
        [True, False, False, False, False],
    ]
    assert found[0] is found[3], "computed once"


def test_what_is_kept_cannot_be_written_to(table: ItemTable) -> None:
    mask = CompiledFilter(parse_filter("INCLUDE ItemID WHERE Items.PRICE < 5"), table).mask()

    assert mask is not None
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = False


@pytest.mark.parametrize(
    ("expression", "values", "text"),
    [
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G, $H) AND Items.PRICE < $P",
            {"H": '"x"'},
            "needs a value for each of its parameters; missing: G, P.",
            id="missing",
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)",
            {"G": "Crime,Drama"},
            'Texts are given in double quotes: "Crime","Drama"',
            id="no quotes",
        ),
        pytest.param("INCLUDE ItemID WHERE Items.GENRE IN ($G)", {"G": ""}, "cannot be read", id="empty"),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)", {"G": '"a",'}, "(from character 5)", id="comma"
        ),
        pytest.param(
            "INCLUDE ItemID WHERE Items.GENRE IN ($G)", {"G": '"a" "b"'}, "cannot be read", id="no comma"
        ),
        pytest.param(
            "EXCLUDE ItemID WHERE Items.PRICE < $P",
            {"P": '"x"'},
            'compares numbers; "x" is a text',
            id="text",
        ),
        pytest.param(
            "EXCLUDE ItemID WHERE Items.PRICE < $P", {"P": "1,2"}, "takes one value, not 2: 1, 2", id="two"
        ),
        pytest.param(
            "EXCLUDE ItemID WHERE Items.NEW < $P", {"P": '"x"'}, "compares numbers", id="new column"
        ),
    ],
)
def test_values_that_do_not_fit(table: ItemTable, expression: str, values: dict[str, str], text: str) -> None:
    with pytest.raises(FilterValueError) as caught:
        allowed(table, expression, values=values)

    assert text in str(caught.value)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_texts_can_be_given_as_values(texts: list[str]) -> None:
    written = ",".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in texts)

    assert [literal.text for literal in parse_values("P", written)] == texts


# The compiled filter against one that asks every item

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def naive(expression: FilterExpression, did: Mapping[str, str]) -> str:
    sets: dict[str, list[set[str]]] = {"INCLUDE": [], "EXCLUDE": []}
    for part in expression.parts:
        sets[part.action].append(
            {
                row["ITEM_ID"]
                for row in rows_of(next(iter(part.condition)).dataset, did)
                if any(all(meets(c, row) for c in each.comparisons) for each in part.condition.alternatives)
            }
        )
    kept = set().union(*sets["INCLUDE"]) if sets["INCLUDE"] else set("abcde")
    return "".join(sorted(kept.difference(*sets["EXCLUDE"])))


def rows_of(dataset: DatasetType, did: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if dataset == DatasetType.ITEMS:
        names = [field.name for field in ITEMS.fields]
        yield from (dict(zip(names, record, strict=True)) for record in RECORDS)
    else:
        yield from ({"ITEM_ID": item, "EVENT_TYPE": kind} for kind, items in did.items() for item in items)


def meets(comparison: Comparison, row: Mapping[str, Any]) -> bool:
    value = row[comparison.field]
    wanted = [getattr(one, "text", getattr(one, "number", None)) for one in comparison.values]
    negative = comparison.operator in ("NOT IN", "!=")
    if value is None:
        return negative
    if comparison.operator in OPERATORS:
        return OPERATORS[comparison.operator](value, wanted[0])
    if comparison.field == "EVENT_TYPE":
        return (None in wanted or value in [str(one).lower() for one in wanted]) != negative
    parts = value.split("|") if comparison.field == "GENRE" else [value]
    return any(part in wanted for part in parts) != negative


def expressions() -> st.SearchStrategy[str]:
    def texts(*values: str) -> st.SearchStrategy[str]:
        lists = st.lists(st.sampled_from(values), min_size=1, max_size=2)
        return st.builds(
            lambda how, some: how + " (" + ", ".join(f'"{one}"' for one in some) + ")",
            st.sampled_from(["IN", "NOT IN"]),
            lists,
        )

    number = st.builds(
        "{} {}".format, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.sampled_from([-1, 5, 20])
    )
    item = st.one_of(
        texts("Action", "Crime", "Drama", "A|B").map(lambda rest: f"Items.GENRE {rest}"),
        texts("C", "A|B", "A").map(lambda rest: f"Items.STUDIO {rest}"),
        number.map(lambda rest: f"Items.PRICE {rest}"),
        number.map(lambda rest: f"Items.YEAR {rest}"),
    )
    event = texts("Click", "watch", "*", "buy").map(lambda rest: f"Interactions.EVENT_TYPE {rest}")

    def joined(conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        more = st.lists(st.tuples(st.sampled_from(["AND", "OR"]), conditions), max_size=3)
        return st.builds(lambda one, rest: " ".join([one, *(f"{j} {c}" for j, c in rest)]), conditions, more)

    part = st.builds(
        "{} ItemID WHERE {}".format, st.sampled_from(["INCLUDE", "EXCLUDE"]), joined(item) | joined(event)
    )
    return st.lists(part, min_size=1, max_size=4).map(" | ".join)


@settings(max_examples=300, deadline=None)
@given(
    expression=expressions(),
    did=st.dictionaries(
        st.sampled_from(["click", "watch", "other"]), st.text("abcde", min_size=1, max_size=4), max_size=3
    ),
)
def test_it_equals_asking_every_item(table: ItemTable, expression: str, did: dict[str, str]) -> None:
    parsed = parse_filter(expression)
    compiled = CompiledFilter(parsed, table)

    for history in (did, {}, did):  # the second and third time meet what is kept
        mask = compiled.mask(events=events(**history) if history else NO_EVENTS)
        assert mask is not None
        assert "".join(np.array(list("abcde"))[mask]) == naive(parsed, history)


def test_what_another_thread_throws_away_is_no_longer_needed(table: ItemTable) -> None:
    class ThrownAway(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            super().__setitem__(key, value)
            self.clear()

    compiled = CompiledFilter(parse_filter("INCLUDE ItemID WHERE Items.PRICE < 5"), table)
    compiled._kept = KeptMasks(len(table), kept=ThrownAway())

    mask = compiled.mask()

    assert mask is not None
    assert mask.tolist() == [True, False, False, False, True]


def test_filters_of_a_table_share_the_memory_for_what_they_keep(table: ItemTable) -> None:
    kept = KeptMasks(len(table), most_bytes=10 * len(table))
    for price in range(100):
        CompiledFilter(parse_filter(f"INCLUDE ItemID WHERE Items.PRICE < {price}"), table, kept).mask()

    assert 0 < len(kept) <= 10


def test_a_property_of_the_user_is_compared_with_one_value(table: ItemTable) -> None:
    expression = 'EXCLUDE ItemID WHERE Items.GENRE IN ("Crime") IF CurrentUser.{} = $A'
    for field, value in (("AGE", "20,30"), ("PLAN", '"free","paid"')):
        with pytest.raises(FilterValueError, match=f"{field} = takes one value, not 2"):
            allowed(
                table,
                expression.format(field),
                values={"A": value},
                user={"AGE": 20.0, "PLAN": "free"},
            )
