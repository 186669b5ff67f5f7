"""A deletion as the state machine `delete` drives it, against Personalize Local: plan, stages, steps."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.integration.resources.cloud import ACCOUNT, ITEMS

from personalize_pipeline.deletion.delete import delete
from personalize_pipeline.deletion.function import deletion_plan

if TYPE_CHECKING:
    import pytest
    from tests.integration.resources.cloud import Cloud

MANY = 130  # more than a page of Personalize holds
TURNS = 2000
STATES = "arn:aws:states:us-east-1:000000000000"
WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'


def run_of(cloud: Cloud) -> dict[str, Any]:
    return {
        "id": "films-destroy-1",
        "execution": f"{STATES}:execution:delete:films-destroy-1",
        "stateMachine": f"{STATES}:stateMachine:delete",
        "startTime": "2026-01-01T00:00:00Z",
    }


def planned(cloud: Cloud, group: str) -> dict[str, Any]:
    asked = {"datasetGroup": {"name": group}, "data": False}
    plan: dict[str, Any] = json.loads(json.dumps(deletion_plan({"input": asked, "run": run_of(cloud)})))
    return plan


def carried_out(cloud: Cloud, plan: dict[str, Any]) -> list[str]:
    """Stage after stage, all things of a stage at the same time, as often as they ask for it."""
    gone = []
    for stage in plan["stages"]:
        last: dict[str, Any] = {}
        things = stage["things"]
        for _ in range(TURNS):
            for thing in things:
                if not last.get(thing["arn"], {}).get("done"):
                    context = {"run": run_of(cloud)}
                    if thing["arn"] in last:
                        context["last"] = last[thing["arn"]]
                    last[thing["arn"]] = json.loads(json.dumps(delete({"want": thing, "context": context})))
            if all(step["done"] for step in last.values()):
                break
            cloud.clock.advance(60)
            time.sleep(0.01)
        assert all(step["done"] and step["status"] == "GONE" for step in last.values())
        gone += [thing["arn"] for thing in things]
    return gone


def test_more_than_a_page_of_everything_with_a_training_and_a_shared_schema(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("INPUT_BUCKET", "resources")
    api = cloud.personalize
    group, _ = cloud.filled("crowd")
    shared = cloud.schema("crowd-shared", ITEMS)
    cloud.dataset("crowd-items", group, shared, "ITEMS")
    cloud.dataset("neighbour-items", cloud.group("neighbour"), shared, "ITEMS")
    for number in range(MANY):
        api.create_filter(name=f"crowd-{number}", datasetGroupArn=group, filterExpression=WATCHED)
        api.create_solution(
            name=f"crowd-{number}",
            datasetGroupArn=group,
            recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
            performAutoTraining=False,
        )
    solutions = [f"{ACCOUNT}:solution/crowd-{number}" for number in range(MANY)]
    for solution in solutions:
        cloud.until_settled("describe_solution", solutionArn=solution)
    version = cloud.trained(solutions[-1])
    campaign = api.create_campaign(name="crowd", solutionVersionArn=version)["campaignArn"]
    cloud.until_settled("describe_campaign", campaignArn=campaign)
    running = api.create_solution_version(solutionArn=solutions[0])["solutionVersionArn"]

    plan = planned(cloud, "crowd")
    kinds = [thing["kind"] for stage in plan["stages"] for thing in stage["things"]]
    gone = carried_out(cloud, plan)

    assert (kinds.count("Filter"), kinds.count("Solution"), kinds.count("Campaign")) == (MANY, MANY, 1)
    assert plan["notes"][0] == "schema crowd-shared is kept: dataset/neighbour/ITEMS uses it too."
    assert set(solutions) < set(gone)
    assert running.rpartition("/")[0] in gone  # its training was stopped; it needs no hour to end
    left = [item["name"] for page in api.get_paginator("list_schemas").paginate() for item in page["schemas"]]
    assert "crowd-shared" in left
    assert "crowd-schema" not in left
    groups = [
        item["name"]
        for page in api.get_paginator("list_dataset_groups").paginate()
        for item in page["datasetGroups"]
    ]
    assert "crowd" not in groups
    assert planned(cloud, "crowd")["stages"] == []
