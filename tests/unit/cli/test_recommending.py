"""Titles beside item IDs, and questions as they are typed."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from personalize_pipeline.cli import titles
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.cli.recommending import Recommendation, _arn, _check_values, _pair, _quoted, table


def items(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "items.csv").write_text(text, encoding="utf-8")


def test_titles_come_from_the_items_file_of_a_folder(tmp_path: Path) -> None:
    items(tmp_path / "shop" / "data" / "Items", 'ITEM_ID,Title\n1,"Say \\"hi\\", now"\n2,Łódź\n')

    assert titles.read(tmp_path / "shop") == {"1": 'Say "hi", now', "2": "Łódź"}


def test_without_a_folder_they_come_from_here_or_from_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert titles.read() == {}
    items(tmp_path / "example" / "data" / "Items", "ITEM_ID,TITLE\n1,of the example\n")
    assert titles.read() == {"1": "of the example"}
    items(tmp_path / "Items", "ITEM_ID,NAME\n1,of here\n")
    assert titles.read() == {"1": "of here"}


def test_a_folder_that_was_named_must_have_titles(tmp_path: Path) -> None:
    items(tmp_path / "Items", "ITEM_ID,PRICE\n1,2\n")

    with pytest.raises(CommandError, match=r"has no Items/\*\.csv with one of the columns TITLE, NAME"):
        titles.read(tmp_path)


def test_the_table_has_titles_where_they_are_known_and_scores_where_there_are_some() -> None:
    answer = [
        Recommendation(1, "a", "First", 0.25),
        Recommendation(2, "bcd", None, 0.125),
        Recommendation(3, "e", "Third one", None),
    ]

    assert table(answer).splitlines() == [
        "  1  First  (a)      0.2500",
        "  2  bcd             0.1250",
        "  3  Third one  (e)",
    ]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("Comedy", '"Comedy"'), ("Comedy, Drama", '"Comedy","Drama"'), ("1990", "1990"), ('"1990"', '"1990"')],
)
def test_a_filter_value_is_quoted_as_the_api_wants_it(typed: str, sent: str) -> None:
    assert _quoted(typed) == sent


def test_a_filter_value_needs_a_name() -> None:
    assert _pair("GENRE=a=b") == ("GENRE", "a=b")
    with pytest.raises(CommandError, match="--value Comedy: write it as NAME=VALUE"):
        _pair("Comedy")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "needs a value for GENRE, YEAR: --value GENRE=... --value YEAR=..."),
        ({"GENRE": "Comedy"}, "needs a value for YEAR: --value YEAR=..."),
        ({"GENRES": "Comedy", "YEAR": "1990"}, "has no parameter GENRES. It has GENRE, YEAR."),
        ({"GENRE": "Comedy", "YEAR": "1990"}, None),
    ],
    ids=["none", "one is missing", "misspelt", "all"],
)
def test_the_values_are_compared_with_the_parameters_of_the_filter(
    values: dict[str, str], said: str | None
) -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:filter/of-genre"
    expression = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.YEAR > $YEAR"
    client = boto3.client(
        "personalize", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        answer = {"filter": {"filterArn": arn, "filterExpression": expression}}
        stubber.add_response("describe_filter", answer, {"filterArn": arn})
        if said is None:
            _check_values(client, arn, values)
        else:
            with pytest.raises(CommandError) as raised:
                _check_values(client, arn, values)
            assert str(raised.value) == f"The filter 'of-genre' {said}"


def test_a_name_may_be_that_of_a_campaign_or_of_a_recommender() -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:"
    client = boto3.client(
        "personalize", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    there = [{"name": "picks", "recommenderArn": f"{arn}recommender/picks"}]
    with Stubber(client) as stubber:
        for _ in range(2):
            stubber.add_response("list_recommenders", {"recommenders": there})
            stubber.add_response("list_campaigns", {"campaigns": []})

        assert _arn(client, "campaign", "picks") == f"{arn}recommender/picks"
        with pytest.raises(CommandError, match=r"no campaign or recommender 'pick'. Did you mean 'picks'\?"):
            _arn(client, "campaign", "pick")


def test_a_line_without_a_score_ends_with_its_text() -> None:
    answer = [Recommendation(1, "a", "A long title", None), Recommendation(2, "b", "Short", None)]

    assert [line == line.rstrip() for line in table(answer).splitlines()] == [True, True]
