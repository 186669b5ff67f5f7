"""Interactions come out of Parquet as numbers, in the right order, filtered as asked."""

import numpy as np
import pytest
from tests.unit.engine.interactions_files import write

from personalize_local.engine.interactions import EventWeight, read_interactions

ROWS = [
    ("b", "y", 30, "Watch", 2.0),
    ("a", "x", 20, "click", None),
    ("a", "z", 20, "watch", 5.0),
    ("a", "y", 10, "click", 1.0),
    ("b", "x", 40, None, 4.0),
]


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "interactions.parquet", ROWS)


def read_back(found):
    return [
        (found.user_ids[user], found.item_ids[item], when)
        for user, item, when in zip(
            found.users.tolist(), found.items.tolist(), found.timestamps.tolist(), strict=True
        )
    ]


def test_rows_are_sorted_by_user_then_time_then_place_in_the_file(file):
    found = read_interactions(file)

    assert read_back(found) == [
        ("a", "y", 10),
        ("a", "x", 20),
        ("a", "z", 20),
        ("b", "y", 30),
        ("b", "x", 40),
    ]
    assert found.user_starts().tolist() == [0, 3, 5]
    assert [found.event_type_names[number] for number in found.event_types] == [
        "click",
        "click",
        "watch",
        "Watch",
        "",
    ]
    np.testing.assert_array_equal(found.event_values, [1, np.nan, 5, 2, 4])


def test_an_event_type_is_chosen_without_regard_to_case(file):
    found = read_interactions(file, event_type="WATCH")

    assert read_back(found) == [("a", "z", 20), ("b", "y", 30)]
    assert list(found.item_ids) == ["y", "z"]


def test_a_threshold_keeps_equal_values_and_drops_missing_ones(file):
    found = read_interactions(file, event_type="click", event_value_threshold=1.0)

    assert read_back(found) == [("a", "y", 10)]


def test_several_types_each_have_their_threshold(file):
    wanted = [EventWeight("click", 0.5), EventWeight("watch", 1.0, event_value_threshold=3.0)]

    assert read_back(read_interactions(file, event_weights=wanted)) == [
        ("a", "y", 10),
        ("a", "x", 20),
        ("a", "z", 20),
    ]


def test_nothing_left_is_empty_not_an_error(file):
    found = read_interactions(file, event_type="purchase")

    assert len(found) == len(found.user_ids) == 0
    assert found.user_starts().tolist() == [0]


def test_a_filter_on_a_column_that_is_not_there_says_so(tmp_path):
    plain = write(tmp_path / "plain.parquet", [("a", "x", 1)])

    assert read_interactions(plain).event_type_names == ("",)
    with pytest.raises(ValueError, match="cannot filter by EVENT_TYPE"):
        read_interactions(plain, event_type="click")


def test_identifiers_keep_every_character(tmp_path):
    odd = ["naïve", "'; DROP TABLE x; --", "日本", "a b", "\U0001f600"]
    found = read_interactions(write(tmp_path / "odd.parquet", [(one, one, 1) for one in odd]))

    assert sorted(found.user_ids) == sorted(odd)
    assert [found.item_ids.position(one) for one in found.item_ids] == list(range(len(odd)))
    assert found.item_ids.position("nobody") is None
