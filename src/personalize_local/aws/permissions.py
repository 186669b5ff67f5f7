"""What a caller needs to be allowed for each operation: actions and the resources that they are checked on.

The Service Authorization Reference decides: an operation on one resource is checked on that resource's ARN, a
Create on the ARN of what it creates (the solution's for a solution version), ListTagsForResource, TagResource
and UntagResource on the resource in question. A List is checked on the parent that it names, or on `*`
without one. PutEvents and PutActionInteractions name a tracking id, which is in no ARN, so they are checked
on `*`. The id of an event tracker is chosen by the service, so CreateEventTracker is checked on
`…:event-tracker/*` as a literal.

With `tags`, a Create needs `personalize:TagResource` on the same ARN; with a role, `iam:PassRole` on that
role.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SERVICE = "personalize.amazonaws.com"

# What a Create makes: the word in its ARN, and the argument with its name.
_CREATED = {
    "CreateBatchInferenceJob": ("batch-inference-job", "jobName"),
    "CreateBatchSegmentJob": ("batch-segment-job", "jobName"),
    "CreateCampaign": ("campaign", "name"),
    "CreateDataDeletionJob": ("data-deletion-job", "jobName"),
    "CreateDatasetExportJob": ("dataset-export-job", "jobName"),
    "CreateDatasetGroup": ("dataset-group", "name"),
    "CreateDatasetImportJob": ("dataset-import-job", "jobName"),
    "CreateFilter": ("filter", "name"),
    "CreateMetricAttribution": ("metric-attribution", "name"),
    "CreateRecommender": ("recommender", "name"),
    "CreateSchema": ("schema", "name"),
    "CreateSolution": ("solution", "name"),
}
# The argument that names what an operation works on, where it is not `<noun>Arn` of the operation's own name.
_SUBJECTS = {
    "CreateSolutionVersion": ("solutionArn",),
    "GetActionRecommendations": ("campaignArn",),
    "GetPersonalizedRanking": ("campaignArn",),
    "GetRecommendations": ("campaignArn", "recommenderArn"),
    "GetSolutionMetrics": ("solutionVersionArn",),
    "ListTagsForResource": ("resourceArn",),
    "PutActions": ("datasetArn",),
    "PutItems": ("datasetArn",),
    "PutUsers": ("datasetArn",),
    "StopSolutionVersionCreation": ("solutionVersionArn",),
    "TagResource": ("resourceArn",),
    "UntagResource": ("resourceArn",),
    # The parents that a List may name.
    "ListBatchInferenceJobs": ("solutionVersionArn",),
    "ListBatchSegmentJobs": ("solutionVersionArn",),
    "ListCampaigns": ("solutionArn",),
    "ListDatasetExportJobs": ("datasetArn",),
    "ListDatasetImportJobs": ("datasetArn",),
    "ListMetricAttributionMetrics": ("metricAttributionArn",),
    "ListSolutionVersions": ("solutionArn",),
}
_ON_EVERYTHING = frozenset(("PutEvents", "PutActionInteractions"))


@dataclass(frozen=True, slots=True)
class Check:
    """One question to IAM."""

    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two questions the same."""
        return self.action, self.resource, repr(sorted(self.context.items()))


@dataclass(frozen=True, slots=True)
class Arns:
    """Where the resources are that ARNs are made for."""

    region: str
    account: str
    partition: str

    def of(self, tail: str) -> str:
        """The ARN of `campaign/movies`."""
        return f"arn:{self.partition}:personalize:{self.region}:{self.account}:{tail}"


def checks(operation: str, params: dict[str, Any], arns: Arns) -> list[Check]:
    """What must be allowed. `params` may be incomplete or wrong: rights come before values in AWS."""
    resource = _resource(operation, params, arns)
    tags = params.get("tags") if operation.startswith("Create") else None
    tag_context: dict[str, Any] = {}
    if tags:
        pairs = {tag.get("tagKey", ""): tag.get("tagValue", "") for tag in tags if isinstance(tag, dict)}
        tag_context = {f"aws:RequestTag/{key}": value for key, value in pairs.items()} | {
            "aws:TagKeys": list(pairs)
        }
    needed = [Check(f"personalize:{operation}", resource, tag_context)]
    if tags:
        needed.append(Check("personalize:TagResource", resource, tag_context))
    if role := params.get("roleArn") or _nested_role(params):
        needed.append(Check("iam:PassRole", role, {"iam:PassedToService": SERVICE}))
    return needed


def _nested_role(params: dict[str, Any]) -> str | None:
    """The role of a metric attribution, which is given with the place of its reports."""
    config = params.get("metricsOutputConfig")
    role = config.get("roleArn") if isinstance(config, dict) else None
    return role if isinstance(role, str) else None


def _resource(operation: str, params: dict[str, Any], arns: Arns) -> str:
    if operation in _ON_EVERYTHING:
        return "*"
    if operation == "CreateEventTracker":
        return arns.of("event-tracker/*")
    if operation == "CreateDataset":
        group = str(params.get("datasetGroupArn", "")).rpartition("/")[2]
        return arns.of(f"dataset/{group}/{str(params.get('datasetType', '')).upper()}")
    if created := _CREATED.get(operation):
        word, argument = created
        return arns.of(f"{word}/{params.get(argument, '')}")
    for name in _SUBJECTS.get(operation) or _own_subject(operation):
        if params.get(name):
            return str(params[name])
    return "*"


def _own_subject(operation: str) -> tuple[str, ...]:
    """`campaignArn` for DescribeCampaign, DeleteCampaign, ...; what is left are Lists in a dataset group."""
    for verb in ("Describe", "Delete", "Update", "Start", "Stop"):
        if operation.startswith(verb):
            noun = operation.removeprefix(verb)
            return (f"{noun[0].lower()}{noun[1:]}Arn",)
    return ("datasetGroupArn",) if operation.startswith("List") else ()
