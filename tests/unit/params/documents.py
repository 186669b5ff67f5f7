"""A params file that is right, for tests that change one thing in it."""

import copy
from collections.abc import Mapping
from typing import Any

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import read

RECIPE = "arn:aws:personalize:::recipe/"


def problems_of(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with it; empty if nothing is."""
    try:
        read(document)
    except ParamsInvalid as error:
        return [str(problem) for problem in error.problems]
    return []


def schema(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": field, **(kind if isinstance(kind, dict) else {"type": kind})}
            for field, kind in fields.items()
        ],
        "version": "1.0",
    }


CATEGORY = {"type": "string", "categorical": True}

_MOVIES: dict[str, Any] = {
    "datasetGroup": {"name": "movies"},
    "datasets": {
        "Interactions": {
            "name": "movies-interactions",
            "schema": schema(
                "Interactions",
                USER_ID="string",
                ITEM_ID="string",
                EVENT_TYPE="string",
                EVENT_VALUE=["float", "null"],
                TIMESTAMP="long",
            ),
        },
        "Items": {
            "name": "movies-items",
            "schema": schema("Items", ITEM_ID="string", GENRE=CATEGORY, YEAR="int", RATING=["null", "float"]),
            "importMode": "FULL",
        },
        "Users": {"name": "movies-users", "schema": schema("Users", USER_ID="string", AGE="int")},
    },
    "eventTracker": {"name": "movies-events"},
    "filters": [
        {"name": "unseen", "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'},
        {"name": "genre", "filterExpression": "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"},
    ],
    "solutions": [
        {
            "name": "movies-for-you",
            "recipeArn": f"{RECIPE}aws-user-personalization-v2",
            "solutionVersion": {"trainingMode": "FULL"},
            "campaigns": [{"name": "movies-for-you", "minProvisionedTPS": 1}],
            "batchInferenceJobs": [],
            "batchSegmentJobs": [],
        },
        {
            "name": "movies-like-this",
            "recipeArn": f"{RECIPE}aws-sims",
            "campaigns": [
                {"name": "movies-like-this"},
                {"name": "movies-like-this-2", "minProvisionedTPS": 2},
            ],
        },
    ],
    "recommenders": [],
    "schedules": {},
    "tags": [{"tagKey": "team", "tagValue": "reco"}],
}


def movies() -> dict[str, Any]:
    """A fresh copy."""
    return copy.deepcopy(_MOVIES)


def one_solution(**settings: Any) -> dict[str, Any]:
    """The same data with one solution, which has these settings, and nothing else."""
    document = movies()
    for key in ("filters", "eventTracker", "tags", "recommenders", "schedules"):
        del document[key]
    document["solutions"] = [{"name": "s", "recipeArn": f"{RECIPE}aws-user-personalization-v2", **settings}]
    return document


def domain_group(*recommenders: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same interactions in a group of the domain VIDEO_ON_DEMAND, with these recommenders."""
    document = {key: movies()[key] for key in ("datasetGroup", "datasets")}
    document["datasetGroup"]["domain"] = "VIDEO_ON_DEMAND"
    text = ["string", "null"]
    items = schema("Items", ITEM_ID="string", CREATION_TIMESTAMP="long", GENRES=CATEGORY, TITLE=text)
    document["datasets"]["Items"]["schema"] = items
    del document["datasets"]["Users"]
    return document | {"recommenders": list(recommenders)} | changes


def recommender(use_case: str = "top-picks", **settings: Any) -> dict[str, Any]:
    """A recommender of the domain VIDEO_ON_DEMAND."""
    return {"name": f"movies-{use_case}", "recipeArn": f"{RECIPE}aws-vod-{use_case}", **settings}


def put(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Set the value at a place such as `solutions[0].name`; `...` removes it."""
    *path, last = [
        int(step) if step.isdigit() else step for step in place.replace("[", ".").replace("]", "").split(".")
    ]
    holder: Any = document
    for step in path:
        holder = holder[step]
    if value is ...:
        del holder[last]
    elif isinstance(holder, list) and last == len(holder):
        holder.append(value)
    else:
        holder[last] = value
    return document
