"""Tags of every kind of resource that can have them, and their limits."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import RECIPE, ROLE, SCHEMAS, World, refused

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = [{"tagKey": "team", "tagValue": "films"}]


_numbers = itertools.count(1)


def group(world: World, tags: Any) -> str:
    arn: str = world.api.create_dataset_group(name=f"{world.name}-g{next(_numbers)}", tags=tags)[
        "datasetGroupArn"
    ]
    world.wait("dataset_group", arn)
    return arn


def dataset(world: World, tags: Any) -> str:
    name = f"{world.name}-tagged{next(_numbers)}"
    made = world.api.create_schema(name=name, schema=SCHEMAS["USERS"])["schemaArn"]
    arn: str = world.api.create_dataset(
        name="tagged", schemaArn=made, datasetGroupArn=group(world, []), datasetType="USERS", tags=tags
    )["datasetArn"]
    return arn


def import_job(world: World, tags: Any) -> str:
    arn: str = world.api.create_dataset_import_job(
        jobName=f"{world.name}-tagged",
        datasetArn=world.dataset("USERS"),
        dataSource={"dataLocation": "s3://club/nothing.csv"},
        roleArn=ROLE,
        tags=tags,
    )["datasetImportJobArn"]
    return arn


def export_job(world: World, tags: Any) -> str:
    arn: str = world.api.create_dataset_export_job(
        jobName=f"{world.name}-tagged",
        datasetArn=world.dataset("USERS"),
        jobOutput={"s3DataDestination": {"path": "s3://club/out/"}},
        roleArn=ROLE,
        tags=tags,
    )["datasetExportJobArn"]
    return arn


def tracker(world: World, tags: Any) -> str:
    arn: str = world.api.create_event_tracker(
        name=f"{world.name}-tagged", datasetGroupArn=world.group, tags=tags
    )["eventTrackerArn"]
    return arn


def filter_(world: World, tags: Any) -> str:
    arn: str = world.api.create_filter(
        name=f"{world.name}-tagged",
        datasetGroupArn=world.group,
        filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("Drama")',
        tags=tags,
    )["filterArn"]
    return arn


def solution(world: World, tags: Any) -> str:
    arn: str = world.api.create_solution(
        name=f"{world.name}-tagged",
        datasetGroupArn=world.group,
        recipeArn=RECIPE + "aws-popularity-count",
        performAutoTraining=False,
        tags=tags,
    )["solutionArn"]
    world.wait("solution", arn)
    return arn


def version(world: World, tags: Any) -> str:
    arn = world.solution("aws-popularity-count", f"versions{next(_numbers)}")
    made: str = world.api.create_solution_version(solutionArn=arn, tags=tags)["solutionVersionArn"]
    return made


KINDS = [group, dataset, import_job, export_job, tracker, filter_, solution, version]


@pytest.mark.parametrize("create", KINDS, ids=lambda create: create.__name__)
def test_it_is_created_with_tags_which_can_be_changed(
    club: World, create: Callable[[World, Any], str]
) -> None:
    api = club.api
    with refused("InvalidInputException", "aws:"):
        create(club, [{"tagKey": "AWS:team", "tagValue": ""}])
    arn = create(club, TAGS)
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == TAGS
    api.tag_resource(resourceArn=arn, tags=[{"tagKey": f"k{n:02}", "tagValue": ""} for n in range(49)])
    with refused("TooManyTagsException", "at most 50"):
        api.tag_resource(resourceArn=arn, tags=[{"tagKey": "one more", "tagValue": ""}])
    api.tag_resource(resourceArn=arn, tags=[{"tagKey": "team", "tagValue": "books"}])
    api.untag_resource(resourceArn=arn, tagKeys=[f"k{n:02}" for n in range(49)])
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "books"}]


def test_more_keys_than_a_resource_can_have_are_refused(club: World) -> None:
    with refused("TooManyTagKeysException", "at most 50 tag keys; the request has 51"):
        club.api.untag_resource(resourceArn=club.group, tagKeys=[f"k{n}" for n in range(51)])


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ([{"tagKey": "a!", "tagValue": ""}], "tagKey"),
        ([{"tagKey": "k" * 129, "tagValue": ""}], "tagKey"),
        ([{"tagKey": "a", "tagValue": "v" * 257}], "tagValue"),
        ([{"tagKey": "a", "tagValue": "<"}], "tagValue"),
    ],
)
def test_a_tag_of_another_form_is_refused(club: World, tags: Any, text: str) -> None:
    with refused("InvalidInputException", text):
        club.api.tag_resource(resourceArn=club.group, tags=tags)
