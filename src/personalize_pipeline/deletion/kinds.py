"""What a dataset group is made of, kind by kind: how each is looked at, and how it is deleted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_personalize import PersonalizeClient

DATA = "Data"
"""Not a resource of Personalize: the files of an import in the input bucket."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource; `describe` gives its settings."""

    describe: "Callable[[PersonalizeClient, str], Any]"
    delete: "Callable[[PersonalizeClient, str], None]"


SCHEDULE = "Schedule"
"""Of EventBridge Scheduler, not of Personalize."""

KINDS = {
    "Campaign": Kind(
        lambda client, arn: client.describe_campaign(campaignArn=arn)["campaign"],
        lambda client, arn: client.delete_campaign(campaignArn=arn) and None,
    ),
    "Recommender": Kind(
        lambda client, arn: client.describe_recommender(recommenderArn=arn)["recommender"],
        lambda client, arn: client.delete_recommender(recommenderArn=arn) and None,
    ),
    "Solution": Kind(
        lambda client, arn: client.describe_solution(solutionArn=arn)["solution"],
        lambda client, arn: client.delete_solution(solutionArn=arn) and None,
    ),
    "EventTracker": Kind(
        lambda client, arn: client.describe_event_tracker(eventTrackerArn=arn)["eventTracker"],
        lambda client, arn: client.delete_event_tracker(eventTrackerArn=arn) and None,
    ),
    "MetricAttribution": Kind(
        lambda client, arn: client.describe_metric_attribution(metricAttributionArn=arn)["metricAttribution"],
        lambda client, arn: client.delete_metric_attribution(metricAttributionArn=arn) and None,
    ),
    "Filter": Kind(
        lambda client, arn: client.describe_filter(filterArn=arn)["filter"],
        lambda client, arn: client.delete_filter(filterArn=arn) and None,
    ),
    "Dataset": Kind(
        lambda client, arn: client.describe_dataset(datasetArn=arn)["dataset"],
        lambda client, arn: client.delete_dataset(datasetArn=arn) and None,
    ),
    "DatasetGroup": Kind(
        lambda client, arn: client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"],
        lambda client, arn: client.delete_dataset_group(datasetGroupArn=arn) and None,
    ),
    "Schema": Kind(
        lambda client, arn: client.describe_schema(schemaArn=arn)["schema"],
        lambda client, arn: client.delete_schema(schemaArn=arn) and None,
    ),
}

STAGES = (
    (SCHEDULE,),  # first, so that none starts a run on what is going
    ("Campaign", "Recommender"),
    ("Solution", "EventTracker", "MetricAttribution", "Filter"),
    ("Dataset",),
    ("DatasetGroup",),
    ("Schema", DATA),
)
"""The order in which Personalize lets them go. What stands in one stage may go at the same time."""
