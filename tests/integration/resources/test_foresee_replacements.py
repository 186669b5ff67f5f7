"""Replacements, tags, deletion and export jobs in a plan: foreseen as they are then done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.resources.cloud import BUCKET, INTERACTIONS, ITEMS, avro
from tests.integration.resources.test_beside import planned
from tests.integration.resources.test_foresee import POPULAR, do, look, params, upload

from personalize_pipeline.reporting.mail.plan_lines import lines

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

    from personalize_pipeline.planning.walk import Seen

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
    [why] = [one.foreseen.why for one in wider if one.foreseen.name == f"{name}-items-schema"]
    assert why.startswith(f"as {name}-items-schema-")
    assert why.endswith(f": {name}-items-schema has other columns")
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


def test_what_a_dataset_that_fails_is_needed_for_is_not_begun(cloud: Cloud) -> None:
    name = "foreskip"
    upload(cloud, name)
    put_items(cloud, name, "PRICE")
    solutions = params(name)["solutions"]
    do(cloud, look(cloud, name, **{**items(name, ITEMS), "solutions": solutions}), "foreskip-1")

    upload(cloud, name, seed=1)
    put_items(cloud, name, "YEAR")
    narrower = {**items(name, [ITEMS[0], ("YEAR", "int")]), "solutions": solutions}
    found = named(look(cloud, name, **narrower))
    text = "\n".join(lines(planned(cloud, name, **narrower)))

    assert found["Dataset", f"{name}-items"] == "fail"
    assert found["DatasetImport", f"{name}-items"] == "skip"
    assert found["DatasetImport", f"{name}-interactions"] == "import"  # datasets do not wait for each other
    assert found["Solution", f"{name}-popular"] == "keep"
    assert found["SolutionVersion", f"{name}-popular"] == found["Campaign", f"{name}-popular"] == "skip"
    assert (
        f"Not begun because of that: import {name}-items, solution version {name}-popular, "
        f"campaign {name}-popular." in text
    )
    # The import of interactions; and what is there goes on costing.
    assert "On AWS this run costs less than $0.01; then $4.80 a day" in text


def test_what_a_solution_that_fails_is_for_is_not_begun_and_others_are(cloud: Cloud) -> None:
    name = "foreone"
    upload(cloud, name)
    recipe, campaigns = POPULAR, [{"name": f"{name}-popular"}]
    solutions = [{"name": f"{name}-popular", "recipeArn": recipe, "campaigns": campaigns}]
    do(cloud, look(cloud, name, solutions=solutions), "foreone-1")

    other = {"name": f"{name}-other", "recipeArn": recipe, "campaigns": [{"name": f"{name}-other"}]}
    changed = {**solutions[0], "recipeArn": recipe.replace("popularity-count", "sims")}
    more = {**changed, "campaigns": [*campaigns, {"name": f"{name}-second"}]}
    found = named(look(cloud, name, solutions=[more, other]))

    assert found["Solution", f"{name}-popular"] == "fail"
    assert found["Campaign", f"{name}-second"] == "skip"
    assert found["SolutionVersion", f"{name}-other"] == "train"
    assert found["Campaign", f"{name}-other"] == "create"
