"""Batch segment jobs: users for items, and for items with certain attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.batches import BUCKET, Batches, refusal
from tests.support.world import ARN, World

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    club = World(local, s3, "segment-club")
    club.fill()
    return club


@pytest.fixture(scope="module")
def jobs(club: World) -> Batches:
    return Batches(club, "segment")


@pytest.fixture(scope="module")
def by_item(club: World) -> str:
    return club.version(club.solution("aws-item-affinity", "by-item"))


@pytest.fixture(scope="module")
def by_attributes(club: World) -> str:
    return club.version(club.solution("aws-item-attribute-affinity", "by-attributes"))


def taste(user: str) -> int:
    """Which genre most of the user's events are about."""
    return int(user[1:]) % 3


def test_the_users_of_an_item_are_those_with_its_taste(jobs: Batches, by_item: str) -> None:
    found = jobs.run(
        by_item, "items", {"itemId": "i3"}, {"itemId": "i7"}, {"itemId": "none"}, {}, numResults=6
    )

    for line, item in zip(found[:2], ("i3", "i7"), strict=True):
        assert line["input"] == {"itemId": item}
        assert line["error"] is None
        assert list(line["output"]) == ["usersList"]
        users = line["output"]["usersList"]
        assert len(users) == len(set(users)) == 6
        assert [taste(user) for user in users].count(int(item[1:]) % 3) >= 5
    assert found[2] == {
        "input": {"itemId": "none"},
        "output": None,
        "error": "itemId: 'none' is not known to the solution version.",
    }
    assert "itemId: missing" in found[3]["error"]


def test_filters_choose_among_users_and_by_what_they_did_with_the_item(
    club: World, jobs: Batches, by_item: str
) -> None:
    plan = club.filter("INCLUDE UserID WHERE Users.PLAN IN ($PLAN)", "plan")
    watched = club.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("watch")', "watched")
    line = {"itemId": "i3", "filterValues": {"PLAN": '"paid"'}}

    paid, missing = jobs.run(by_item, "paid", line, {"itemId": "i3"}, filterArn=plan, numResults=40)
    [everybody] = jobs.run(by_item, "everybody", {"itemId": "i3"}, numResults=40)
    [unseen] = jobs.run(by_item, "unseen", {"itemId": "i3"}, filterArn=watched, numResults=40)

    order = everybody["output"]["usersList"]
    assert paid["output"]["usersList"] == [user for user in order if int(user[1:]) % 2 == 0]
    assert "missing: PLAN" in missing["error"]
    assert 0 < len(unseen["output"]["usersList"]) < len(order)
    assert [user for user in order if user in set(unseen["output"]["usersList"])] == unseen["output"][
        "usersList"
    ]


def test_attributes_select_items_and_users_take_to_them(jobs: Batches, by_attributes: str) -> None:
    found = jobs.run(
        by_attributes,
        "attributes",
        {"itemAttributes": 'ITEMS.genre = "Comedy"'},
        {"itemAttributes": 'ITEMS.genre = "Crime" AND ITEMS.price = 4.5'},
        {"itemAttributes": 'ITEMS.genre = "Crime" AND ITEMS.genre = "Comedy"'},
        {"itemAttributes": "ITEMS.genre = Comedy"},
        {"itemAttributes": 'ITEMS.gender = "a" AND ITEMS.price = "b"'},
        {"itemAttributes": 5},
        {"itemId": "i1"},
        numResults=5,
    )

    assert [taste(user) for user in found[0]["output"]["usersList"]].count(0) >= 4
    assert [taste(user) for user in found[1]["output"]["usersList"]].count(1) >= 4
    errors = [line["error"] for line in found[2:]]
    assert 'knows no item with ITEMS.genre = "Crime" AND ITEMS.genre = "Comedy"' in errors[0]
    assert "position 15: found 'Comedy', expected a text in double quotes" in errors[1]
    assert "ITEMS.gender: the Items dataset has no such column. Did you mean 'GENRE'?" in errors[2]
    assert 'ITEMS.price: "b" is not a number' in errors[2]
    assert all("itemAttributes: must be a text" in error for error in errors[3:])


@pytest.mark.parametrize(("recipe", "most"), [("by_item", 500), ("by_attributes", 10)])
def test_more_queries_than_allowed_fail_the_job(
    jobs: Batches, request: pytest.FixtureRequest, recipe: str, most: int
) -> None:
    name = f"many-{most}"
    jobs.put(name, *({"itemId": "i1", "itemAttributes": "ITEMS.price = 1.5"} for _ in range(most + 1)))

    found = jobs.wait(jobs.create(request.getfixturevalue(recipe), name), status="CREATE FAILED")

    assert f"has more than {most} lines" in found["failureReason"]


def test_what_cannot_work_is_refused_with_all_reasons(club: World, jobs: Batches, by_attributes: str) -> None:
    events = club.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click")', "clicked")
    items = club.filter("INCLUDE ItemID WHERE Items.PRICE < 5", "cheap")
    personal = club.version(club.solution("aws-popularity-count", "popular"))

    code, text = refusal(lambda: jobs.create(personal, "wrong", filterArn=items, numResults=5_000_001))

    assert code == "InvalidInputException"
    assert "aws-popularity-count has no batch segment jobs" in text
    assert "is for ItemID, not for UserID" in text
    assert "numResults: 5000001 must be from 1 to 5000000" in text
    assert "uses interactions" in refusal(lambda: jobs.create(by_attributes, "wrong", filterArn=events))[1]
    inference = Batches(club, "inference")
    assert "has no batch inference" in refusal(lambda: inference.create(by_attributes, "wrong"))[1]


def test_jobs_are_described_and_listed(club: World, jobs: Batches, by_item: str) -> None:
    jobs.run(by_item, "listed", {"itemId": "i1"})
    arn = f"{ARN}batch-segment-job/{club.name}-listed"

    job = club.api.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"]
    pages = club.api.get_paginator("list_batch_segment_jobs").paginate(
        solutionVersionArn=by_item, PaginationConfig={"PageSize": 1}
    )

    assert job["numResults"] == 25
    assert job["jobOutput"] == {"s3DataDestination": {"path": f"s3://{BUCKET}/listed/out/"}}
    assert arn in [one["batchSegmentJobArn"] for page in pages for one in page["batchSegmentJobs"]]
    assert refusal(lambda: jobs.create(by_item, "listed"))[0] == "ResourceAlreadyExistsException"
