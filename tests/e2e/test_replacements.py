"""A params file whose schema or filters changed, on the deployed pipeline."""

from typing import Any

from tests.support.deployed_stack import DeployedStack, params
from tests.support.uploads import answers, put_lines, solution, tastes
from tests.support.world import column, schema

WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
EVEN = 'INCLUDE ItemID WHERE Items.TASTE IN ("even")'


def with_schema(document: dict[str, Any], *columns: dict[str, Any]) -> dict[str, Any]:
    """The same document with other columns in its Items schema."""
    items = document["datasets"]["Items"] | {"schema": schema("Items", column("ITEM_ID"), *columns)}
    return document | {"datasets": document["datasets"] | {"Items": items}}


def test_a_schema_with_one_more_nullable_column_is_replaced_on_the_next_upload(stack: DeployedStack):
    document = tastes(stack, "wider")
    first = stack.run("wider", document)
    changed = with_schema(document, column("TASTE", categorical=True), column("YEAR", ["int", "null"]))
    rows = [f"i{number},{'odd' if number % 2 else 'even'},{1990 + number}" for number in range(40)]
    stack.upload("wider/Items/items.csv", "\n".join(["ITEM_ID,TASTE,YEAR", *rows]) + "\n")
    by_year = {"name": "wider-new", "filterExpression": "INCLUDE ItemID WHERE Items.YEAR > 2000"}

    second = stack.run("wider", changed | {"filters": [by_year]})
    third = stack.run("wider", changed | {"filters": [by_year]})

    assert (first.status, second.status, third.status) == 3 * ("SUCCEEDED",), second.cause
    name = "wider-items-schema"
    did = second.did()
    assert (did["Schema", name], did["Dataset", "wider-items"]) == ("created", "updated")
    assert (did["DatasetImport", "wider-items"], did["Filter", "wider-new"]) == ("imported", "created")
    assert did["DatasetImport", "wider-interactions"] == "reused"
    assert {did for (kind, _), did in third.did().items() if kind != "WaitForTurn"} == {"reused"}
    personalize = stack.client("personalize")
    arn = second.step("Dataset", "wider-items")["arn"]
    shown = personalize.describe_dataset(datasetArn=arn)["dataset"]
    assert shown["schemaArn"] == second.step("Schema", name)["arn"]
    assert f"schema/{name}-" in shown["schemaArn"]
    for part in (
        "Schemas that were replaced",
        "wider-items has new columns: YEAR",
        "deleted: no dataset uses",
    ):
        assert part in second.mail.body
    assert "Schemas that were replaced" not in third.mail.body


def test_a_schema_that_takes_something_away_is_refused_with_the_reasons(stack: DeployedStack):
    document = tastes(stack, "narrower")
    stack.run("narrower", document)
    changed = with_schema(document, column("YEAR", "int"))
    stack.upload("narrower/Items/items.csv", "ITEM_ID,YEAR\n" + "".join(f"i{n},2000\n" for n in range(40)))

    run = stack.run("narrower", changed)

    assert run.status == "FAILED"
    reason = " ".join(run.mail.body.split())
    for part in (
        "dataset narrower-items: ResourceChanged",
        "TASTE is missing: no column can be taken away",
        'YEAR is new and does not allow null: write "type": ["int", "null"]',
        "It has schema/narrower-items-schema, which stays. schema/narrower-items-schema-",
        "create schema narrower-items-schema as narrower-items-schema-",
    ):
        assert part in reason
    done = run.mail.body[run.mail.body.index("What was done") :]
    assert "narrower-interactions-schema" in done
    assert "narrower-items-schema" not in done  # it was made, and is gone
    tastes(stack, "narrower")  # the files as they were
    assert stack.run("narrower", document).step("Dataset", "narrower-items")["did"] == "reused"


def test_a_filter_whose_expression_changed_is_replaced_under_its_name(stack: DeployedStack):
    asked = solution(
        "refilter",
        "similar-items",
        campaigns=[{"name": "refilter"}],
        batchInferenceJobs=[{"filterArn": "refilter-some"}],
    )
    document = tastes(
        stack,
        "refilter",
        asked,
        filters=[
            {"name": "refilter-some", "filterExpression": WATCHED},
            {"name": "refilter-left", "filterExpression": WATCHED},
        ],
    )
    put_lines(stack, "refilter/batch/refilter-similar-items/lines.json", {"itemId": "i2"})
    first = stack.run("refilter", document)
    changed = document | {"filters": [{"name": "refilter-some", "filterExpression": EVEN}]}

    second = stack.run("refilter", changed)

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    step = second.step("Filter")
    assert (step["did"], step["arn"]) == ("replaced", first.step("Filter", "refilter-some")["arn"])
    group = second.step("DatasetGroup")["arn"]
    personalize = stack.client("personalize")
    names = [item["name"] for item in personalize.list_filters(datasetGroupArn=group)["Filters"]]
    assert sorted(names) == ["refilter-left", "refilter-some"]  # what the file no longer names is left alone
    shown = personalize.describe_filter(filterArn=step["arn"])["filter"]
    assert shown["filterExpression"] == EVEN
    items = stack.client("personalize-runtime").get_recommendations(
        campaignArn=second.step("Campaign")["arn"], itemId="i3", filterArn=step["arn"]
    )["itemList"]
    assert items
    assert all(int(item["itemId"][1:]) % 2 == 0 for item in items)
    assert second.step("BatchInferenceJob")["did"] == "created"  # other items may be in its answers now
    [line] = answers(stack, second.step("BatchInferenceJob"))
    assert all(int(item[1:]) % 2 == 0 for item in line["output"]["recommendedItems"])
    for part in ("Filters that were replaced", f"is      {EVEN}", f"was     {WATCHED}", "were refused for"):
        assert part in second.mail.body


def test_a_filter_that_cannot_be_replaced_keeps_working_as_it_was(stack: DeployedStack):
    filters = [{"name": "nofilter", "filterExpression": WATCHED}]
    document = params("nofilter", solutions=[], filters=filters)
    stack.upload_interactions("nofilter")
    first = stack.run("nofilter", document)
    stack.fail_next("filter", "no room for it")

    second = stack.run(
        "nofilter",
        document | {"filters": [{**filters[0], "filterExpression": WATCHED.replace("watch", "buy")}]},
    )

    assert second.status == "FAILED"
    assert "It still works with its old expression." in " ".join(second.mail.body.split())
    arn = first.step("Filter")["arn"]
    shown = stack.client("personalize").describe_filter(filterArn=arn)["filter"]
    assert (shown["status"], shown["filterExpression"]) == ("ACTIVE", WATCHED)
