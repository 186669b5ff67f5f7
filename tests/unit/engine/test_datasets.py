"""What a dataset holds after imports, single records, and crashes."""

import csv
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.csv_import import import_csv
from personalize_local.engine.database import COLUMN_TYPES, connect, text
from personalize_local.engine.dataset_rows import ORDER_KEY
from personalize_local.engine.datasets import DatasetFiles
from personalize_rules.schemas import DatasetType, Field, Schema

INTERACTIONS = Schema(
    "Interactions",
    (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("TIMESTAMP", "long"),
        Field("EVENT_TYPE", "string", nullable=True),
    ),
)
ITEMS = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRE", "string", nullable=True),
        Field("PRICE", "float", nullable=True),
    ),
)

Row = tuple[Any, ...]


def parquet(folder: Path, schema: Schema, rows: Sequence[Row]) -> Path:
    """A file such as an import writes."""
    file = folder / "imported.parquet"
    columns = ", ".join(f'"{field.name}" {COLUMN_TYPES[field.type]}' for field in schema.fields)
    with connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        if rows:
            marks = ", ".join("?" * len(schema.fields))
            connection.executemany(f"INSERT INTO t VALUES ({marks})", [list(row) for row in rows])
        connection.execute(f"COPY t TO {text(file)}")
    return file


def content(file: Path) -> list[Row]:
    with duckdb.connect() as connection:
        return connection.read_parquet(str(file)).fetchall()


@pytest.fixture
def items(tmp_path: Path) -> DatasetFiles:
    return DatasetFiles(tmp_path / "items", ITEMS, DatasetType.ITEMS)


@pytest.fixture
def interactions(tmp_path: Path) -> DatasetFiles:
    return DatasetFiles(tmp_path / "interactions", INTERACTIONS, DatasetType.INTERACTIONS)


def test_a_new_dataset_is_empty_and_has_its_columns(interactions: DatasetFiles) -> None:
    assert interactions.empty
    assert interactions.version == ""
    assert interactions.rows == 0
    with duckdb.connect() as connection:
        found = connection.read_parquet(str(interactions.snapshot()))
        assert found.columns == ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]
        assert found.fetchall() == []


def test_full_replaces_and_incremental_adds(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "old", 1, None)]))
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "a", 1, "x"), ("u", "b", 2, None)]))
    interactions.incremental(parquet(tmp_path, INTERACTIONS, [("v", "c", 3, "x"), ("u", "b", 2, None)]))

    assert content(interactions.snapshot()) == [("u", "a", 1, "x"), ("u", "b", 2, None), ("v", "c", 3, "x")]
    assert not interactions.empty
    assert interactions.rows == 4
    assert not (tmp_path / "imported.parquet").exists(), "it was moved"


def test_of_items_the_newest_record_counts(items: DatasetFiles, tmp_path: Path) -> None:
    items.full(parquet(tmp_path, ITEMS, [("b", "x", 1.0), ("a", "x", 1.0), ("b", "y", None)]))
    items.incremental(parquet(tmp_path, ITEMS, [("a", None, 2.0), ("c", "z", 3.0)]))

    assert content(items.snapshot()) == [("a", None, 2.0), ("b", "y", None), ("c", "z", 3.0)]


def test_interactions_are_equal_only_in_all_columns(interactions: DatasetFiles, tmp_path: Path) -> None:
    rows = [
        ("u", "a", 1, "x"),
        ("u", "a", 1, None),
        ("u", "a", 1, "x"),
        ("u", "a", 2, "x"),
        ("u", "a", 1, None),
        ("a", "u", 1, "x"),
    ]
    interactions.full(parquet(tmp_path, INTERACTIONS, rows))

    assert content(interactions.snapshot()) == [rows[0], rows[1], rows[3], rows[5]]


def test_the_order_of_many_interactions_is_kept_and_only_repetitions_go(
    interactions: DatasetFiles, tmp_path: Path
) -> None:
    file = tmp_path / "imported.parquet"
    with connect() as connection:
        connection.execute(
            "COPY (SELECT 'u' || n % 1000 AS USER_ID, 'i' || n % 300007 AS ITEM_ID,"
            f" (n % 300007)::BIGINT AS TIMESTAMP, NULL::VARCHAR AS EVENT_TYPE"
            f" FROM range(300000) AS r(n)) TO {text(file)}"
        )
    interactions.full(file)
    interactions.incremental(parquet(tmp_path, INTERACTIONS, [("u7", "i7", 7, None), ("u7", "new", 7, None)]))

    found = content(interactions.snapshot())
    assert len(found) == 300_001
    # Not a comparison of the lists, which would print both.
    assert next((n for n, row in enumerate(found[:-1]) if row[2] != n), None) is None, "first out of order"
    assert found[-1] == ("u7", "new", 7, None)


def test_single_events_are_added_by_name(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "a", 1, "x")]))
    put = [
        {"USER_ID": "u", "ITEM_ID": "b", "TIMESTAMP": 2, "EVENT_TYPE": 'a\n"b"', "EVENT_VALUE": 1.5},
        {"TIMESTAMP": 3, "ITEM_ID": "c", "USER_ID": "ü"},
        {"USER_ID": "u", "ITEM_ID": "a", "TIMESTAMP": 1, "EVENT_TYPE": "x"},
    ]

    assert content(interactions.snapshot(put)) == [
        ("u", "a", 1, "x"),
        ("u", "b", 2, 'a\n"b"'),
        ("ü", "c", 3, None),
    ]
    assert content(interactions.snapshot()) == [("u", "a", 1, "x")]


def test_single_records_alone_are_enough(interactions: DatasetFiles) -> None:
    assert content(interactions.snapshot([{"USER_ID": "u", "ITEM_ID": "b", "TIMESTAMP": 2}])) == [
        ("u", "b", 2, None)
    ]


def test_a_full_import_keeps_single_records_and_replaces_older_ones_of_its_ids(
    items: DatasetFiles, tmp_path: Path
) -> None:
    items.full(parquet(tmp_path, ITEMS, [("a", "bulk 1", 1.0), ("gone", "bulk 1", 1.0)]))
    put: list[dict[str, Any]] = [
        {"ITEM_ID": name, "GENRE": "put", ORDER_KEY: items.order} for name in ("a", "only put")
    ]
    assert content(items.snapshot(put)) == [
        ("a", "put", None),
        ("gone", "bulk 1", 1.0),
        ("only put", "put", None),
    ]

    items.full(parquet(tmp_path, ITEMS, [("a", "bulk 2", 2.0)]))
    assert content(items.snapshot(put)) == [("a", "bulk 2", 2.0), ("only put", "put", None)]

    put.append({"ITEM_ID": "a", "PRICE": 5.5})
    assert content(items.snapshot(put)) == [("a", None, 5.5), ("only put", "put", None)]


def test_columns_that_the_schema_has_got_since_are_null(items: DatasetFiles, tmp_path: Path) -> None:
    items.full(parquet(tmp_path, ITEMS, [("a", "x", 1.0)]))
    newer = Schema("Items", (*ITEMS.fields, Field("YEAR", "int", nullable=True)))
    again = DatasetFiles(tmp_path / "items", newer, DatasetType.ITEMS)
    again.incremental(parquet(tmp_path, newer, [("b", "y", 2.0, 1999)]))

    assert content(again.snapshot()) == [("a", "x", 1.0, None), ("b", "y", 2.0, 1999)]


def test_a_snapshot_is_made_once_for_the_same_data(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "a", 1, None)]))
    first, version = interactions.snapshot(), interactions.version
    event = {"USER_ID": "u", "ITEM_ID": "b", "TIMESTAMP": 2}
    with_event = interactions.snapshot([event])

    assert interactions.snapshot() == first
    assert interactions.snapshot([event]) == with_event != first
    assert interactions.version == version

    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "a", 1, None)]))
    assert interactions.version != version
    assert interactions.snapshot() != first
    assert content(first) == [("u", "a", 1, None)], "who reads the old one goes on reading it"


def test_sweeping_leaves_what_belongs_to_the_dataset(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "old", 1, None)]))
    old = interactions.snapshot()
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "a", 1, None)]))
    recent = interactions.snapshot([{"USER_ID": "u", "ITEM_ID": "b", "TIMESTAMP": 2}])
    long_ago = time.time() - 100_000
    os.utime(old, (long_ago, long_ago))

    interactions.sweep()

    assert not old.exists()
    assert recent.exists()
    interactions.sweep(0)
    assert sorted(file.suffix for file in (tmp_path / "interactions").iterdir()) == [
        ".json",
        ".lock",
        ".parquet",
    ]
    assert content(interactions.snapshot()) == [("u", "a", 1, None)]


def test_a_killed_import_leaves_the_old_data_or_the_new(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    files = DatasetFiles(folder, INTERACTIONS, DatasetType.INTERACTIONS)
    files.full(parquet(tmp_path, INTERACTIONS, [("u", "0", 0, None)]))
    program = f"""
import shutil, sys
from pathlib import Path
from personalize_local.engine.datasets import DatasetFiles
from personalize_rules.schemas import DatasetType, Field, Schema
from personalize_local.engine.database import connect
files = DatasetFiles(Path({str(folder)!r}), {INTERACTIONS!r}, DatasetType.INTERACTIONS)
turn = 0
while True:
    turn += 1
    made = Path({str(tmp_path)!r}) / "made.parquet"
    made.unlink(missing_ok=True)
    with connect() as connection:
        rows = f"SELECT 'u' AS USER_ID, '{{turn}}' AS ITEM_ID, range AS TIMESTAMP, NULL::TEXT AS EVENT_TYPE"
        connection.execute(f"COPY ({{rows}} FROM range({{turn + 1}})) TO '{{made}}' (FORMAT parquet)")
    print(turn, flush=True)
    files.full(made)
    files.snapshot()
    print(-turn, flush=True)
"""
    for delay in (0.0, 0.01, 0.02, 0.04):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in process.stdout.read().split()]
        process.wait()
        process.stdout.close()

        found = content(DatasetFiles(folder, INTERACTIONS, DatasetType.INTERACTIONS).snapshot())

        turn = int(found[0][1])
        assert len(found) == turn + 1, "all of one import"
        assert turn >= -min(said, default=0), "what was finished is there"


def test_imports_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from personalize_local.engine.datasets import DatasetFiles
from personalize_local.engine.database import connect
from personalize_rules.schemas import DatasetType, Field, Schema
files = DatasetFiles(Path({str(tmp_path / "dataset")!r}), {ITEMS!r}, DatasetType.ITEMS)
me = sys.argv[1]
for turn in range(5):
    made = Path({str(tmp_path)!r}) / f"made-{{me}}.parquet"
    with connect() as connection:
        row = f"SELECT '{{me}}-{{turn}}' AS ITEM_ID, 'x' AS GENRE, 1::FLOAT AS PRICE"
        connection.execute(f"COPY ({{row}}) TO '{{made}}' (FORMAT parquet)")
    files.incremental(made)
"""
    processes = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]

    found = content(DatasetFiles(tmp_path / "dataset", ITEMS, DatasetType.ITEMS).snapshot())
    assert [row[0] for row in found] == [f"{name}-{turn}" for name in "ab" for turn in range(5)]


STEP = st.tuples(
    st.sampled_from(["full", "incremental", "put"]),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=4),
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=5))
def test_it_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[tuple[str, str]]]]
) -> None:
    folder = tmp_path_factory.mktemp("model")
    items = DatasetFiles(folder / "items", ITEMS, DatasetType.ITEMS)
    bulk: dict[str, tuple[int, str]] = {}
    single: dict[str, tuple[int, str]] = {}
    put: list[dict[str, Any]] = []
    for moment, (step, records) in enumerate(steps):
        if step == "put":
            put += [{"ITEM_ID": name, "GENRE": genre, ORDER_KEY: items.order} for name, genre in records]
            single |= {name: (moment, genre) for name, genre in records}
        else:
            if step == "full":
                bulk = {}
                items.full(parquet(folder, ITEMS, [(*record, None) for record in records]))
            else:
                items.incremental(parquet(folder, ITEMS, [(*record, None) for record in records]))
            bulk |= {name: (moment, genre) for name, genre in records}

    newest = {
        name: max(bulk.get(name, (-1, "")), single.get(name, (-1, "")))
        for name in bulk.keys() | single.keys()
    }
    assert {row[0]: row[1] for row in content(items.snapshot(put))} == {
        name: genre for name, (_, genre) in newest.items()
    }


# --- Exports ---


def exported(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened, escapechar="\\", doublequote=False))


def test_an_export_has_every_version_once_or_the_newest(items: DatasetFiles, tmp_path: Path) -> None:
    items.full(parquet(tmp_path, ITEMS, [("b", "x", 1.0), ("a", "x", 0.1), ("b", "x", 1.0)]))
    items.incremental(parquet(tmp_path, ITEMS, [("a", None, None)]))
    put = [{"ITEM_ID": "b", "GENRE": genre, ORDER_KEY: items.order} for genre in "yyz"]
    target = tmp_path / "export.csv"
    header = ["ITEM_ID", "GENRE", "PRICE"]

    assert items.export(target) == 3
    assert exported(target) == [header, ["b", "x", "1.0"], ["a", "x", "0.1"], ["a", "", ""]]
    assert items.export(target, put, bulk=False) == 2
    assert exported(target) == [header, ["b", "y", ""], ["b", "z", ""]]
    assert items.export(target, put, newest=True) == 2
    assert exported(target) == [header, ["a", "", ""], ["b", "z", ""]]
    assert items.export(target, bulk=False) == 0
    assert exported(target) == [header]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=12)


@settings(max_examples=20, deadline=None)
@given(genres=st.lists(st.none() | TEXT, min_size=1, max_size=5), prices=st.floats(width=32, allow_nan=False))
def test_what_was_exported_can_be_imported_and_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, genres: list[str | None], prices: float
) -> None:
    folder = tmp_path_factory.mktemp("exported")
    price = prices if math.isfinite(prices) else None
    rows: list[Row] = [(f"i{n}", genre, price) for n, genre in enumerate(genres)]
    first = DatasetFiles(folder / "first", ITEMS, DatasetType.ITEMS)
    first.full(parquet(folder, ITEMS, rows))
    first.export(folder / "export.csv")

    import_csv([folder / "export.csv"], ITEMS, DatasetType.ITEMS, folder / "again.parquet")

    second = DatasetFiles(folder / "second", ITEMS, DatasetType.ITEMS)
    second.full(folder / "again.parquet")
    assert content(second.snapshot()) == content(first.snapshot())


# --- Removing users ---


def listed(folder: Path, *users: str) -> Path:
    return parquet(folder, Schema("Users", (Field("USER_ID", "string"),)), [(user,) for user in users])


def test_removed_users_are_gone_from_all_parts_and_the_order_stays(
    interactions: DatasetFiles, tmp_path: Path
) -> None:
    interactions.full(
        parquet(tmp_path, INTERACTIONS, [("u", "b", 1, None), ("v", "a", 2, "x"), ("w", "a", 3, None)])
    )
    interactions.incremental(parquet(tmp_path, INTERACTIONS, [("v", "c", 4, None)]))
    before, order = interactions.version, interactions.order

    assert interactions.remove("USER_ID", listed(tmp_path, "v", "nobody"), "job") == 2

    assert content(interactions.snapshot()) == [("u", "b", 1, None), ("w", "a", 3, None)]
    assert (interactions.rows, interactions.order) == (2, order)
    assert interactions.version != before
    interactions.incremental(parquet(tmp_path, INTERACTIONS, [("v", "new", 5, None)]))
    assert content(interactions.snapshot())[-1] == ("v", "new", 5, None)


def test_a_removal_done_twice_counts_once(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "b", 1, None), ("v", "a", 2, "x")]))
    users = listed(tmp_path, "v")

    assert [interactions.remove("USER_ID", users, job) for job in ("one", "one", "two")] == [1, 1, 0]


def test_nothing_to_remove_changes_nothing(interactions: DatasetFiles, tmp_path: Path) -> None:
    assert interactions.remove("USER_ID", listed(tmp_path, "v"), "first") == 0
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "b", 1, None)]))
    version = interactions.version

    assert interactions.remove("USER_ID", listed(tmp_path, "v"), "second") == 0
    assert interactions.version == version


def test_what_was_removed_is_swept_away(interactions: DatasetFiles, tmp_path: Path) -> None:
    interactions.full(parquet(tmp_path, INTERACTIONS, [("u", "b", 1, None), ("v", "a", 2, "x")]))
    interactions.snapshot()
    interactions.remove("USER_ID", listed(tmp_path, "v"), "job")

    interactions.sweep(0)

    files = list((tmp_path / "interactions").glob("*.parquet"))
    assert [content(file) for file in files] == [[("u", "b", 1, None)]]
