"""Endings of runs, as the state machine describes them to `notify`, for the tests of the mail."""

import json
from typing import Any

ACCOUNT = "arn:aws:personalize:eu-central-1:123456789012"
STATES = "arn:aws:states:eu-central-1:123456789012"
NOW = "2026-11-20T10:14:05+00:00"

RUN = {
    "id": "movies-params-4f2a91c03b7d",
    "execution": f"{STATES}:execution:pipeline:movies-params-4f2a91c03b7d",
    "stateMachine": f"{STATES}:stateMachine:pipeline",
    "startTime": "2026-11-20T09:02:00+00:00",
    "bucket": "reco-input",
    "prefix": "movies/",
    "key": "movies/params.json",
    "versionId": "3HL4kqtJlcpXroDTDmJ",
    "examples": {"userId": "42", "itemIds": ["318", "it's", "50"]},
}


def done(resource: str, name: str, arn: str, did: str, seconds: float, **details: Any) -> dict[str, Any]:
    outcome = {"resource": resource, "name": name, "arn": f"{ACCOUNT}:{arn}", "status": "ACTIVE", "did": did}
    return outcome | {"seconds": seconds} | ({"details": details} if details else {})


def version(name: str, recipe: str, did: str = "trained", **details: Any) -> dict[str, Any]:
    recipe_arn = f"arn:aws:personalize:::recipe/{recipe}"
    return done(
        "SolutionVersion",
        name,
        f"solution/{name}/ab12cd34",
        did,
        3412,
        recipeArn=recipe_arn,
        **details,
    )


def campaign(name: str, did: str) -> dict[str, Any]:
    return done(
        "Campaign",
        name,
        f"campaign/{name}",
        did,
        431,
        solutionVersionArn=f"{ACCOUNT}:solution/{name}/ab12cd34",
        minProvisionedTPS=1,
    )


METRICS = {
    "coverage": 0.0791,
    "mean_reciprocal_rank_at_25": 0.269,
    "normalized_discounted_cumulative_gain_at_25": 0.3321,
    "precision_at_5": 0.075,
}
BEFORE = {
    "coverage": 0.0791,
    "mean_reciprocal_rank_at_25": 0.275,
    "normalized_discounted_cumulative_gain_at_25": 0.3102,
}

DATA = [
    done("DatasetGroup", "movies", "dataset-group/movies", "reused", 1),
    done("Schema", "movies-interactions-schema", "schema/movies-interactions-schema", "reused", 1),
    done("Dataset", "movies-interactions", "dataset/movies/INTERACTIONS", "reused", 1),
    done(
        "DatasetImport",
        "movies-interactions",
        "dataset-import-job/movies-interactions-0badcafe-1c2d3e4f",
        "imported",
        304,
        files=2,
        bytes=3_400_000,
    ),
    done("EventTracker", "movies-events", "event-tracker/0a1b2c3d", "created", 12, trackingId="ab-cd-ef"),
    done("Filter", "unseen", "filter/unseen", "created", 15),
    done("Solution", "movies-for-you", "solution/movies-for-you", "updated", 20),
]

SUCCEEDED: dict[str, Any] = {
    "run": RUN,
    "status": "SUCCEEDED",
    "datasetGroup": "movies",
    "notes": ["performAutoTraining is sent as false:\nthis pipeline trains when data arrives."],
    "outcomes": [
        *DATA,
        version(
            "movies-for-you",
            "aws-user-personalization-v2",
            metrics=METRICS,
            trainingHours=2.103,
            previous={"arn": f"{ACCOUNT}:solution/movies-for-you/99887766", "metrics": BEFORE},
        ),
        campaign("movies-for-you", "updated"),
        version("movies-alike", "aws-similar-items", metrics={"coverage": 0.2}),
        campaign("movies-alike", "created"),
        version("movies-order", "aws-personalized-ranking-v2", metrics={"coverage": 0.01}),
        campaign("movies-order", "created"),
    ],
}

CHILD = {
    "ExecutionArn": f"{STATES}:execution:ensure:movies-params-SolutionVersion-77aa",
    "Status": "FAILED",
    "Error": "ResourceFailed",
    "Cause": "solution/movies-alike/ab12cd34 failed in Amazon Personalize: Dataset has fewer than 1000 "
    "interactions after filtering by event type: watch. Remove the cause (most often too little data) and "
    "upload the params file again.",
}

ONE_FAILED: dict[str, Any] = {
    "run": RUN,
    "status": "FAILED",
    "datasetGroup": "movies",
    "outcomes": [
        *DATA,
        version("movies-for-you", "aws-user-personalization-v2", metrics=METRICS),
        campaign("movies-for-you", "updated"),
        {
            "resource": "SolutionVersion",
            "name": "movies-alike",
            "failed": {
                "Error": "States.TaskFailed",
                "Cause": json.dumps(CHILD),
            },
        },
        {
            "resource": "Filter",
            "name": "family",
            "failed": {"error": "Runtime.HandlerError", "reason": "KeyError: 'filterArn'"},
        },
    ],
    "expected": [
        {"resource": "SolutionVersion", "name": "movies-for-you"},
        {"resource": "Campaign", "name": "movies-for-you"},
        {"resource": "SolutionVersion", "name": "movies-alike"},
        {"resource": "Campaign", "name": "movies-alike"},
    ],
}

BAD_PARAMS: dict[str, Any] = {
    "run": {key: value for key, value in RUN.items() if key != "examples"},
    "status": "FAILED",
    "problem": {
        "error": "ParamsInvalid",
        "reason": "2 problems:\n"
        "- solutions[0].recipeArm: unknown key. Did you mean 'recipeArn'?\n"
        "- solutions[0].campaigns[0].minProvisionedTPS: 0 is less than 1.",
    },
}
