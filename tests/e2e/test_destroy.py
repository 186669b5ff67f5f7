"""`personalize destroy`: a dataset group is taken apart by the deployed stack, with IAM enforced."""

import json
import time
from typing import Any

from tests.support.command import personalize, start
from tests.support.deployed_stack import DeployedStack, interactions_csv, params

from personalize_pipeline.deletion.plan import make_plan
from personalize_pipeline.execution import execution_name

SIMILAR = "arn:aws:personalize:::recipe/aws-similar-items"
FILTERS = 7
UNSEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'


def built(stack: DeployedStack, group: str, **changes: Any) -> None:
    """A group as a run leaves it."""
    stack.upload_interactions(group)
    run = stack.run(group, params(group, **changes))
    assert run.status == "SUCCEEDED", run.cause


def names(stack: DeployedStack, operation: str, **arguments: Any) -> list[str]:
    pages = stack.client("personalize").get_paginator(operation).paginate(**arguments)
    return [
        item.get("name") or item["datasetGroupArn"]
        for page in pages
        for value in page.values()
        if isinstance(value, list)
        for item in value
    ]


def of(stack: DeployedStack, group: str) -> list[str]:
    """Everything in the account that is named after the group."""
    operations = (
        "campaigns",
        "recommenders",
        "solutions",
        "event_trackers",
        "metric_attributions",
        "filters",
    )
    found = [
        f"{operation} {name}"
        for operation in (*operations, "datasets", "dataset_groups", "schemas")
        for name in names(stack, f"list_{operation}")
    ]
    return [line for line in found if line.split()[1].split("-")[0] == group]


def files(stack: DeployedStack, prefix: str) -> list[str]:
    page = stack.client("s3").list_object_versions(Bucket=stack.bucket, Prefix=prefix)
    return [item["Key"] for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]


def test_a_group_with_several_solutions_a_failed_version_and_pages_of_filters(stack: DeployedStack):
    built(
        stack,
        "whole",
        eventTracker={"name": "whole-events"},
        solutions=[*params("whole")["solutions"], {"name": "whole-similar", "recipeArn": SIMILAR}],
    )
    built(stack, "other", solutions=[])
    client = stack.client("personalize")
    for number in range(FILTERS):
        client.create_filter(
            name=f"whole-f{number}", datasetGroupArn=stack.arn("dataset-group/whole"), filterExpression=UNSEEN
        )
    stack.fail_next("solution-version", "too little")
    client.create_solution_version(solutionArn=stack.arn("solution/whole-similar"))
    role = stack.client("cloudformation").describe_stack_resource(
        StackName=stack.NAME, LogicalResourceId="PersonalizeRole"
    )["StackResourceDetail"]["PhysicalResourceId"]
    client.create_metric_attribution(
        name="whole-attribution",
        datasetGroupArn=stack.arn("dataset-group/whole"),
        metrics=[{"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": stack.client("iam").get_role(RoleName=role)["Role"]["Arn"]},
    )
    everything = of(stack, "whole")
    client.meta.events.register(
        "provide-client-params.personalize.ListFilters", lambda params, **_: {**params, "maxResults": 3}
    )
    plan = make_plan(client, stack.arn("dataset-group/whole"), stack.bucket, data=False)
    assert [thing.kind for thing in plan.things].count("Filter") == FILTERS  # on three pages

    code, planned, _ = personalize(stack, "destroy", "whole", "--dry-run")
    assert code == 0
    assert of(stack, "whole") == everything
    order = [line.split()[0] for line in planned.splitlines() if line.startswith("  ")]
    assert list(dict.fromkeys(order)) == [
        "Campaign", "Solution", "EventTracker", "MetricAttribution",
        "Filter", "Dataset", "DatasetGroup", "Schema",
    ]  # fmt: skip
    assert order.count("Filter") == FILTERS
    assert order.count("Solution") == 2
    assert "other" not in planned

    client.create_solution_version(solutionArn=stack.arn("solution/whole-similar"))  # it is being trained
    code, out, err = personalize(stack, "destroy", "whole", "--yes")

    assert code == 0, f"{out}\n{err}"
    assert out.startswith("Deleted: whole\n\nwhole is deleted.")
    assert f"the data in s3://{stack.bucket}/whole/Interactions/ is kept." in " ".join(out.split())
    assert "Campaign whole-for-you: GONE, deleted" in err
    assert of(stack, "whole") == []
    assert len(of(stack, "other")) == 3  # group, dataset, schema
    assert files(stack, "whole/Interactions/") != []
    assert any(mail.subject == "Deleted: whole" for mail in stack.mails())

    code, out, _ = personalize(stack, "destroy", "whole", "--yes")
    assert (code, out.startswith("There is nothing to delete: no dataset group whole")) == (0, True)


def test_a_domain_group_with_a_recommender_goes_with_its_data_if_asked(stack: DeployedStack):
    client, group = stack.client("personalize"), "shop"
    rows = interactions_csv(each=40).replace("watch", "View").splitlines()
    rows = [row.replace("View", "Purchase") if number % 2 else row for number, row in enumerate(rows) if row]
    stack.upload("shop/Interactions/interactions.csv", "\n".join(rows) + "\n")
    stack.upload("shop/Interactions/interactions.csv", "\n".join(rows) + "\n")  # a second version
    stack.upload("shop/Interactions/archive/old.csv", "kept")
    document = params(group, solutions=[], datasetGroup={"name": group, "domain": "ECOMMERCE"})
    run = stack.run(group, document)
    assert run.status == "SUCCEEDED", run.cause
    made = client.create_recommender(
        name="shop-most-viewed",
        datasetGroupArn=run.step("DatasetGroup")["arn"],
        recipeArn="arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views",
    )
    assert client.describe_recommender(recommenderArn=made["recommenderArn"])["recommender"]

    # It is still being created: the deletion waits for that.
    code, out, err = personalize(stack, "destroy", group, "--data", "--yes")

    assert code == 0, f"{out}\n{err}"
    assert "Recommender shop-most-viewed: GONE, deleted" in err
    assert f"Data s3://{stack.bucket}/shop/Interactions/: GONE, deleted" in err
    assert of(stack, group) == []
    assert sorted(set(files(stack, "shop/"))) == ["shop/Interactions/archive/old.csv", "shop/params.json"]


def test_a_deletion_that_somebody_stopped_is_finished_by_the_next_one(stack: DeployedStack):
    built(stack, "half", solutions=[])
    # The dataset is gone, which was all that knew its schema, when somebody stops the execution.
    stack.refuse_next("DeleteDatasetGroup", 500, "ResourceInUseException")
    code, arn, err = personalize(stack, "destroy", "half", "--yes", "--no-follow")
    assert code == 0, err
    deadline = time.monotonic() + 60
    while any(line.startswith("datasets ") for line in of(stack, "half")):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    stack.client("stepfunctions").stop_execution(executionArn=arn.strip())
    stack._admin("faults", method="DELETE")
    # A step that was on its way may still have taken the group; nobody took the schema.
    left = [line.split()[0] for line in of(stack, "half")]
    assert left in (["dataset_groups", "schemas"], ["schemas"])

    code, out, err = personalize(stack, "destroy", "half", "--yes")

    assert code == 0, f"{out}\n{err}"
    assert of(stack, "half") == []


def test_the_group_must_be_named_again_before_anything_is_deleted(stack: DeployedStack):
    built(stack, "named", solutions=[])
    before = of(stack, "named")
    process = start(stack, "destroy", "named", typed=True)

    out, err = process.communicate("namde\n", timeout=60)

    assert (process.returncode, out) == (1, "")
    assert "Dataset named-interactions" in err
    assert "'namde' is not 'named': nothing was deleted." in err
    assert of(stack, "named") == before


def test_a_deletion_waits_for_a_run_and_a_run_for_a_deletion(stack: DeployedStack):
    built(stack, "turn", solutions=[])
    stack.refuse_next("DescribeDatasetGroup", 6)
    first = execution_name(stack.bucket, "turn/params.json", stack.upload("turn/params.json", text("turn")))
    until_started(stack, first)
    code, deletion, err = personalize(stack, "destroy", "turn", "--yes", "--no-follow")
    assert code == 0, err
    last = execution_name(stack.bucket, "turn/params.json", stack.upload("turn/params.json", text("turn")))

    runs = [stack.ended(first), stack.ended(last)]

    client = stack.client("stepfunctions")
    deleted = client.describe_execution(executionArn=deletion.strip())
    assert [run.status for run in runs] == ["SUCCEEDED", "SUCCEEDED"]
    assert deleted["status"] == "SUCCEEDED"
    prefix = stack.pipeline_arn.replace(":stateMachine:", ":execution:")
    before = client.describe_execution(executionArn=f"{prefix}:{first}")
    after = client.describe_execution(executionArn=f"{prefix}:{last}")
    assert before["stopDate"] <= deleted["stopDate"] <= after["stopDate"]
    assert [run.step("DatasetGroup")["did"] for run in runs] == ["reused", "created"]


def test_without_a_dataset_group_it_says_what_to_give(stack: DeployedStack):
    client = stack.client("stepfunctions")
    machine = stack.pipeline_arn.removesuffix("pipeline") + "delete"
    started = client.start_execution(stateMachineArn=machine, input='{"datasetGroup": "films"}')
    deadline = time.monotonic() + 60
    while (ended := client.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.2)

    assert (ended["status"], ended["error"]) == ("FAILED", "ParamsInvalid")
    assert 'Give {"datasetGroup": {"name": "..."}, "data": false}.' in ended["cause"]
    name = started["executionArn"].rpartition(":")[2]
    assert any(mail.subject == f"Not deleted: {name} (ParamsInvalid)" for mail in stack.mails())


def text(group: str) -> str:
    return json.dumps(params(group, solutions=[]))


def until_started(stack: DeployedStack, name: str) -> None:
    deadline = time.monotonic() + 60
    while name not in stack.executions("turn"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
