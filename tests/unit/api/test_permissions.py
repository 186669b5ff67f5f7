"""What each operation needs to be allowed, and on which resource."""

from __future__ import annotations

from typing import Any

import pytest

from personalize_local.api import operations
from personalize_local.aws.permissions import Arns, checks

ARNS = Arns("eu-west-1", "123456789012", "aws")
PREFIX = "arn:aws:personalize:eu-west-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/data"
# Operations that have no resource to name, or need not name one.
ON_EVERYTHING = {"PutEvents", "PutActionInteractions", "ListDatasetGroups", "ListRecipes", "ListSchemas"}


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("CreateSolution", {"name": "s", "datasetGroupArn": f"{PREFIX}dataset-group/g"}, "solution/s"),
        ("CreateSolutionVersion", {"solutionArn": f"{PREFIX}solution/s"}, "solution/s"),
        (
            "CreateDataset",
            {"datasetGroupArn": f"{PREFIX}dataset-group/g", "datasetType": "Items"},
            "dataset/g/ITEMS",
        ),
        ("CreateDatasetImportJob", {"jobName": "j"}, "dataset-import-job/j"),
        ("CreateEventTracker", {"name": "t"}, "event-tracker/*"),
        ("DescribeSolutionVersion", {"solutionVersionArn": f"{PREFIX}solution/s/1"}, "solution/s/1"),
        ("DeleteCampaign", {"campaignArn": f"{PREFIX}campaign/c"}, "campaign/c"),
        ("UpdateCampaign", {"campaignArn": f"{PREFIX}campaign/c"}, "campaign/c"),
        ("StopRecommender", {"recommenderArn": f"{PREFIX}recommender/r"}, "recommender/r"),
        ("StopSolutionVersionCreation", {"solutionVersionArn": f"{PREFIX}solution/s/1"}, "solution/s/1"),
        ("GetSolutionMetrics", {"solutionVersionArn": f"{PREFIX}solution/s/1"}, "solution/s/1"),
        ("GetRecommendations", {"recommenderArn": f"{PREFIX}recommender/r"}, "recommender/r"),
        ("ListSolutions", {"datasetGroupArn": f"{PREFIX}dataset-group/g"}, "dataset-group/g"),
        ("ListSolutionVersions", {"solutionArn": f"{PREFIX}solution/s"}, "solution/s"),
        ("PutItems", {"datasetArn": f"{PREFIX}dataset/g/ITEMS"}, "dataset/g/ITEMS"),
        ("UntagResource", {"resourceArn": f"{PREFIX}filter/f"}, "filter/f"),
    ],
)
def test_an_operation_is_checked_on_its_resource(
    operation: str, params: dict[str, Any], resource: str
) -> None:
    (check,) = checks(operation, params, ARNS)

    assert (check.action, check.resource) == (f"personalize:{operation}", PREFIX + resource)


@pytest.mark.parametrize("operation", ["ListSolutions", "PutEvents", "ListRecipes"])
def test_without_a_resource_it_is_checked_on_everything(operation: str) -> None:
    assert [check.resource for check in checks(operation, {}, ARNS)] == ["*"]


@pytest.mark.parametrize("service", operations.SERVICES)
def test_every_operation_finds_its_resource_among_its_own_arguments(service: str) -> None:
    """An operation that nobody thought of would be checked on `*`, and every policy would deny it."""
    for name in set(operations.model(service).operation_names) - ON_EVERYTHING:
        shape = operations.model(service).operation_model(name).input_shape
        assert shape is not None
        params = {member: f"value-of-{member}" for member in shape.members if member != "tags"}

        assert checks(name, params, ARNS)[0].resource != "*", name


def test_tags_and_roles_need_more() -> None:
    tags = [{"tagKey": "team", "tagValue": "reco"}]

    needed = checks("CreateDatasetGroup", {"name": "g", "tags": tags, "roleArn": ROLE}, ARNS)

    group = f"{PREFIX}dataset-group/g"
    tagged = {"aws:RequestTag/team": "reco", "aws:TagKeys": ["team"]}
    assert [(check.action, check.resource, check.context) for check in needed] == [
        ("personalize:CreateDatasetGroup", group, tagged),
        ("personalize:TagResource", group, tagged),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "personalize.amazonaws.com"}),
    ]


def test_arns_follow_the_partition() -> None:
    china = Arns("cn-north-1", "123456789012", "aws-cn")

    assert checks("CreateFilter", {"name": "f"}, china)[0].resource.startswith(
        "arn:aws-cn:personalize:cn-north-1:"
    )
