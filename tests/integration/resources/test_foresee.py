"""What a run would do, asked before it does it: the plan says what the steps then do, and changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.resources.cloud import ACCOUNT, BUCKET, INTERACTIONS, Cloud, avro, interactions

from personalize_pipeline.context import Run
from personalize_pipeline.params.plan import plan as make_plan
from personalize_pipeline.planning.foresee import NEW_VERSION, foresee
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.resources.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from personalize_pipeline.planning.walk import Seen


def kinds(base: type[Any]) -> Iterator[type[Resource]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = {kind.__name__: kind for kind in kinds(Resource)}
POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"
DID = {
    "create": "created",
    "import": "imported",
    "train": "trained",
    "retrain": "trained",
    "update": "updated",
    "keep": "reused",
}


def params(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "datasetGroup": {"name": name},
        "datasets": {
            "Interactions": {"name": f"{name}-interactions", "schema": json.loads(avro(INTERACTIONS))}
        },
        "eventTracker": {"name": f"{name}-events"},
        "filters": [
            {
                "name": f"{name}-seen",
                "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")',
            }
        ],
        "solutions": [
            {
                "name": f"{name}-popular",
                "recipeArn": POPULAR,
                "campaigns": [{"name": f"{name}-popular", "minProvisionedTPS": 1}],
            }
        ],
    } | changes


def look(cloud: Cloud, name: str, **changes: Any) -> list[Seen]:
    return looked(cloud, name, Looking(), **changes)


def looked(
    cloud: Cloud, name: str, looking: Looking, scheduled: dict[str, Any] | None = None, **changes: Any
) -> list[Seen]:
    plan = make_plan(params(name, **changes), bucket=BUCKET, prefix=f"{name}/")
    arns = "arn:aws:states:us-east-1:000000000000"
    run = Run(
        id="plan",
        execution=f"{arns}:execution:pipeline:plan",
        state_machine=f"{arns}:stateMachine:pipeline",
        start_time=datetime.fromtimestamp(cloud.clock.now(), UTC),
        scheduled=scheduled,
    )
    return foresee(plan, run, looking)


def do(cloud: Cloud, seen: list[Seen], run: str) -> dict[str, str]:
    """What the steps of a run do, each for what the plan looked at."""
    did = {}
    version = ""
    for one in seen:
        context = one.context.output()
        for key in ("run", "startedAt", "outdated", "schemaDocument"):
            context.pop(key, None)
        if version and "solutionVersionArn" in context:
            context["solutionVersionArn"] = version
        step = cloud.loop(KINDS[one.foreseen.resource], one.want, run=run, **context)
        did[one.foreseen.resource] = step.get("did", "failed")
        if one.foreseen.resource == "SolutionVersion":
            version = step.get("arn", version)
    cloud.later()
    return did


def actions(seen: list[Seen]) -> dict[str, str]:
    return {one.foreseen.resource: one.foreseen.action for one in seen}


def upload(cloud: Cloud, name: str, seed: int = 0) -> None:
    cloud.s3.put(BUCKET, {f"{name}/Interactions/interactions.csv": interactions(seed)})


def test_everything_is_to_be_made_and_nothing_is_made_by_looking(cloud: Cloud) -> None:
    upload(cloud, "foreseen")
    looking = Looking()

    seen = looked(cloud, "foreseen", looking)

    assert actions(seen) == {
        "DatasetGroup": "create",
        "Schema": "create",
        "Dataset": "create",
        "DatasetImport": "import",
        "EventTracker": "create",
        "Filter": "create",
        "Solution": "create",
        "SolutionVersion": "train",
        "Campaign": "create",
    }
    assert [call.operation for call in looking.calls][-1] == "CreateCampaign"
    assert looking.calls[-1].arguments["solutionVersionArn"].endswith(NEW_VERSION)
    groups = cloud.personalize.list_dataset_groups()["datasetGroups"]
    assert "foreseen" not in {group["name"] for group in groups}


def test_solutions_share_the_look_at_what_was_imported(cloud: Cloud) -> None:
    upload(cloud, "shared")
    solutions = [
        {"name": f"shared-{number}", "recipeArn": POPULAR, "campaigns": [{"name": f"shared-{number}"}]}
        for number in range(3)
    ]
    do(cloud, look(cloud, "shared", solutions=solutions), "shared-1")
    do(cloud, look(cloud, "shared", solutions=solutions), "shared-2")
    looking, sent = Looking(), []
    looking.personalize.meta.events.register("before-send", lambda request, **_: sent.append(request))

    seen = looked(cloud, "shared", looking, solutions=solutions)

    asked = [(request.headers["X-Amz-Target"].decode().partition(".")[2], request.body) for request in sent]
    assert set(actions(seen).values()) == {"keep"}
    assert [name for name, _ in asked].count("ListDatasets") == 1
    assert len(set(asked)) == len(asked)


def test_what_is_foreseen_is_what_is_done_and_done_twice_is_nothing(cloud: Cloud) -> None:
    upload(cloud, "agreed")
    first = look(cloud, "agreed")
    assert do(cloud, first, "agreed-1") == {one: DID[action] for one, action in actions(first).items()}

    second = look(cloud, "agreed")
    assert set(actions(second).values()) == {"keep"}
    assert not any(one.foreseen.changes for one in second)
    assert set(do(cloud, second, "agreed-2").values()) == {"reused"}

    upload(cloud, "agreed", seed=1)
    third = look(cloud, "agreed")
    assert actions(third) == actions(second) | {
        "DatasetImport": "import",
        "SolutionVersion": "retrain",
        "Campaign": "update",
    }
    why = {one.foreseen.resource: one.foreseen.why for one in third}
    assert why["DatasetImport"].startswith("it is not what agreed-interactions-")
    assert why["SolutionVersion"] == "agreed-interactions is imported"
    assert NEW_VERSION in why["Campaign"]
    assert do(cloud, third, "agreed-3") == {one: DID[action] for one, action in actions(third).items()}
    assert set(actions(look(cloud, "agreed")).values()) == {"keep"}


def test_other_tags_are_no_reason_to_train_again(cloud: Cloud) -> None:
    upload(cloud, "tagged")
    tags = [{"tagKey": "team", "tagValue": "reco"}]
    do(cloud, look(cloud, "tagged", tags=tags), "tagged-1")

    seen = look(cloud, "tagged", tags=[{"tagKey": "team", "tagValue": "shop"}])

    assert actions(seen)["DatasetImport"] == "update"
    assert actions(seen)["Campaign"] == "update"
    assert "SolutionVersion" not in {
        one.foreseen.resource for one in seen if one.foreseen.action == "retrain"
    }
    assert NEW_VERSION not in "".join(one.foreseen.why for one in seen)
    assert do(cloud, seen, "tagged-2") == {one: DID[action] for one, action in actions(seen).items()}
    assert set(actions(look(cloud, "tagged", tags=[{"tagKey": "team", "tagValue": "shop"}])).values()) == {
        "keep"
    }


def test_a_training_that_failed_is_begun_again_and_the_best_candidate_is_open_until_then(
    cloud: Cloud,
) -> None:
    name = "burnt"
    candidates = [{}, {"name": "burnt-watched", "eventType": "watch"}]
    promotion = {"metric": "precision_at_5"}
    more = {"candidates": candidates, "promotion": promotion}
    solutions = [{**params(name)["solutions"][0], **more}]
    upload(cloud, name)
    cloud.service.faults.fail_next("solution-version", "no room")
    do(cloud, look(cloud, name, solutions=solutions), "burnt-1")

    why = {one.foreseen.name: one.foreseen for one in look(cloud, name, solutions=solutions)}

    assert why["burnt-popular-popularity-count"].action == "retrain"
    assert why["burnt-popular-popularity-count"].why == "no version of it is ACTIVE"
    assert "which is the best shows when all are trained" in why["burnt-popular"].why


@pytest.mark.parametrize(
    ("version", "action"),
    [({"train": True}, "retrain"), ({"train": False}, "keep"), ({"trainingMode": "FULL"}, "keep")],
    ids=["asked for", "not wanted", "the default written out"],
)
def test_training_on_unchanged_data_must_be_asked_for(
    cloud: Cloud, version: dict[str, Any], action: str
) -> None:
    name = f"asked-{action}-{len(version)}-{next(iter(version)).lower()}"[:60]
    upload(cloud, name)
    do(cloud, look(cloud, name), f"{name}-1")

    solutions = [{**params(name)["solutions"][0], "solutionVersion": version}]
    seen = look(cloud, name, solutions=solutions)

    assert actions(seen)["SolutionVersion"] == action
    assert do(cloud, seen, f"{name}-2")["SolutionVersion"] == DID[action]


@pytest.mark.parametrize(
    ("scheduled", "who"), [({"kind": "retrain"}, "the schedule"), (None, "the params file")]
)
def test_who_asks_for_a_training_is_said(cloud: Cloud, scheduled: dict[str, Any] | None, who: str) -> None:
    name = f"who-{'clock' if scheduled else 'file'}"
    upload(cloud, name)
    do(cloud, look(cloud, name), f"{name}-1")

    solutions = [{**params(name)["solutions"][0], "solutionVersion": {"train": True}}]
    seen = looked(cloud, name, Looking(), scheduled, solutions=solutions)

    [why] = [one.foreseen.why for one in seen if one.foreseen.resource == "SolutionVersion"]
    assert why.startswith(f"{who} asks for it")


def test_what_cannot_be_changed_is_told_and_everything_else_is_looked_at_too(cloud: Cloud) -> None:
    upload(cloud, "stuck")
    do(cloud, look(cloud, "stuck"), "stuck-1")

    seen = look(
        cloud,
        "stuck",
        eventTracker={"name": "other-events"},
        solutions=[
            {
                "name": "stuck-popular",
                "recipeArn": POPULAR,
                "performAutoTraining": True,
                "campaigns": [{"name": "stuck-popular", "minProvisionedTPS": 3}],
            }
        ],
    )

    assert actions(seen)["EventTracker"] == "fail"
    why = {one.foreseen.resource: one.foreseen.why for one in seen}
    assert "A dataset group has one event tracker" in why["EventTracker"]
    assert actions(seen)["Solution"] == "skip"  # as the state machine does
    assert "minProvisionedTPS: it has 1, the params file says 3" in why["Campaign"]
    assert f"{ACCOUNT}:campaign/stuck-popular" in {one.step.arn for one in seen if one.step}
