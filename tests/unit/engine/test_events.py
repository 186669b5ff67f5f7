"""What a user did lately, from bulk data and live."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_local.engine.answers import Event
from personalize_local.engine.database import connect, text
from personalize_local.engine.events import EventHistory, EventView
from personalize_local.engine.vocabulary import Vocabulary

Row = tuple[str, str, str | None, int]


def parquet(folder: Path, rows: Sequence[Row], *, types: bool = True) -> Path:
    file = folder / "interactions.parquet"
    with connect() as connection:
        connection.execute(
            "CREATE TABLE t (USER_ID VARCHAR, ITEM_ID VARCHAR, EVENT_TYPE VARCHAR, TIMESTAMP BIGINT)"
        )
        if rows:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [list(row) for row in rows])
        columns = "*" if types else "* EXCLUDE (EVENT_TYPE)"
        connection.execute(f"COPY (SELECT {columns} FROM t) TO {text(file)}")
    return file


def seen(
    view: EventView, ids: Vocabulary, user: str | None, live: Sequence[Event] = ()
) -> dict[str, set[str]]:
    return {kind: {ids[p] for p in places} for kind, places in view.of(user, live).positions.items()}


IDS = Vocabulary.of(["i1", "i2", "i3", "i4"])
ROWS: list[Row] = [
    ("u2", "i1", "Click", 3),
    ("u1", "i2", "click", 1),
    ("u1", "i1", "CLICK", 2),
    ("u1", "i3", "watch", 2),
    ("u1", "gone", "click", 4),
    ("u3", "i4", None, 4),
]


@pytest.fixture
def history(tmp_path: Path) -> EventHistory:
    return EventHistory.build(parquet(tmp_path, ROWS), tmp_path / "events")


def test_events_are_found_by_user_and_by_type_in_any_case(history: EventHistory) -> None:
    view = history.view(IDS)

    assert seen(view, IDS, "u1") == {"click": {"i1", "i2"}, "watch": {"i3"}}
    assert seen(view, IDS, "u2") == {"click": {"i1"}}
    assert seen(view, IDS, "u3") == {"": {"i4"}}
    assert seen(view, IDS, "nobody") == {}
    assert seen(view, IDS, None) == {}


def test_of_types_joins_types(history: EventHistory) -> None:
    events = history.view(IDS).of("u1")

    assert sorted(events.of_types(["click", "watch"]).tolist()) == [0, 1, 2]
    assert events.of_types(["watch"]).tolist() == [2]
    assert events.of_types(["buy"]).tolist() == []


def test_live_events_are_added(history: EventHistory) -> None:
    live = [Event("i4", "Click", 9), Event("i2", "buy", 9), Event(None, "login", 9), Event("new", "click", 9)]

    assert seen(history.view(IDS), IDS, "u1", live) == {
        "click": {"i1", "i2", "i4"},
        "watch": {"i3"},
        "buy": {"i2"},
    }
    assert seen(history.view(IDS), IDS, None, live[:1]) == {"click": {"i4"}}
    assert seen(EventView.live_only(IDS), IDS, "u1", live[:1]) == {"click": {"i4"}}


def test_the_last_hundred_of_each_type_count(tmp_path: Path) -> None:
    ids = Vocabulary.of(f"i{n:03}" for n in range(300))
    rows: list[Row] = [("u", f"i{n:03}", "click", n) for n in range(150)]
    rows.append(("u", "i000", "watch", 0))
    view = EventHistory.build(parquet(tmp_path, rows), tmp_path / "events").view(ids)

    assert seen(view, ids, "u") == {"click": {f"i{n:03}" for n in range(50, 150)}, "watch": {"i000"}}

    live = [Event(f"i{n:03}", "click", n) for n in range(200, 230)] + [Event("i299", "click", 55)]
    kept = {f"i{n:03}" for n in (*range(80, 150), *range(200, 230))}
    assert seen(view, ids, "u", live)["click"] == kept, "an event that is older than the last hundred is late"


def test_without_event_types_all_events_are_of_one(tmp_path: Path) -> None:
    view = EventHistory.build(parquet(tmp_path, ROWS, types=False), tmp_path / "events").view(IDS)

    assert seen(view, IDS, "u1") == {"": {"i1", "i2", "i3"}}


def test_opening_again_finds_the_same(history: EventHistory, tmp_path: Path) -> None:
    again = EventHistory(tmp_path / "events")

    assert seen(again.view(IDS), IDS, "u1") == seen(history.view(IDS), IDS, "u1")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["u", "v", "ü"]),
            st.sampled_from(["i1", "i2", "i3", "x"]),
            st.sampled_from(["a", "B", "b"]),
            st.integers(0, 20),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda row: (row[0], row[3]),
    ),
    limit=st.integers(1, 4),
)
def test_it_equals_going_through_the_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], limit: int
) -> None:
    folder = tmp_path_factory.mktemp("events")
    view = EventHistory.build(parquet(folder, rows), folder / "events", limit=limit).view(IDS)

    for user in ("u", "v", "ü"):
        own = sorted((row for row in rows if row[0] == user), key=lambda row: row[3])
        by_type: dict[str, list[str]] = {}
        for _, item, kind, _ in own:
            by_type.setdefault(str(kind).lower(), []).append(item)
        wanted = {kind: set(items[-limit:]) - {"x"} for kind, items in by_type.items()}
        assert seen(view, IDS, user) == wanted


def test_no_interactions_are_no_events(tmp_path: Path) -> None:
    view = EventHistory.build(parquet(tmp_path, []), tmp_path / "events").view(IDS)

    assert seen(view, IDS, "u") == {}
    assert seen(view, IDS, "u", [Event("i4", "Click", 9)]) == {"click": {"i4"}}
