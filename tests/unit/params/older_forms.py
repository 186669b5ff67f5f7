"""One right file of each older form, for tests that change one thing in it."""

import copy
from typing import Any

from tests.unit.params.documents import RECIPE, movies, schema

INTERACTIONS = schema(
    "Interactions", USER_ID="string", ITEM_ID="string", EVENT_TYPE="string", TIMESTAMP="long"
)
ITEMS = schema(
    "Items", ITEM_ID="string", GENRES={"type": "string", "categorical": True}, CREATION_TIMESTAMP="long"
)
ROLE = "arn:aws:iam::123456789012:role/reads-data"


def service(**parameters: Any) -> dict[str, Any]:
    return {"serviceConfig": parameters}


def tags(**values: str) -> list[dict[str, str]]:
    return [{"tagKey": key, "tagValue": value} for key, value in values.items()]


def _listed(kind: str, document: dict[str, Any], **flags: Any) -> dict[str, Any]:
    word = kind.title()
    return {
        "type": kind,
        "schema": {**service(schema=document, name=f"{word}Schema"), "schemaVersion": "v2"},
        "dataset": service(name=f"{word}Data", tags=tags(part="data")),
        "datasetImportJob": {
            **service(
                dataSource={"dataLocation": f"s3://elsewhere/{word.lower()}.csv"},
                roleArn=ROLE,
                tags=tags(part="data"),
                importMode="FULL",
                jobName=f"{word}Import",
            ),
            "createNewJob": True,
            **flags,
        },
    }


def _place(name: str) -> dict[str, Any]:
    return {"path": f"s3://elsewhere/{name}/"}


def _solution(name: str, recipe: str, **uses: Any) -> dict[str, Any]:
    return {
        **service(name=name, recipeArn=RECIPE + recipe),
        "solutionVersion": {
            "createNewSolutionVersion": True,
            **service(trainingMode="FULL", tags=tags(part="version")),
        },
        "campaigns": [],
        "batchInferenceJobs": [],
        "batchSegmentJobs": [],
        **uses,
    }


def _job(name: str) -> dict[str, Any]:
    return service(
        jobName=name,
        roleArn=ROLE,
        jobInput={"s3DataSource": _place("lines")},
        jobOutput={"s3DataDestination": _place("answers")},
    )


_SINGLE_DATASET: dict[str, Any] = {
    "Bucket": "elsewhere",
    "Key": "films/interactions.csv",
    "SchemaName": "film-interactions-schema",
    "Schema": INTERACTIONS,
    "DatasetGroupName": "films",
    "DatasetName": "film-interactions",
    "DatasetType": "INTERACTIONS",
    "ImportJobName": "film-import",
    "SolutionName": "films-for-you",
    "CampaignName": "films-live",
    "RecipieName": "aws-user-personalization-v2",
    "MinProvisionedTPS": 2,
}

_SERVICE_CONFIG: dict[str, Any] = {
    "datasetGroup": {
        **service(name="films", domain="VIDEO_ON_DEMAND", tags=tags(part="group")),
        "datasets": [_listed("INTERACTIONS", INTERACTIONS), _listed("ITEMS", ITEMS)],
    },
    "filters": [
        service(
            name="seen",
            filterExpression='INCLUDE ItemID WHERE Interactions.event_type IN ("watch")',
            tags=tags(part="filter"),
        )
    ],
    "eventTracker": service(name="films-events"),
    "solutions": [
        _solution(
            "ranked",
            "aws-personalized-ranking-v2",
            campaigns=[
                {
                    "createCampaign": True,
                    "solutionversion": "",
                    **service(name="ranked-live", minProvisionedTPS=1),
                }
            ],
        ),
        _solution(
            "similar",
            "aws-similar-items",
            batchInferenceJobs=[{**_job("similar-job"), "createBatchInferenceJob": True}],
        ),
        _solution(
            "fans",
            "aws-item-affinity",
            batchSegmentJobs=[{**_job("fans-job"), "createBatchSegmentJob": True}],
        ),
    ],
    "recommenders": [
        {**service(name="top", recipeArn=f"{RECIPE}aws-vod-most-popular"), "createRecommender": True}
    ],
}

_WORKFLOW_CONFIG: dict[str, Any] = {
    "tags": tags(part="all"),
    "datasetGroup": service(name="films"),
    "datasets": {
        "serviceConfig": {"importMode": "FULL", "tags": tags(step="import")},
        "interactions": {
            "dataset": service(name="film-interactions", tags=tags(part="data")),
            "schema": service(name="film-interactions-schema", schema=INTERACTIONS),
        },
        "items": {
            "dataset": service(name="film-items"),
            "schema": service(name="film-items-schema", schema=ITEMS),
        },
    },
    "eventTracker": service(name="films-events"),
    "filters": [
        service(name="seen", filterExpression='INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")')
    ],
    "solutions": [
        {
            **service(
                name="for-you",
                recipeArn=f"{RECIPE}aws-user-personalization-v2",
                solutionVersion={"name": "v1", "trainingMode": "FULL", "tags": tags(part="version")},
            ),
            "campaigns": [service(name="for-you-live", minProvisionedTPS=1)],
            "batchInferenceJobs": [service()],
        },
        service(name="similar", recipeArn=f"{RECIPE}aws-similar-items"),
    ],
}


def single_dataset(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(_SINGLE_DATASET) | changes


def service_config(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(_SERVICE_CONFIG) | changes


def workflow_config(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(_WORKFLOW_CONFIG) | changes


def one_solution() -> dict[str, Any]:
    document = movies()
    (document["solution"], _), (document["campaign"],) = (
        document.pop("solutions"),
        [{"name": "live", "minProvisionedTPS": 1}],
    )
    del document["solution"]["campaigns"]
    return document


def named_slots() -> dict[str, Any]:
    document = movies()
    document["solutions"] = {"userPersonalization": {"name": "for-you"}, "sims": {"name": "similar"}}
    document["campaigns"] = {"simsCampaign": {"name": "live", "minProvisionedTPS": 1}}
    return document


FORMS = {
    "single-dataset": single_dataset,
    "one-solution": one_solution,
    "named-slots": named_slots,
    "service-config": service_config,
    "workflow-config": workflow_config,
}
