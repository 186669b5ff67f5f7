"""Bulk imports: what Personalize takes, what it refuses, and what it says then."""

import csv
import gzip
import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from personalize_local.engine.csv_import import DataRejected, import_csv
from personalize_rules.schemas import DatasetType, Field, Schema

INTERACTIONS = Schema(
    "Interactions",
    (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("EVENT_TYPE", "string"),
        Field("EVENT_VALUE", "float", nullable=True),
        Field("TIMESTAMP", "long"),
    ),
)
ITEMS = Schema(
    "Items",
    (
        Field("ITEM_ID", "string"),
        Field("GENRE", "string", nullable=True, categorical=True),
        Field("YEAR", "int", nullable=True),
        Field("ON_SALE", "boolean", nullable=True),
        Field("PLOT", "string", nullable=True, textual=True),
        Field("PRICE", "double", nullable=True),
    ),
)
HEADER = "ITEM_ID,GENRE,YEAR,ON_SALE,PLOT,PRICE"
ARN = "arn:aws:personalize:us-east-1:000000000000:dataset/movies/ITEMS"


def written(folder: Path, content: str | bytes, name: str = "items.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def rows(parquet: Path) -> list[tuple[object, ...]]:
    return duckdb.connect().read_parquet(str(parquet)).fetchall()


def imported(folder: Path, *contents: str | bytes, schema: Schema = ITEMS) -> list[tuple[object, ...]]:
    files = [written(folder, content, f"part-{number}.csv") for number, content in enumerate(contents, 1)]
    dataset_type = schema.dataset_type
    assert dataset_type is not None
    import_csv(files, schema, dataset_type, folder / "target.parquet", dataset_arn=ARN)
    return rows(folder / "target.parquet")


def refusal(folder: Path, *contents: str | bytes, schema: Schema = ITEMS) -> str:
    with pytest.raises(DataRejected) as caught:
        imported(folder, *contents, schema=schema)
    assert not (folder / "target.parquet").exists()
    assert not list(folder.glob(".*")), "nothing half-written is left"
    return str(caught.value)


def test_values_get_the_types_of_the_schema_and_empty_ones_are_null(tmp_path: Path) -> None:
    found = imported(
        tmp_path, f'{HEADER}\n1,a|b,1999,true,"long, with a comma",1.5\n2,,,,,\n3,c,-7,false,x,1e3\n'
    )

    assert found == [
        ("1", "a|b", 1999, True, "long, with a comma", 1.5),
        ("2", None, None, None, None, None),
        ("3", "c", -7, False, "x", 1000.0),
    ]


def test_columns_are_found_by_name_and_extra_ones_are_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, "EXTRA,YEAR,PRICE,extra,GENRE,PLOT,ON_SALE,ITEM_ID\nx,1999,,y,g,,,1\n")

    report = import_csv([file], ITEMS, DatasetType.ITEMS, tmp_path / "t.parquet")

    assert rows(tmp_path / "t.parquet") == [("1", "g", 1999, None, None, None)]
    assert report.ignored_columns == ("EXTRA", "extra")


@pytest.mark.parametrize(
    ("content", "first"),
    [
        pytest.param(f"{HEADER}\r\n1,,,,,\r\n2,,,,,\r\n", "1", id="windows"),
        pytest.param(f"{HEADER}\r\n1,,,,,\n2,,,,,\r\n", "1", id="both"),
        pytest.param(f"{HEADER}\n1,,,,,\n\n\n2,,,,,", "1", id="empty lines, none at the end"),
        pytest.param(f"\ufeff{HEADER}\n1,,,,,\n2,,,,,\n", "1", id="byte order mark"),
        pytest.param(f'{HEADER}\n"a \\"b\\" \\\\ c",,,,,\n2,,,,,\n', 'a "b" \\ c', id="escaped quotes"),
        pytest.param(f"{HEADER}\n#1,,,,,\n2,,,,,\n", "#1", id="no comments"),
        pytest.param(f"{HEADER}\nΩ,,,,,\n2,,,,,\n", "Ω", id="beyond ascii"),
    ],
)
def test_ways_to_write_a_file(tmp_path: Path, content: str, first: str) -> None:
    assert [row[0] for row in imported(tmp_path, content)] == [first, "2"]


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    found = imported(
        tmp_path, f"{HEADER}\n1,,,,,\n2,,,,,\n", f"{HEADER}\r\n3,,,,,\r\n", f"{HEADER}\n1,z,,,,\n"
    )

    assert [row[:2] for row in found] == [("1", None), ("2", None), ("3", None), ("1", "z")]


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        pytest.param(
            ",g,1,,,", "line 3, column ITEM_ID: the value is empty", "does not allow null", id="null"
        ),
        pytest.param("3,g,1.5,,,", "line 3, column YEAR: '1.5'", "a whole number of 32 bits", id="fraction"),
        pytest.param("3,g,1_0,,,", "line 3, column YEAR: '1_0'", "digits only", id="underscore"),
        pytest.param("3,g,3000000000,,,", "line 3, column YEAR: '3000000000'", "32 bits", id="too large"),
        pytest.param("3,g, 7,,,", "line 3, column YEAR: ' 7'", "digits only", id="space"),
        pytest.param(
            "3,g,1,True,,", "line 3, column ON_SALE: 'True'", "true or false, in lower case", id="True"
        ),
        pytest.param("3,g,1,,,nan", "line 3, column PRICE: 'nan'", "a number such as 4.5", id="nan"),
        pytest.param("3,g,1,,,1e999", "line 3, column PRICE: '1e999'", "a double can hold", id="infinite"),
        pytest.param('3,g,1,,,"1,5"', "line 3, column PRICE: '1,5'", "a number such as 4.5", id="comma"),
        pytest.param('3,"g\nh",1,,,', r"line 3, column GENRE: 'g\nh'", "line break", id="line break"),
        pytest.param("3,g,1", "line 3: '3,g,1'", "fewer values than the header (6 columns)", id="too few"),
        pytest.param("3,g,1,,,,9", "line 3: '3,g,1,,,,9'", "more values than the header", id="too many"),
        pytest.param(
            '"a ""b"" c",g,1,,,', "line 3", 'inside a quoted value write \\", not ""', id="doubled quotes"
        ),
        pytest.param('"3,g,1,,,', "line 3", "a quote that does not close", id="open quote"),
    ],
)
def test_a_bad_line_is_named_with_its_place_value_and_reason(
    tmp_path: Path, line: str, place: str, reason: str
) -> None:
    text = refusal(tmp_path, f"{HEADER}\n1,,,,,\n{line}\n")

    assert text.startswith(f"Failed to create a data import job for Items dataset {ARN}.\n")
    assert f"part-1.csv, {place}" in text
    assert reason in text


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    text = refusal(tmp_path, HEADER.encode() + b"\n1,caf\xe9,,,,\n")

    assert "part-1.csv, line 2" in text
    assert "is not UTF-8" in text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(HEADER.encode()), id="gzip"),
        pytest.param(f"{HEADER}\n".encode("utf-16"), id="utf-16"),
        pytest.param(b"PAR1\0\0\0\0PAR1", id="parquet"),
    ],
)
def test_files_that_are_no_text_are_told_what_imports_read(tmp_path: Path, content: bytes) -> None:
    text = refusal(tmp_path, content)

    assert "part-1.csv, line 1: the header is not UTF-8" in text
    assert "not compressed" in text
    assert "\0" not in text


@pytest.mark.parametrize(
    ("column", "limit", "line"),
    [
        pytest.param("ITEM_ID", 256, "{},,,,,", id="id"),
        pytest.param("GENRE", 1000, "1,{},,,,", id="category"),
    ],
)
def test_lengths_count_characters_and_the_text_is_the_services(
    tmp_path: Path, column: str, limit: int, line: str
) -> None:
    assert imported(tmp_path, f"{HEADER}\n{line.format('é' * limit)}\n")
    (tmp_path / "target.parquet").unlink()

    text = refusal(tmp_path, f"{HEADER}\n{line.format('é' * (limit + 1))}\n")

    assert text.startswith(
        f"Length cannot be more than {limit} characters for {column}. If no values exceed the character "
        "limit, make sure your data follows the formatting guidelines"
    )
    assert f"part-1.csv, line 2, column {column}: {limit + 1} characters" in text


@pytest.mark.parametrize(
    ("letter", "kept"), [pytest.param("é", 20_000, id="latin"), pytest.param("語", 7_000, id="japanese")]
)
def test_long_texts_are_cut_not_refused(tmp_path: Path, letter: str, kept: int) -> None:
    [row] = imported(tmp_path, f"{HEADER}\n1,,,,{letter * 20_001},\n")

    assert row[4] == letter * kept


def test_missing_columns_come_in_the_services_words(tmp_path: Path) -> None:
    text = refusal(tmp_path, '"ITEM_ID",genre,YEAR,ON_SALE\n1,a,1,true\n')

    assert text.startswith("Input CSV is missing the following columns: [ITEM_ID, GENRE, PLOT, PRICE].")
    assert "must not be in quotes" in text


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    assert "part-1.csv is empty" in refusal(tmp_path, "")
    assert "no Items" in refusal(tmp_path, f"{HEADER}\n")


def test_a_header_that_is_none_is_told_why(tmp_path: Path) -> None:
    assert "part-1.csv begins with an empty line" in refusal(tmp_path, f"\n{HEADER}\n1,,,,,\n")
    lone = refusal(tmp_path, f"{HEADER}\n1,,,,,\n".replace("\n", "\r"))
    assert "Its lines end in a lone CR: write LF or CR LF." in lone


def test_all_files_have_the_same_header(tmp_path: Path) -> None:
    text = refusal(tmp_path, f"{HEADER}\n1,,,,,\n", "ITEM_ID,GENRE\n2,a\n", f"{HEADER}\n3,,,,,\n")

    assert "part-2.csv: its header (ITEM_ID,GENRE) is not that of part-1.csv" in text
    assert "part-3.csv" not in text


def test_all_problems_come_at_once_each_with_its_first_line_and_how_many_there_are(tmp_path: Path) -> None:
    good = f"{HEADER}\n1,,,,,\n"
    text = refusal(
        tmp_path,
        f"{HEADER}\n\n1,,x,,,\n2,,,True,,\n3,a,b\n\n4,,y,,,\n,,,,,\n",
        good,
        f"{good}2,,z,,,\n",
    )

    whole_number = "must be a whole number of 32 bits, written with digits only."
    empty = "is empty, and the schema does not allow null. Fill it, or remove the line."
    assert text.splitlines()[1:] == [
        "part-1.csv, line 5: '3,a,b' has fewer values than the header (6 columns).",
        f"part-1.csv, line 3, column YEAR: 'x' {whole_number} So it is in 2 lines.",
        "part-1.csv, line 4, column ON_SALE: 'True' must be true or false, in lower case.",
        f"part-1.csv, line 8, column ITEM_ID: the value {empty}",
        f"part-3.csv, line 3, column YEAR: 'z' {whole_number}",
    ]


def test_lines_are_right_behind_values_with_line_breaks(tmp_path: Path) -> None:
    text = refusal(tmp_path, f'{HEADER}\n1,"a\n\nb",,,,\n2,"c,\\"d",,,,\n3,,x,,,\n')

    assert "line 2, column GENRE" in text
    assert "line 6, column YEAR: 'x'" in text


def test_an_import_of_interactions_has_at_least_a_thousand_rows(tmp_path: Path) -> None:
    header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
    half = "".join(f"u{n},i{n},click,,{n}\n" for n in range(500))

    text = refusal(tmp_path, header + half, header + half[: half.index("\n") + 1], schema=INTERACTIONS)

    assert "The import has 501 interactions, and needs at least 1000." in text
    assert len(imported(tmp_path, header + half, header + half, schema=INTERACTIONS)) == 1000


def test_action_interactions_know_three_events(tmp_path: Path) -> None:
    schema = Schema(
        "ActionInteractions", tuple(Field(n, "string") for n in ("USER_ID", "ACTION_ID", "EVENT_TYPE"))
    )
    header = "USER_ID,ACTION_ID,EVENT_TYPE\n"

    assert len(imported(tmp_path, f"{header}u,a,Taken\nu,a,NOT_TAKEN\nu,a,viewed\n", schema=schema)) == 3
    (tmp_path / "target.parquet").unlink()
    assert "'click' must be Taken, Not Taken or Viewed" in refusal(
        tmp_path, f"{header}u,a,click\n", schema=schema
    )


def test_a_failure_keeps_what_was_there_before(tmp_path: Path) -> None:
    imported(tmp_path, f"{HEADER}\n1,,,,,\n")

    with pytest.raises(DataRejected):
        imported(tmp_path, f"{HEADER}\n1,,x,,,\n")

    assert [row[0] for row in rows(tmp_path / "target.parquet")] == ["1"]


def test_a_file_of_another_kind_ends_with_a_short_text(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 4000

    text = refusal(tmp_path, f"{HEADER}\n".encode() + noise)

    assert "part-1.csv cannot be read as CSV." in text
    assert len(text) < 500


def test_a_file_with_other_columns_in_every_line_is_counted_up_to_a_limit(tmp_path: Path) -> None:
    text = refusal(tmp_path, f"{HEADER}\n" + "1;2;3\n" * 5000)

    assert "part-1.csv, line 2: '1;2;3' has fewer values than the header (6 columns)." in text
    assert "or more lines" in text


LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            LINE,
            st.none() | LINE,
            st.none() | st.integers(-(2**31), 2**31 - 1),
            st.none() | st.booleans(),
            st.none() | LINE,
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=8,
    )
)
@example([('"', "\\", None, None, '\\"', -0.0), (",", "a\\", 0, True, '""', 5e-324)])
def test_what_is_written_is_what_is_read(tmp_path: Path, records: list[tuple[Any, ...]]) -> None:
    file = tmp_path / "items.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(
            opened, escapechar="\\", doublequote=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC
        )
        opened.write(f"{HEADER}\n")
        for record in records:
            writer.writerow(
                [{True: "true", False: "false"}.get(v, v) if isinstance(v, bool) else v for v in record]
            )

    import_csv([file], ITEMS, DatasetType.ITEMS, tmp_path / "t.parquet")

    found = rows(tmp_path / "t.parquet")
    assert len(found) == len(records)
    for got, put in zip(found, records, strict=True):
        assert got[:5] == put[:5]
        assert got[5] == put[5] or math.isclose(float(str(got[5])), float(str(put[5])))
