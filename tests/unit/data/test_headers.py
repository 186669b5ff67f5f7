import pytest

from personalize_pipeline.data.headers import HEAD_BYTES, check_header, check_headers, values
from personalize_rules.schemas import Field, Schema

SCHEMA = Schema(
    "Interactions",
    (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("TIMESTAMP", "long"),
        Field("EVENT_VALUE", "float", nullable=True),
    ),
)
GOOD = b"USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,extra\n1,a,5,,x\n2,b,6,,y\n1,c,7,,z\n"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(GOOD, id="with a column more"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="Windows lines"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte order mark"),
        pytest.param(b"EVENT_VALUE,TIMESTAMP,ITEM_ID,USER_ID", id="other order, no rows"),
    ],
)
def test_a_header_with_all_columns_is_good(head):
    assert check_header(head, SCHEMA, "x.csv") == []


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        pytest.param(b"", "x.csv: the file is empty. Its first line must name the columns.", id="empty"),
        pytest.param(
            b"USER_ID,ITEM_ID,TIMESTAMP\n",
            "x.csv: the header (USER_ID,ITEM_ID,TIMESTAMP) lacks EVENT_VALUE. "
            "Add the columns to the file, or take them out of the schema.",
            id="a column that may be null is missing",
        ),
        pytest.param(
            b"user_id,ITEM_ID,TIMESTAMP,EVENT_VALUE\n",
            "x.csv: the header (user_id,ITEM_ID,TIMESTAMP,EVENT_VALUE) lacks USER_ID. "
            "Write USER_ID instead of 'user_id'.",
            id="other case",
        ),
        pytest.param(
            b'"USER_ID","ITEM_ID","TIMESTAMP","EVENT_VALUE"\n',
            'x.csv: the header ("USER_ID","ITEM_ID","TIMESTAMP","EVENT_VALUE") lacks USER_ID, ITEM_ID, '
            "TIMESTAMP, EVENT_VALUE. Write the names of the columns without quotes.",
            id="quoted",
        ),
        pytest.param(
            b"USER_ID;ITEM_ID;TIMESTAMP;EVENT_VALUE\n",
            "x.csv: the header (USER_ID;ITEM_ID;TIMESTAMP;EVENT_VALUE) lacks USER_ID, ITEM_ID, TIMESTAMP, "
            "EVENT_VALUE. The columns seem to be separated by semicolons: separate them by commas.",
            id="semicolons",
        ),
        pytest.param(
            b"USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,ITEM_ID\n",
            "x.csv: the header names ITEM_ID 2 times. Name it once.",
            id="twice",
        ),
        pytest.param(
            "USER_ID,ITEM_ID,TIMESTAMP,größe\n".encode("latin-1"),
            "x.csv: the header is not UTF-8. Save the file as UTF-8.",
            id="not UTF-8",
        ),
    ],
)
def test_a_bad_header_is_named_with_the_way_out(head, problem):
    assert [str(found) for found in check_header(head, SCHEMA, "x.csv")] == [problem]


def test_all_files_have_the_same_header():
    (problem,) = check_headers({"a.csv": GOOD, "b.csv": GOOD, "c.csv": b"ITEM_ID," + GOOD[8:]}, SCHEMA)[-1:]

    assert problem.place == "c.csv"
    assert "is not that of a.csv" in problem.message


def test_examples_come_from_the_complete_lines():
    assert values(GOOD, "USER_ID", 5) == ["1", "2"]
    assert values(GOOD, "ITEM_ID", 2) == ["a", "b"]
    assert values(GOOD, "NO_SUCH", 2) == []
    cut = (GOOD + b"u" * HEAD_BYTES)[:HEAD_BYTES]
    assert values(cut, "USER_ID", 5) == ["1", "2"]
