"""Files and schemas for all five dataset types, and a params document that imports them."""

import random
from collections.abc import Iterable
from typing import Any

from tests.support.deployed_stack import INTERACTIONS_SCHEMA
from tests.support.world import column, schema

ACTIONS = ("invite", "upgrade", "rate", "list")
RECIPE = "arn:aws:personalize:::recipe/aws-"
START = 1_700_000_000
SCHEMAS = {
    "Interactions": INTERACTIONS_SCHEMA,
    "Items": schema("Items", column("ITEM_ID"), column("TASTE", categorical=True)),
    "Users": schema("Users", column("USER_ID"), column("AGE", "int")),
    "Actions": schema("Actions", column("ACTION_ID"), column("VALUE", ["long", "null"])),
    "ActionInteractions": schema(
        "ActionInteractions",
        column("USER_ID"),
        column("ACTION_ID"),
        column("EVENT_TYPE"),
        column("TIMESTAMP", "long"),
    ),
}


def events(items: Iterable[int], *, users: int = 50, each: int = 24, seed: int = 0) -> str:
    """Events of users with some of the items."""
    chance, ids = random.Random(seed), list(items)
    rows = [
        f"u{user},i{chance.choice(ids)},watch,{START + 100 * seed + 3600 * n + user}"
        for user in range(users)
        for n in range(each)
    ]
    return csv("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP", rows)


def action_interactions() -> list[str]:
    """Rows of what users did with each of `ACTIONS`."""
    return [
        f"u{user},{ACTIONS[(user + n) % 4]},{('Taken', 'Viewed', 'Not Taken')[n % 3]},{START + 60 * n + user}"
        for user in range(50)
        for n in range(24)
    ]


def csv(header: str, rows: Iterable[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def document(group: str, *types: str, **changes: Any) -> dict[str, Any]:
    """These datasets, and a campaign of what is popular: all items that anybody watched."""
    popular = {
        "name": f"{group}-popular",
        "recipeArn": f"{RECIPE}popularity-count",
        "campaigns": [{"name": f"{group}-popular", "minProvisionedTPS": 1}],
    }
    return {
        "datasetGroup": {"name": group},
        "datasets": {kind: {"name": f"{group}-{kind.lower()}", "schema": SCHEMAS[kind]} for kind in types},
        "solutions": [popular],
    } | changes
