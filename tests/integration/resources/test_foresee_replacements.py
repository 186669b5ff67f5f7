"""Replacements, tags, deletion and export jobs in a plan: foreseen as they are then done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.resources.cloud import BUCKET, INTERACTIONS, ITEMS, avro
from tests.integration.resources.test_foresee import do, look, upload

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

    from personalize_pipeline.planning.foresee import Seen

CLICKED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")'
YEAR = ("YEAR", ["int", "null"])


def items(name: str, fields: list[tuple[str, Any]]) -> dict[str, Any]:
    of_items = {"name": f"{name}-items", "schema": json.loads(avro(fields))}
    of_interactions = {"name": f"{name}-interactions", "schema": json.loads(avro(INTERACTIONS))}
    return {"datasets": {"Interactions": of_interactions, "Items": of_items}, "solutions": []}


def put_items(cloud: Cloud, name: str, *columns: str) -> None:
    rows = [",".join([f"i{number}", *("1" for _ in columns)]) for number in range(30)]
    text = "\n".join([",".join(["ITEM_ID", *columns]), *rows]) + "\n"
    cloud.s3.put(BUCKET, {f"{name}/Items/items.csv": text})


def named(seen: list[Seen]) -> dict[tuple[str, str], str]:
    return {(one.foreseen.resource, one.foreseen.name): one.foreseen.action for one in seen}


def test_a_wider_schema_and_a_changed_filter_are_foreseen_as_replaced(cloud: Cloud) -> None:
    name = "forewider"
    upload(cloud, name)
    put_items(cloud, name, "PRICE")
    do(cloud, look(cloud, name, **items(name, ITEMS)), "forewider-1")

    filters = [{"name": f"{name}-seen", "filterExpression": CLICKED}]
    put_items(cloud, name, "PRICE", "YEAR")
    wider = look(cloud, name, **items(name, [*ITEMS, YEAR]), filters=filters)

    found = named(wider)
    assert found["Schema", f"{name}-items-schema"] == "create"
    assert found["Dataset", f"{name}-items"] == "update"
    assert found["DatasetImport", f"{name}-items"] == "import"
    assert found["Filter", f"{name}-seen"] == "replace"
    assert found["DatasetImport", f"{name}-interactions"] == "keep"
    did = do(cloud, wider, "forewider-2")
    assert (did["Dataset"], did["Filter"]) == ("updated", "replaced")
    after = look(cloud, name, **items(name, [*ITEMS, YEAR]), filters=filters)
    assert set(named(after).values()) == {"keep"}


def test_columns_that_cannot_be_taken_over_are_foreseen_with_the_reason(cloud: Cloud) -> None:
    name = "forenarrow"
    upload(cloud, name)
    put_items(cloud, name, "PRICE")
    do(cloud, look(cloud, name, **items(name, ITEMS)), "forenarrow-1")

    seen = look(cloud, name, **items(name, [ITEMS[0], ("YEAR", "int")]))

    [dataset] = [one.foreseen for one in seen if one.foreseen.name == f"{name}-items" and one.step is None]
    assert (dataset.resource, dataset.action) == ("Dataset", "fail")
    assert "PRICE is missing: no column can be taken away" in dataset.why


def test_deletion_and_export_jobs_and_metrics_are_in_the_plan(cloud: Cloud) -> None:
    name = "forejobs"
    upload(cloud, name)
    cloud.s3.put(BUCKET, {f"{name}/deletions/users.csv": "USER_ID\nu1\n"})
    metric = {"metricName": "m", "eventType": "watch", "expression": "SAMPLECOUNT()"}
    changes = items(name, ITEMS) | {
        "dataDeletionJobs": [{}],
        "metricAttribution": {"name": name, "metrics": [metric]},
        "tags": [{"tagKey": "team", "tagValue": "reco"}],
    }
    del changes["datasets"]["Items"]
    changes["datasets"]["Interactions"]["datasetExportJobs"] = [{}]

    first = look(cloud, name, **changes)
    jobs = ("MetricAttribution", "DataDeletionJob", "DatasetExportJob")
    found = {kind: action for (kind, _), action in named(first).items()}
    assert [found[kind] for kind in jobs] == 3 * ["create"]
    do(cloud, first, "forejobs-1")
    # A plan that does not know the new imports would do the job again; now they are there.
    do(cloud, look(cloud, name, **changes), "forejobs-2")
    assert set(named(look(cloud, name, **changes)).values()) == {"keep"}

    changes["metricAttribution"] = {"name": name, "metrics": [{**metric, "eventType": "buy"}]}
    changes["tags"] = []
    second = look(cloud, name, **changes)

    why = {one.foreseen.resource: one.foreseen.why for one in second}
    found = {kind: action for (kind, _), action in named(second).items()}
    assert [found[kind] for kind in jobs] == ["update", "update", "keep"]
    assert "metrics.m.eventType: it has watch, the params file says buy" in why["MetricAttribution"]
    assert found["DatasetGroup"] == "update"
    assert why["DatasetGroup"] == why["DataDeletionJob"] == "tag team: none any more"


def test_other_tags_on_imports_and_deletions_train_and_export_nothing_anew(cloud: Cloud) -> None:
    name = "foretags"
    upload(cloud, name)
    cloud.s3.put(BUCKET, {f"{name}/deletions/users.csv": "USER_ID\nu1\n"})
    changes: dict[str, Any] = items(name, ITEMS) | {"dataDeletionJobs": [{}]}
    del changes["datasets"]["Items"], changes["solutions"]
    changes["datasets"]["Interactions"]["datasetExportJobs"] = [{}]
    do(cloud, look(cloud, name, **changes), "foretags-1")
    do(cloud, look(cloud, name, **changes), "foretags-2")  # with the deletion that knows the import

    seen = look(cloud, name, **changes, tags=[{"tagKey": "team", "tagValue": "reco"}])

    found = {kind: action for (kind, _), action in named(seen).items()}
    assert (found["DatasetImport"], found["DataDeletionJob"]) == ("update", "update")
    assert (found["SolutionVersion"], found["DatasetExportJob"]) == ("update", "keep")
