"""Names, ARNs, tags, pages: what all resources share."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from tests.support.world import ARN, RECIPE, ROLE, SCHEMAS, World, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer


@pytest.fixture(scope="module")
def busy(club: World) -> World:
    """The club with one resource of each type."""
    club.filter('INCLUDE ItemID WHERE Items.GENRE IN ("Comedy")', "comedies")
    club.tracker()
    club.campaign(club.version(club.solution("aws-popularity-count", "popular"), name="one"), "popular")
    return club


def creations(club: World) -> dict[str, tuple[str, Callable[[], object], str]]:
    """For each type: a creation that collides, and the ARN it collides with."""
    api, group = club.api, club.group
    tracker = api.list_event_trackers(datasetGroupArn=group)["eventTrackers"][0]["eventTrackerArn"]
    n = club.name
    make = {
        "schema": (
            lambda: api.create_schema(name=f"{n}-items", schema=SCHEMAS["ITEMS"]),
            f"{ARN}schema/{n}-items",
        ),
        "dataset group": (lambda: api.create_dataset_group(name=n), group),
        "dataset": (
            lambda: api.create_dataset(
                name="other",
                schemaArn=f"{ARN}schema/{n}-items",
                datasetGroupArn=group,
                datasetType="Items",
            ),
            f"{ARN}dataset/{n}/ITEMS",
        ),
        "import job": (
            lambda: api.create_dataset_import_job(
                jobName=f"{n}-items-first",
                datasetArn=f"{ARN}dataset/{n}/ITEMS",
                dataSource={"dataLocation": "s3://b/k"},
                roleArn=ROLE,
            ),
            f"{ARN}dataset-import-job/{n}-items-first",
        ),
        "second event tracker": (
            lambda: api.create_event_tracker(name="another", datasetGroupArn=group),
            tracker,
        ),
        "filter": (
            lambda: api.create_filter(
                name=f"{n}-comedies",
                datasetGroupArn=group,
                filterExpression="EXCLUDE ItemID WHERE Items.PRICE > 1",
            ),
            f"{ARN}filter/{n}-comedies",
        ),
        "solution": (
            lambda: api.create_solution(
                name=f"{n}-popular", datasetGroupArn=group, recipeArn=RECIPE + "aws-sims"
            ),
            f"{ARN}solution/{n}-popular",
        ),
        "campaign": (
            lambda: api.create_campaign(
                name=f"{n}-popular",
                solutionVersionArn=api.list_solution_versions(solutionArn=f"{ARN}solution/{n}-popular")[
                    "solutionVersions"
                ][0]["solutionVersionArn"],
            ),
            f"{ARN}campaign/{n}-popular",
        ),
    }
    return {what: (what, *rest) for what, rest in make.items()}


@pytest.mark.parametrize(
    "what",
    [
        "schema",
        "dataset group",
        "dataset",
        "import job",
        "second event tracker",
        "filter",
        "solution",
        "campaign",
    ],
)
def test_a_name_is_given_once(busy: World, what: str) -> None:
    _, create, arn = creations(busy)[what]
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists."):
        create()


def test_a_version_name_is_given_once_per_solution(busy: World) -> None:
    with refused("ResourceAlreadyExistsException"):
        busy.api.create_solution_version(solutionArn=f"{ARN}solution/{busy.name}-popular", name="one")


def test_every_list_knows_its_resources(busy: World) -> None:
    api, group = busy.api, busy.group
    solution = f"{ARN}solution/{busy.name}-popular"
    found = [
        api.list_datasets(datasetGroupArn=group)["datasets"],
        api.list_dataset_import_jobs(datasetArn=busy.dataset("ITEMS"))["datasetImportJobs"],
        api.list_filters(datasetGroupArn=group)["Filters"],
        api.list_event_trackers(datasetGroupArn=group)["eventTrackers"],
        api.list_solutions(datasetGroupArn=group)["solutions"],
        api.list_solution_versions(solutionArn=solution)["solutionVersions"],
        api.list_campaigns(solutionArn=solution)["campaigns"],
    ]
    assert [len(one) for one in found] == [3, 1, 1, 1, 1, 1, 1]
    assert all(entry["status"] == "ACTIVE" for one in found for entry in one)


@pytest.mark.parametrize(
    ("operation", "argument", "tail"),
    [
        ("describe_schema", "schemaArn", "schema/none"),
        ("describe_dataset_group", "datasetGroupArn", "dataset-group/none"),
        ("describe_dataset", "datasetArn", "dataset/none/ITEMS"),
        ("describe_dataset_import_job", "datasetImportJobArn", "dataset-import-job/none"),
        ("describe_event_tracker", "eventTrackerArn", "event-tracker/12345678"),
        ("describe_filter", "filterArn", "filter/none"),
        ("describe_solution", "solutionArn", "solution/none"),
        ("describe_solution_version", "solutionVersionArn", "solution/none/12345678"),
        ("describe_campaign", "campaignArn", "campaign/none"),
        ("delete_campaign", "campaignArn", "campaign/none"),
        ("get_solution_metrics", "solutionVersionArn", "solution/none/12345678"),
        ("list_solution_versions", "solutionArn", "solution/none"),
        ("list_tags_for_resource", "resourceArn", "campaign/none"),
    ],
)
def test_what_is_not_there_is_not_found(club: World, operation: str, argument: str, tail: str) -> None:
    arn = ARN + tail
    with refused("ResourceNotFoundException", f"Resource Arn {arn} does not exist."):
        getattr(club.api, operation)(**{argument: arn})


def test_pages_go_on_after_a_restart(start_local: Callable[..., LocalServer]) -> None:
    server = start_local()
    for number in range(5):
        server.personalize.create_schema(name=f"s{number}", schema=SCHEMAS["ITEMS"])
    first = server.personalize.list_schemas(maxResults=2)

    server.stop()
    server.start()
    second = server.personalize.list_schemas(maxResults=2, nextToken=first["nextToken"])
    third = server.personalize.list_schemas(maxResults=2, nextToken=second["nextToken"])

    names = [entry["name"] for page in (first, second, third) for entry in page["schemas"]]
    assert names == ["s0", "s1", "s2", "s3", "s4"]
    assert "nextToken" not in third
    with refused("InvalidNextTokenException"):
        server.personalize.list_dataset_groups(nextToken=first["nextToken"])
    with refused("InvalidNextTokenException"):
        server.personalize.list_schemas(nextToken="not one of ours")


@pytest.mark.parametrize(
    "document",
    ["1", "null", "[1]", '["filter||", 1e5]', '["filter||", true]', "[" * 1100],
    ids=lambda one: one[:20],
)
def test_a_token_that_nobody_gave_is_refused(local: LocalServer, document: str) -> None:
    token = base64.urlsafe_b64encode(document.encode()).decode()
    with refused("InvalidNextTokenException"):
        local.personalize.list_filters(nextToken=token)


def test_a_token_beyond_the_end_finds_nothing(local: LocalServer) -> None:
    token = base64.urlsafe_b64encode(b'["filter||", 1' + 30 * b"0" + b"]").decode()
    assert local.personalize.list_filters(nextToken=token)["Filters"] == []


def test_recipes_are_listed_in_pages_and_described(local: LocalServer) -> None:
    pages = local.personalize.get_paginator("list_recipes").paginate(PaginationConfig={"PageSize": 5})
    names = [recipe["name"] for page in pages for recipe in page["recipes"]]
    assert len(names) == len(set(names))
    assert {"aws-user-personalization-v2", "aws-sims", "aws-vod-top-picks"} <= set(names)
    assert "aws-hrnn" not in names

    recipe = local.personalize.describe_recipe(recipeArn=RECIPE + "aws-sims")["recipe"]
    algorithm = local.personalize.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    feature = local.personalize.describe_feature_transformation(
        featureTransformationArn=recipe["featureTransformationArn"]
    )["featureTransformation"]

    assert recipe["recipeType"] == "RELATED_ITEMS"
    assert algorithm["defaultHyperParameters"]["min_cointeraction_count"] == "3"
    assert "max_item_interaction_count_percentile" in feature["defaultParameters"]


def test_tags_are_kept_changed_and_limited(local: LocalServer) -> None:
    api = local.personalize
    arn = api.create_dataset_group(name="tagged", tags=[{"tagKey": "team", "tagValue": "a"}])[
        "datasetGroupArn"
    ]

    api.tag_resource(
        resourceArn=arn,
        tags=[{"tagKey": "team", "tagValue": "b"}, {"tagKey": "cost", "tagValue": "1"}],
    )
    api.untag_resource(resourceArn=arn, tagKeys=["cost", "never there"])

    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "b"}]
    with refused("TooManyTagsException"):
        api.tag_resource(resourceArn=arn, tags=[{"tagKey": f"k{n}", "tagValue": "v"} for n in range(50)])
    with refused("InvalidInputException", "aws:"):
        api.tag_resource(resourceArn=arn, tags=[{"tagKey": "aws:x", "tagValue": "v"}])
    schema = api.create_schema(name="untaggable", schema=SCHEMAS["ITEMS"])["schemaArn"]
    with refused("InvalidInputException", "not taggable"):
        api.tag_resource(resourceArn=schema, tags=[{"tagKey": "a", "tagValue": "b"}])
