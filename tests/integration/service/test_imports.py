"""Imports: what fails, in which words, and what FULL and INCREMENTAL leave."""

from __future__ import annotations

import pytest
from tests.support.world import ROLE, SCHEMAS, World, interactions, refused

HEADER = "ITEM_ID,TITLE,GENRE,PRICE\n"


def failed(world: World, kind: str, content: str, job: str) -> str:
    arn = world.begin_import(kind, content, job)
    return str(world.wait("dataset_import_job", arn, "CREATE FAILED")["failureReason"])


def test_a_missing_column_is_named(club: World) -> None:
    reason = failed(club, "ITEMS", "ITEM_ID,TITLE\ni1,Film\n", "columns")
    assert reason.startswith("Input CSV is missing the following columns: [GENRE, PRICE].")


def test_a_bad_value_is_found_in_its_file(club: World) -> None:
    reason = failed(club, "ITEMS", HEADER + "i1,Film,New,cheap\n", "value")
    assert "ITEMS.csv, line 2, column PRICE: 'cheap'" in reason


def test_too_few_interactions_are_refused(club: World) -> None:
    reason = failed(club, "INTERACTIONS", interactions(users=2), "few")
    assert "80 interactions" in reason


def test_an_empty_place_is_named(club: World) -> None:
    arn = club.api.create_dataset_import_job(
        jobName=f"{club.name}-nothing",
        datasetArn=club.dataset("ITEMS"),
        dataSource={"dataLocation": "s3://club/nothing/here.csv"},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    found = club.wait("dataset_import_job", arn, "CREATE FAILED")
    assert "s3://club/nothing/here.csv" in found["failureReason"]
    assert found["importMode"] == "FULL"


def test_a_folder_of_markers_and_sub_folders_is_told_what_an_import_reads(club: World) -> None:
    club.s3.put("club", {"hollow/": "", "hollow/none.csv": "", "hollow/deep/items.csv": HEADER})
    arn = club.api.create_dataset_import_job(
        jobName=f"{club.name}-hollow",
        datasetArn=club.dataset("ITEMS"),
        dataSource={"dataLocation": "s3://club/hollow/"},
        roleArn=ROLE,
    )["datasetImportJobArn"]

    reason = club.wait("dataset_import_job", arn, "CREATE FAILED")["failureReason"]

    assert "s3://club/hollow/: there is no object that is not empty directly in this folder" in reason
    assert "sub-folders are not read" in reason


@pytest.mark.parametrize("location", ["https://example.com/items.csv", "s3:///items.csv"])
def test_a_location_must_be_in_s3(club: World, location: str) -> None:
    with refused("InvalidInputException", "Invalid Data location."):
        club.api.create_dataset_import_job(
            jobName="wrong",
            datasetArn=club.dataset("ITEMS"),
            dataSource={"dataLocation": location},
            roleArn=ROLE,
        )


def test_incremental_imports_add_and_full_ones_replace(club: World) -> None:
    campaign = club.campaign(club.version(club.solution("aws-popularity-count", "metadata")), "metadata")
    name = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("New")', "new")
    assert club.recommended(campaign, filterArn=name) == []

    club.load("ITEMS", HEADER + "i1,Film,New,1\n", "more", "INCREMENTAL")
    wait_for(club, campaign, name, ["i1"])
    club.load("ITEMS", HEADER + "i1,Film,New,1\ni2,Film,New,1\n", "again")
    wait_for(club, campaign, name, ["i1", "i2"])
    all_crime = club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Crime")', "crime")
    assert club.recommended(campaign, filterArn=all_crime) == []


def wait_for(club: World, campaign: str, name: str, wanted: list[str]) -> None:
    """Filters see imports a little later, as in Amazon Personalize."""
    from tests.support.world import eventually

    eventually(lambda: sorted(club.recommended(campaign, filterArn=name)) == wanted)


def test_a_schema_grows(world: World) -> None:
    world.make_group()
    world.make_dataset("ITEMS")
    world.load("ITEMS", HEADER + "i1,Film,New,1\n")
    grown = SCHEMAS["ITEMS"].replace('"fields": [', '"fields": [{"name": "YEAR", "type": ["int", "null"]}, ')
    new = world.api.create_schema(name="grown", schema=grown)["schemaArn"]
    shrunk = SCHEMAS["ITEMS"].replace('{"name": "TITLE", "type": ["string", "null"]}, ', "")
    wrong = world.api.create_schema(name="shrunk", schema=shrunk)["schemaArn"]

    with refused("InvalidInputException", "TITLE"):
        world.api.update_dataset(datasetArn=world.dataset("ITEMS"), schemaArn=wrong)
    world.api.update_dataset(datasetArn=world.dataset("ITEMS"), schemaArn=new)
    found = world.wait_for_update("dataset", world.dataset("ITEMS"))

    assert found["schemaArn"] == new
    world.load("ITEMS", "ITEM_ID,TITLE,GENRE,PRICE,YEAR\ni2,Film,New,1,1999\n", "second", "INCREMENTAL")
