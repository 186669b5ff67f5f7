"""What several tests of the deployed stack upload, the params documents for it, and what comes back."""

import json
from typing import Any

from tests.support.deployed_stack import DeployedStack, params
from tests.support.domain_world import DOMAINS, DomainWorld
from tests.support.world import column, schema

RECIPE = "arn:aws:personalize:::recipe/aws-"
USE_CASE = "arn:aws:personalize:::recipe/aws-vod-"
ITEMS = schema("Items", column("ITEM_ID"), column("TASTE", categorical=True))


def tastes(stack: DeployedStack, name: str, *solutions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Upload interactions of users of two tastes and the items with theirs; its params."""
    document = params(name, solutions=list(solutions), **changes)
    document["datasets"]["Items"] = {"name": f"{name}-items", "schema": ITEMS}
    rows = [f"i{number},{'odd' if number % 2 else 'even'}" for number in range(40)]
    stack.upload(f"{name}/Items/items.csv", "\n".join(["ITEM_ID,TASTE", *rows]) + "\n")
    stack.upload_interactions(name)
    return document


def solution(group: str, recipe: str, **more: Any) -> dict[str, Any]:
    """A solution that is named after its dataset group and its recipe."""
    return {"name": f"{group}-{recipe}", "recipeArn": RECIPE + recipe, **more}


def put_lines(stack: DeployedStack, key: str, *given: dict[str, Any]) -> None:
    """Upload lines for a batch job."""
    stack.upload(key, "".join(f"{json.dumps(line)}\n" for line in given))


def answers(stack: DeployedStack, step: dict[str, Any], file: str = "lines.json.out") -> list[dict[str, Any]]:
    """What a batch job wrote."""
    bucket, _, key = step["details"]["output"].removeprefix("s3://").partition("/")
    body = stack.client("s3").get_object(Bucket=bucket, Key=f"{key}{file}")["Body"].read()
    return [json.loads(line) for line in body.decode().splitlines()]


def video(stack: DeployedStack, name: str, *recommenders: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Upload the data of a film club; its params."""
    club = DomainWorld(None, None, name)  # type: ignore[arg-type]  # for its data only
    stack.upload(f"{name}/Interactions/interactions.csv", club.interactions())
    stack.upload(f"{name}/Items/items.csv", club.items())
    return {
        "datasetGroup": {"name": name, "domain": "VIDEO_ON_DEMAND"},
        "datasets": {
            kind.title(): {"name": f"{name}-{kind.lower()}", "schema": schema}
            for kind, schema in DOMAINS["VIDEO_ON_DEMAND"].items()
        },
        "recommenders": list(recommenders),
    } | changes


def recommender(name: str, use_case: str, **more: Any) -> dict[str, Any]:
    """A recommender for video on demand."""
    return {"name": name, "recipeArn": USE_CASE + use_case, **more}
