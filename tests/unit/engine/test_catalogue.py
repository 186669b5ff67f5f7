"""The table of item metadata that filters and answers read."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from personalize_local.engine.catalogue import ItemTable
from personalize_local.engine.database import COLUMN_TYPES, connect, text
from personalize_local.engine.vocabulary import Vocabulary
from personalize_rules.schemas import Field, Schema

ITEMS = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRE", "string", nullable=True, categorical=True),
        Field("TITLE", "string", nullable=True),
        Field("YEAR", "int", nullable=True),
        Field("PRICE", "float", nullable=True),
        Field("VIEWS", "long", nullable=True),
        Field("NEW", "boolean", nullable=True),
        Field("PLOT", "string", nullable=True, textual=True),
    ),
)
RECORDS = [
    ("b", "Action|Crime", "Heat | 2", 1995, 1.1, 2**60 + 1, True, "A long story"),
    ("a", "Crime", None, None, None, None, None, None),
    ("ü", "Crime||Crime", "Z", 2001, 20.0, 7, False, "x" * 15_000),
    ("only here", "Drama", "Q", 1, 1.0, 1, True, "q"),
]


def parquet(folder: Path, schema: Schema, records: Sequence[tuple[Any, ...]]) -> Path:
    file = folder / "records.parquet"
    columns = ", ".join(f'"{field.name}" {COLUMN_TYPES[field.type]}' for field in schema.fields)
    with connect() as connection:
        connection.execute(f"CREATE TABLE records ({columns})")
        connection.executemany(
            f"INSERT INTO records VALUES ({', '.join('?' * len(schema.fields))})", [list(r) for r in records]
        )
        connection.execute(f"COPY records TO {text(file)}")
    return file


@pytest.fixture
def table(tmp_path: Path) -> ItemTable:
    ids = Vocabulary.of(["ü", "a", "b", "without record"])
    return ItemTable.build(parquet(tmp_path, ITEMS, RECORDS), ITEMS, tmp_path / "table", ids=ids)


def test_positions_are_those_of_the_identifiers_given(table: ItemTable) -> None:
    assert list(table.ids) == ["a", "b", "without record", "ü"]
    assert table.text(1, "TITLE") == "Heat | 2"
    assert table.text(2, "TITLE") is None
    assert table.text(3, "title") == "Z"
    assert table.column_names == ("GENRE", "TITLE", "YEAR", "PRICE", "VIEWS", "NEW", "PLOT")


def test_categories_are_found_by_any_of_their_parts(table: ItemTable) -> None:
    genre = table.categories("genre")

    assert list(genre.values) == ["Action", "Crime"], "a value that only other items have is not there"
    assert genre.positions("Crime").tolist() == [0, 1, 3]
    assert genre.positions("Action").tolist() == [1]
    assert genre.positions("crime").tolist() == []
    assert table.parts(3, "GENRE") == ["Crime", "Crime"]


def test_texts_that_are_not_categorical_stay_whole(table: ItemTable) -> None:
    assert table.categories("TITLE").positions("Heat | 2").tolist() == [1]
    assert table.parts(1, "TITLE") == ["Heat | 2"]


def test_numbers_are_those_that_a_filter_writes_and_nulls_are_nan(table: ItemTable) -> None:
    price = table.numbers("PRICE").tolist()

    assert price[1] == 1.1, "though the column is single precision"
    assert price[3] == 20.0
    assert math.isnan(price[0])
    assert math.isnan(price[2])


@pytest.mark.parametrize("column", ["NEW", "PLOT", "GENRE", "MISSING"])
def test_what_is_no_number_is_not_read_as_one(table: ItemTable, column: str) -> None:
    with pytest.raises(KeyError):
        table.numbers(column)


def test_metadata_is_text_as_stored_without_nulls(table: ItemTable) -> None:
    assert table.metadata(1, ["TITLE", "GENRE", "YEAR", "PRICE", "VIEWS", "NEW", "PLOT", "NO"]) == {
        "TITLE": "Heat | 2",
        "GENRE": "Action|Crime",
        "YEAR": "1995",
        "PRICE": "1.1",
        "VIEWS": str(2**60 + 1),
        "NEW": "true",
        "PLOT": "A long story",
    }
    assert table.metadata(0, ["title", "genre"]) == {"genre": "Crime"}
    assert len(table.metadata(3, ["PLOT"])["PLOT"]) == 15_000


def test_a_record_has_what_filters_compare(table: ItemTable) -> None:
    assert table.record("b") == {
        "GENRE": ["Action", "Crime"],
        "TITLE": "Heat | 2",
        "YEAR": 1995.0,
        "PRICE": 1.1,
        "VIEWS": float(2**60),
    }
    assert table.record("nobody") is None


def test_without_identifiers_those_of_the_records_are_taken(tmp_path: Path) -> None:
    table = ItemTable.build(parquet(tmp_path, ITEMS, RECORDS), ITEMS, tmp_path / "table", version="7")

    assert list(table.ids) == ["a", "b", "only here", "ü"]
    assert ItemTable(tmp_path / "table").version == "7"


def test_without_a_dataset_everything_is_null(tmp_path: Path) -> None:
    table = ItemTable.build(None, None, tmp_path / "table", ids=Vocabulary.of(["a"]))

    assert len(table) == 1
    assert table.kind("GENRE") is None
    assert table.metadata(0, ["GENRE"]) == {}


def test_columns_that_the_data_does_not_have_yet_are_missing(tmp_path: Path) -> None:
    newer = Schema("Items", (*ITEMS.fields, Field("STUDIO", "string", nullable=True, categorical=True)))
    table = ItemTable.build(parquet(tmp_path, ITEMS, RECORDS), newer, tmp_path / "table")

    assert table.kind("STUDIO") is None
    assert table.text(0, "GENRE") == "Crime"


def test_nothing_is_left_of_a_build_that_fails(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")

    with pytest.raises(Exception, match=r"broken\.parquet"):
        ItemTable.build(broken, ITEMS, tmp_path / "table")

    assert list(tmp_path.iterdir()) == [broken]
