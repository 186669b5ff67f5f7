"""What serves recommendations, and is paid for by the hour: campaigns and recommenders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

EVERYTHING = "*"
_LIVE = "ACTIVE"  # a recommender that is stopped costs nothing


@dataclass(frozen=True, slots=True)
class Serving:
    """A campaign or a recommender; `dimension` is what CloudWatch knows its ARN by."""

    name: str
    arn: str
    dimension: str
    provisioned: int
    """Requests per second that are billed at least."""
    created: datetime


def serving(client: "PersonalizeClient", groups: str) -> list[Serving]:
    """What is live in the dataset groups of these names (with commas between them), or in all of the account.

    A name that does not exist, or not yet, has nothing live.
    """
    if groups.strip() == EVERYTHING:
        return [*_campaigns(client), *_recommenders(client)]
    names = {name.strip() for name in groups.split(",")}
    return [
        one
        for page in client.get_paginator("list_dataset_groups").paginate()
        for group in page["datasetGroups"]
        if group["name"] in names
        for one in _of_group(client, group["datasetGroupArn"])
    ]


def _of_group(client: "PersonalizeClient", group: str) -> Iterator[Serving]:
    for page in client.get_paginator("list_solutions").paginate(datasetGroupArn=group):
        for solution in page["solutions"]:
            yield from _campaigns(client, solutionArn=solution["solutionArn"])
    yield from _recommenders(client, datasetGroupArn=group)


def _campaigns(client: "PersonalizeClient", **of: str) -> Iterator[Serving]:
    for page in client.get_paginator("list_campaigns").paginate(**of):  # type: ignore[arg-type]
        for campaign in page["campaigns"]:
            if campaign["status"] == _LIVE:
                arn = campaign["campaignArn"]
                shown = client.describe_campaign(campaignArn=arn)["campaign"]
                provisioned = shown.get("minProvisionedTPS", 1)
                yield Serving(shown["name"], arn, "CampaignArn", provisioned, shown["creationDateTime"])


def _recommenders(client: "PersonalizeClient", **of: str) -> Iterator[Serving]:
    for page in client.get_paginator("list_recommenders").paginate(**of):  # type: ignore[arg-type]
        for recommender in page["recommenders"]:
            if recommender["status"] == _LIVE:
                arn = recommender["recommenderArn"]
                shown = client.describe_recommender(recommenderArn=arn)["recommender"]
                provisioned = shown.get("recommenderConfig", {}).get("minRecommendationRequestsPerSecond", 1)
                yield Serving(shown["name"], arn, "RecommenderArn", provisioned, shown["creationDateTime"])
