"""Quotas that a run would hit: what is there, all pages, and what it would make, against what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.planning.entries import Action, Foreseen
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.planning.quotas import hit
from personalize_pipeline.stack_quotas import read_quotas

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'


def wanted(resource: str, count: int = 1, action: Action = "create") -> list[Foreseen]:
    return [Foreseen(resource=resource, name=f"new-{number}", action=action) for number in range(count)]


@pytest.mark.parametrize(
    ("beyond", "stops"), [(0, 1), (1, 0), (-1, 0)], ids=["full", "room for one", "more than allowed"]
)
def test_who_has_as_much_as_allowed_may_have_no_more(cloud: Cloud, beyond: int, stops: int):
    cloud.group(f"counted-{stops}-{beyond + 1}")
    pages = cloud.personalize.get_paginator("list_dataset_groups").paginate()
    groups = [group for page in pages for group in page["datasetGroups"]]
    # Other tests leave some that are being deleted, or never came to be: Personalize counts what is ACTIVE.
    there = sum(not group["status"].startswith(("DELETE", "CREATE FAILED")) for group in groups)

    # Who has more than allowed has been given more, by nobody knows how much.
    found = hit(Looking().personalize, wanted("DatasetGroup"), "", {"dataset-groups": there + beyond})

    assert len(found.stops) == stops
    for text in found.stops:
        assert text.startswith(f"dataset groups in this region of the account: {there} there, 1 more wanted,")
        assert f"Quotas=dataset-groups:{there + 1}" in text


def test_all_pages_are_counted_and_only_of_this_group(cloud: Cloud):
    group, _ = cloud.filled("paged")
    other, _ = cloud.filled("paged-other")
    for number in range(7):
        name = f"paged-{number}"
        arn = cloud.personalize.create_filter(name=name, datasetGroupArn=group, filterExpression=UNSEEN)
        cloud.until_settled("describe_filter", filterArn=arn["filterArn"])
    client = Looking().personalize
    client.meta.events.register(
        "provide-client-params.personalize.ListFilters", lambda params, **_: {**params, "maxResults": 3}
    )

    full = hit(client, wanted("Filter", 2), group, {"filters": 8})
    empty = hit(client, wanted("Filter", 2), other, {"filters": 8})

    assert "filters in dataset group paged: 7 there, 2 more wanted, 8 allowed." in full.stops[0]
    assert empty.stops == ()


def test_what_stays_is_not_counted_and_a_new_group_is_empty(cloud: Cloud):
    client = Looking().personalize

    assert hit(client, wanted("Campaign", 9, "update"), "", {}).stops == ()
    (text,) = hit(client, wanted("Campaign", 6), "", {}).stops
    assert text.startswith("campaigns in the new dataset group: 0 there, 6 more wanted, 5 allowed.")
    assert len(hit(client, wanted("Recommender", 6), "", {"recommenders-of-region": 100}).stops) == 1


def test_a_filter_that_is_replaced_needs_room_for_its_stand_in(cloud: Cloud):
    group, _ = cloud.filled("standing")
    arn = cloud.personalize.create_filter(name="standing", datasetGroupArn=group, filterExpression=UNSEEN)[
        "filterArn"
    ]
    cloud.until_settled("describe_filter", filterArn=arn)
    client = Looking().personalize
    begins, goes_on = (
        [Foreseen(resource="Filter", name="standing", action="replace", calls=(call,))]
        for call in ("CreateFilter", "DeleteFilter")
    )

    (text,) = hit(client, begins, group, {"filters": 1}).stops

    assert text.startswith("filters in dataset group standing: 1 there, 1 more wanted, 1 allowed.")
    assert "another stands in for it" in text
    assert hit(client, begins, group, {"filters": 2}).stops == ()
    assert hit(client, goes_on, group, {"filters": 1}).stops == ()


def test_what_may_only_run_side_by_side_takes_turns(cloud: Cloud):
    found = hit(Looking().personalize, wanted("DatasetImport", 6, "import"), "", {})

    assert found.stops == ()
    assert found.turns == ("6 import jobs, of which 5 may run at the same time; the others wait.",)


def test_the_stack_parameter_is_read_or_says_what_is_wrong():
    assert read_quotas("") == {}
    assert read_quotas("campaigns:10, filters:50") == {"campaigns": 10, "filters": 50}
    with pytest.raises(ParamsInvalid, match="Did you mean 'campaigns'"):
        read_quotas("campaign:10")


def test_a_client_that_looks_sends_no_change(cloud: Cloud):
    looking = Looking()

    answer = looking.personalize.create_dataset_group(name="never-made")

    assert answer["datasetGroupArn"] == ""
    assert [(call.operation, call.arguments) for call in looking.calls] == [
        ("CreateDatasetGroup", {"name": "never-made"})
    ]
    groups = cloud.personalize.list_dataset_groups()["datasetGroups"]
    assert "never-made" not in {group["name"] for group in groups}
