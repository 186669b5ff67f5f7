"""What cannot be changed and is replaced: schemas by wider ones, filters by others of the same name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.resources.cloud import BUCKET, ITEMS, avro

from personalize_pipeline.params.names import derived_name
from personalize_pipeline.resources.dataset import Dataset
from personalize_pipeline.resources.filter import Filter
from personalize_pipeline.resources.schema import Schema
from personalize_pipeline.tagging import NOTE

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
CLICKED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")'
YEAR = ("YEAR", ["int", "null"])


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return "r" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


# Schemas


def schema(cloud: Cloud, name: str, fields: list[tuple[str, Any]], run: str = "run-1") -> dict[str, Any]:
    return cloud.loop(Schema, {"name": derived_name(name, "schema"), "schema": avro(fields)}, run=run)


def dataset(
    cloud: Cloud, name: str, group: str, schema: dict[str, Any], run: str = "run-1", *, kind: str = "ITEMS"
) -> dict[str, Any]:
    context = {"datasetGroupArn": group, "schemaArn": schema["arn"]}
    return cloud.loop(Dataset, {"name": name, "datasetType": kind}, run=run, **context)


def test_other_columns_get_a_schema_of_their_own_name_and_the_same_ones_the_same(cloud: Cloud, name: str):
    first = schema(cloud, name, ITEMS)
    wider = schema(cloud, name, [*ITEMS, YEAR])
    again = schema(cloud, name, [YEAR, *ITEMS])

    assert first["arn"].endswith(f"schema/{name}-schema")
    assert wider["did"] == "created"
    assert wider["arn"].startswith(f"{first['arn']}-")
    assert (again["did"], again["arn"]) == ("reused", wider["arn"])
    assert schema(cloud, name, ITEMS)["arn"] == first["arn"]


def test_a_dataset_moves_to_more_columns_and_the_old_schema_goes_when_nobody_uses_it(cloud: Cloud, name: str):
    group, first = cloud.group(name), schema(cloud, name, ITEMS)
    dataset(cloud, name, group, first)
    cloud.later()
    wider = schema(cloud, name, [*ITEMS, YEAR], "run-2")

    moved = dataset(cloud, name, group, wider, "run-2")

    assert moved["did"] == "updated"
    assert moved["details"] == {
        "schema": wider["arn"].rpartition("/")[2],
        "formerSchemaArn": first["arn"],
        "columns": ["YEAR"],
        "ours": True,
        "former": "deleted: no dataset uses it any more",
    }
    there = cloud.personalize.describe_dataset(datasetArn=moved["arn"])["dataset"]
    assert there["schemaArn"] == wider["arn"]
    with pytest.raises(cloud.personalize.exceptions.ResourceNotFoundException):
        cloud.personalize.describe_schema(schemaArn=first["arn"])
    cloud.later()
    same = schema(cloud, name, [*ITEMS, YEAR], "run-3")
    assert (same["did"], same["arn"]) == ("reused", wider["arn"])
    assert dataset(cloud, name, group, same, "run-3")["did"] == "reused"


def test_an_old_schema_that_another_dataset_uses_is_kept(cloud: Cloud, name: str):
    first = schema(cloud, name, ITEMS)
    group, other = cloud.group(name), cloud.group(f"{name}-other")
    dataset(cloud, name, group, first)
    dataset(cloud, f"{name}-other", other, first)

    moved = dataset(cloud, name, group, schema(cloud, name, [*ITEMS, YEAR]), "run-2")

    assert moved["details"]["former"] == "kept: another dataset uses it"
    assert cloud.personalize.describe_schema(schemaArn=first["arn"])["schema"]


def test_an_old_schema_of_the_users_own_naming_is_kept(cloud: Cloud, name: str):
    want = {"name": f"{name}-mine", "schema": avro(ITEMS)}
    group = cloud.group(name)
    mine = cloud.loop(Schema, want)
    dataset(cloud, name, group, mine)
    wider = cloud.loop(Schema, {**want, "schema": avro([*ITEMS, YEAR])})

    moved = dataset(cloud, name, group, wider, "run-2")

    assert moved["details"]["former"].startswith("kept: it has a name of the params file's own choice")
    assert cloud.personalize.describe_schema(schemaArn=mine["arn"])["schema"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param(ITEMS[:1], "PRICE is missing: no column can be taken away", id="one less"),
        pytest.param(
            [ITEMS[0], ("PRICE", "int")],
            "PRICE is different (type was float, and is int): no column can be changed",
            id="another type",
        ),
        pytest.param(
            [ITEMS[0], ("PRICE", ["float", "null"])],
            "PRICE is different (nullable was false, and is true)",
            id="null allowed",
        ),
        pytest.param(
            [*ITEMS, ("YEAR", "int")],
            'YEAR is new and does not allow null: write "type": ["int", "null"]',
            id="null not allowed",
        ),
    ],
)
def test_columns_that_cannot_be_taken_over_are_named_with_the_reason(
    cloud: Cloud, name: str, fields: list[tuple[str, Any]], words: str
):
    group, first = cloud.group(name), schema(cloud, name, ITEMS)
    dataset(cloud, name, group, first)
    other = schema(cloud, name, fields)

    step = dataset(cloud, name, group, other, "run-2")

    assert step["failed"]["error"] == "ResourceChanged"
    reason = step["failed"]["reason"]
    assert words in reason
    made_for_nothing = other["arn"].rpartition(":")[2]
    assert f"It has schema/{name}-schema, which stays. {made_for_nothing}, made for the new" in reason
    assert "aws personalize delete-dataset --dataset-arn" in reason
    with pytest.raises(cloud.personalize.exceptions.ResourceNotFoundException):  # what was made for nothing
        cloud.personalize.describe_schema(schemaArn=other["arn"])
    assert cloud.personalize.describe_schema(schemaArn=first["arn"])["schema"]


def test_interactions_keep_their_columns(cloud: Cloud, name: str):
    plain = [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long")]
    group = cloud.group(name)
    dataset(cloud, name, group, schema(cloud, name, plain), kind="INTERACTIONS")

    wider = schema(cloud, name, [*plain, ("DEVICE", ["string", "null"])])
    step = dataset(cloud, name, group, wider, "run-2", kind="INTERACTIONS")

    assert step["failed"]["error"] == "ResourceChanged"
    assert "DEVICE is new: only Items and Users datasets can take new columns" in step["failed"]["reason"]


# Filters


def prepared(cloud: Cloud, name: str, **filter_: Any) -> dict[str, Any]:
    """A group with a filter; the context of a run."""
    context = {"datasetGroupArn": cloud.filled(name)[0]}
    want = {"name": name, "filterExpression": WATCHED, **filter_}
    assert cloud.loop(Filter, want, **context)["did"] == "created"
    cloud.later()
    return context


def filters(cloud: Cloud, group: str) -> dict[str, str]:
    listed = cloud.personalize.list_filters(datasetGroupArn=group)["Filters"]
    return {
        item["name"]: cloud.personalize.describe_filter(filterArn=item["filterArn"])["filter"][
            "filterExpression"
        ]
        for item in listed
    }


def test_a_changed_expression_gets_a_new_filter_under_the_same_name(cloud: Cloud, name: str):
    context = prepared(cloud, name)

    step = cloud.loop(Filter, {"name": name, "filterExpression": CLICKED}, run="run-2", **context)

    assert (step["done"], step["did"]) == (True, "replaced")
    assert step["arn"].endswith(f"filter/{name}")
    assert filters(cloud, context["datasetGroupArn"]) == {name: CLICKED}
    details = step["details"]
    assert (details["was"], details["is"]) == (WATCHED, CLICKED)
    assert details["standIn"].startswith(f"{name}-")
    assert "T" in details["deletedAt"]
    assert "T" in details["activeAt"]
    cloud.later()
    again = cloud.loop(Filter, {"name": name, "filterExpression": CLICKED}, run="run-3", **context)
    assert (again["did"], "details" in again) == ("reused", False)


def test_at_every_moment_there_is_a_filter_that_answers(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    want = {"name": name, "filterExpression": CLICKED}
    began, step = "2020-01-01T00:00:00+00:00", {"done": False}
    last: dict[str, Any] = {}
    while not step["done"]:
        step = cloud.turn(Filter, want, run="run-2", startedAt=began, **context, **last)
        last = {"last": step}
        assert step["waitSeconds"] <= 10
        active = [
            item
            for item in cloud.personalize.list_filters(datasetGroupArn=context["datasetGroupArn"])["Filters"]
            if item["status"] == "ACTIVE"
        ]
        assert active
        cloud.clock.advance(10)


def test_a_run_that_was_stopped_on_the_way_is_taken_up_by_the_next_one(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    want = {"name": name, "filterExpression": CLICKED}
    for turns in (1, 2, 3, 4):
        # A run that is stopped after so many turns; each forgets all.
        for _ in range(turns):
            cloud.turn(Filter, want, run=f"run-{turns}", **context)
            cloud.clock.advance(60)
    step = cloud.loop(Filter, want, run="last", **context)

    assert step["done"]
    assert filters(cloud, context["datasetGroupArn"]) == {name: CLICKED}


def test_an_expression_that_fails_leaves_the_old_filter_at_work(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    want = {"name": name, "filterExpression": CLICKED}
    cloud.service.faults.fail_next("filter", "no room")

    step = cloud.loop(Filter, want, run="run-2", **context)

    assert step["failed"]["error"] == "ResourceFailed"
    assert "cannot make a filter of its new expression: no room." in step["failed"]["reason"]
    assert "It still works with its old expression." in step["failed"]["reason"]
    assert filters(cloud, context["datasetGroupArn"])[name] == WATCHED
    cloud.later()
    assert cloud.loop(Filter, want, run="run-3", **context)["did"] == "replaced"
    assert filters(cloud, context["datasetGroupArn"]) == {name: CLICKED}


def test_an_expression_that_is_refused_leaves_the_old_filter_at_work(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    wrong = {"name": name, "filterExpression": 'EXCLUDE ItemID WHERE Items.GENRE IN ("x")'}

    step = cloud.loop(Filter, wrong, run="run-2", **context)

    assert step["failed"]["error"] == "ResourceFailed"
    assert filters(cloud, context["datasetGroupArn"]) == {name: WATCHED}


def test_a_batch_job_that_uses_the_old_filter_ends_first(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    version = cloud.trained(cloud.solution(name, context["datasetGroupArn"]))
    cloud.s3.put(BUCKET, {f"{name}/in/lines.json": '{"userId": "u1"}\n'})
    cloud.personalize.create_batch_inference_job(
        jobName=name,
        solutionVersionArn=version,
        filterArn=f"{version.partition(':solution/')[0]}:filter/{name}",
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/{name}/in/"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/{name}/out/"}},
        roleArn="arn:aws:iam::000000000000:role/personalize",
    )
    want = {"name": name, "filterExpression": CLICKED}
    cloud.service.faults.throttle_next("DeleteFilter", 1, "ResourceInUseException")
    last: dict[str, Any] = {}
    reasons = []
    for _ in range(200):
        step = cloud.turn(Filter, want, run="run-2", **context, **last)
        reasons.append(step.get("reason", ""))
        if step["done"]:
            break
        last = {"last": step}
        cloud.clock.advance(20)

    assert (step["done"], step["did"]) == (True, "replaced")
    assert any(reason.startswith("ResourceInUse") for reason in reasons)


def test_spaces_and_capitals_are_no_change(cloud: Cloud, name: str):
    context = prepared(cloud, name)
    same = 'exclude ItemID where  Interactions.EVENT_TYPE in ("watch")'

    step = cloud.loop(Filter, {"name": name, "filterExpression": same}, run="run-2", **context)

    assert step["did"] == "reused"


def test_tags_stay_with_the_name(cloud: Cloud, name: str):
    ours: Any = {"tagKey": "team", "tagValue": "reco"}
    theirs: Any = {"tagKey": "bill", "tagValue": "42"}
    context = prepared(cloud, name, tags=[ours])
    group = context["datasetGroupArn"]
    arn = cloud.personalize.list_filters(datasetGroupArn=group)["Filters"][0]["filterArn"]
    cloud.personalize.tag_resource(resourceArn=arn, tags=[theirs])

    want = {"name": name, "filterExpression": CLICKED, "tags": [ours]}
    cloud.loop(Filter, want, run="run-2", **context)

    tags = cloud.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    assert sorted(tag["tagKey"] for tag in tags if tag["tagKey"] != NOTE) == ["bill", "team"]


def test_a_filter_of_another_dataset_group_is_not_touched(cloud: Cloud, name: str):
    prepared(cloud, name)
    other = {"datasetGroupArn": cloud.filled(f"{name}-other")[0]}

    step = cloud.loop(Filter, {"name": name, "filterExpression": CLICKED}, run="run-2", **other)

    assert step["failed"]["error"] == "ResourceChanged"
    assert "datasetGroupArn: it has" in step["failed"]["reason"]
