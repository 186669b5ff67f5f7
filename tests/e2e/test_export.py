"""`personalize export`: the params file of a dataset group that exists; a run of it changes nothing."""

import json
from pathlib import Path
from typing import Any

from tests.integration.service import test_actions
from tests.support import world
from tests.support.account import RECIPE, ByHand, everything
from tests.support.command import folder_with, personalize
from tests.support.deployed_stack import DeployedStack, Run, params
from tests.support.domain_world import DOMAINS, DomainWorld

SCHEMAS = world.SCHEMAS | test_actions.SCHEMAS
DATA = {
    "INTERACTIONS": lambda: world.interactions(events=60),
    "ITEMS": world.items,
    "USERS": world.users,
    "ACTIONS": test_actions.actions,
    "ACTION_INTERACTIONS": test_actions.action_interactions,
}


def role_of(stack: DeployedStack) -> str:
    found = stack.client("cloudformation").describe_stack_resource(
        StackName=stack.NAME, LogicalResourceId="PersonalizeRole"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    return str(stack.client("iam").get_role(RoleName=name)["Role"]["Arn"])


def filled(stack: DeployedStack, hand: ByHand, name: str, schemas: Any, data: Any, **group: Any) -> str:
    """A group with datasets of names that the pipeline would not give, imported from a folder each."""
    arn = hand.make("dataset_group", name=name, **group)
    domain = {"domain": group["domain"]} if "domain" in group else {}
    for kind, schema in schemas.items():
        columns = hand.make("schema", name=f"{name}_{kind.lower()}_columns", schema=schema, **domain)
        dataset = hand.make(
            "dataset",
            name=f"{name}-{kind.lower()}s",
            datasetGroupArn=arn,
            datasetType=kind,
            schemaArn=columns,
        )
        stack.upload(f"by-hand/{name}/{kind}/rows.csv", data[kind]())
        hand.make(
            "dataset_import_job",
            jobName=f"{name}-{kind.lower().replace('_', '-')}-1",
            datasetArn=dataset,
            dataSource={"dataLocation": f"s3://{stack.bucket}/by-hand/{name}/{kind}/"},
            roleArn=role_of(stack),
        )
    return arn


def exported(stack: DeployedStack, group: str, folder: Path) -> tuple[dict[str, Any], str]:
    """The file, which `personalize check` finds right, and what was said beside it."""
    file = folder / group / "params.json"
    code, out, err = personalize(stack, "export", group, "--output", file)
    assert (code, out) == (0, ""), err
    code, out, problems = personalize(stack, "check", file.parent)
    assert code == 0, f"{out}\n{problems}"
    document: dict[str, Any] = json.loads(file.read_text())
    return document, err


def nothing_changes(stack: DeployedStack, group: str, arn: str, document: dict[str, Any]) -> Run:
    """Run the file: everything is reused, and Personalize tells the same about all of it as before."""
    client = stack.client("personalize")
    before = everything(client, arn)
    run = stack.run(f"{group}-exported", document)
    assert run.status == "SUCCEEDED", run.cause
    asking = {"WaitForTurn", "SmokeTest"}
    assert {what for (resource, _), what in run.did().items() if resource not in asking} == {"reused"}
    assert everything(client, arn) == before
    return run


def beside_the_models(stack: DeployedStack, hand: ByHand, arn: str) -> tuple[Any, Any]:
    """An event tracker, filters, and a metric attribution: its metrics, and where they go."""
    hand.make("event_tracker", name="office_events", datasetGroupArn=arn)
    for number in range(3):
        hand.make(
            "filter",
            name=f"office-filter-{number}",
            datasetGroupArn=arn,
            filterExpression=f"INCLUDE ItemID WHERE Items.PRICE < {10 * number + 9}  | EXCLUDE ItemID WHERE"
            ' Interactions.EVENT_TYPE IN ("watch")',
        )
    metrics = [{"eventType": "watch", "metricName": "watched", "expression": "SUM(Items.PRICE)"}]
    output = {
        "roleArn": role_of(stack),
        "s3DataDestination": {"path": f"s3://{stack.bucket}/by-hand/metrics/"},
    }
    hand.make(
        "metric_attribution",
        name="office-effect",
        datasetGroupArn=arn,
        metrics=metrics,
        metricsOutputConfig=output,
    )
    return metrics, output


def test_a_custom_group_made_by_hand(stack: DeployedStack, tmp_path: Path):
    client = stack.client("personalize")
    hand = ByHand(client)
    team = [{"tagKey": "team", "tagValue": "reco"}]
    arn = filled(stack, hand, "office", SCHEMAS, DATA, tags=team)
    metrics, output = beside_the_models(stack, hand, arn)
    of_group = {"datasetGroupArn": arn}
    manual = {**of_group, "performAutoTraining": False}
    weights = [{"eventType": "watch", "weight": 0.75}, {"eventType": "click", "weight": 0.25}]
    personal = hand.make(
        "solution",
        name="office-personal",
        recipeArn=f"{RECIPE}aws-user-personalization-v2",
        solutionConfig={
            "eventsConfig": {"eventParametersList": weights},
            "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["TITLE"]}},
        },
        tags=team,
        **manual,
    )
    first = hand.make("solution_version", solutionArn=personal, name="first")
    second = hand.make("solution_version", solutionArn=personal, name="second")
    older = hand.make("campaign", name="office-older", solutionVersionArn=first, minProvisionedTPS=2)
    newest = hand.make("campaign", name="office-newest", solutionVersionArn=second)
    like = hand.make(
        "solution", name="office-like", recipeArn=f"{RECIPE}aws-similar-items", eventType="watch", **manual
    )
    client.update_solution(
        solutionArn=like,
        performAutoTraining=True,
        solutionUpdateConfig={"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}},
    )
    hand.settled("solution", like, "latestSolutionUpdate")
    hand.make("solution_version", solutionArn=like)
    latest = hand.make(
        "campaign",
        name="office-latest",
        solutionVersionArn=f"{like}/$LATEST",
        campaignConfig={"syncWithLatestSolutionVersion": True, "enableMetadataWithRecommendations": True},
    )
    hand.make("solution", name="office-childless", recipeArn=f"{RECIPE}aws-popularity-count", **manual)
    act = hand.make("solution", name="office-act", recipeArn=f"{RECIPE}aws-next-best-action", **manual)
    hand.make(
        "campaign", name="office-act", solutionVersionArn=hand.make("solution_version", solutionArn=act)
    )
    stack.fail_next("solution", "no luck")
    client.create_solution(name="office-broken", recipeArn=f"{RECIPE}aws-similar-items", **manual)

    document, notes = exported(stack, "office", tmp_path)

    assert list(document["datasets"]) == ["Interactions", "Items", "Users", "Actions", "ActionInteractions"]
    for kind, section in document["datasets"].items():
        spelled = {"ActionInteractions": "ACTION_INTERACTIONS"}.get(kind, kind.upper())
        assert section["schema"] == json.loads(SCHEMAS[spelled])
        assert section["schemaName"] == f"office_{spelled.lower()}_columns"
        assert section["dataLocation"] == f"s3://{stack.bucket}/by-hand/office/{spelled}/"
        assert section["import"] is False
    assert document["eventTracker"] == {"name": "office_events"}
    assert len(document["filters"]) == 3
    assert document["metricAttribution"] == {
        "name": "office-effect",
        "metrics": metrics,
        "metricsOutputConfig": output,
    }
    solutions = {section["name"]: section for section in document["solutions"]}
    assert set(solutions) == {"office-personal", "office-like", "office-childless", "office-act"}
    assert [section["performAutoTraining"] for section in solutions.values()].count(True) == 1
    assert solutions["office-like"]["solutionConfig"]["autoTrainingConfig"] == {
        "schedulingExpression": "rate(3 days)"
    }
    assert "campaigns" not in solutions["office-childless"]
    pins = {
        campaign["name"]: campaign.get("solutionVersionArn")
        for section in solutions.values()
        for campaign in section.get("campaigns", [])
    }
    assert pins == {
        "office-older": first,
        "office-newest": None,
        "office-latest": f"{like}/$LATEST",
        "office-act": None,
    }
    assert "campaign office-older stays at its version, because it is not the newest one" in notes
    assert "solution office-like: Personalize trains it by itself, rate(3 days)." in notes
    assert "solution office-broken is left out: it failed: " in notes
    assert "A run of this file imports nothing" in notes
    run = nothing_changes(stack, "office", arn, document)
    assert {"DatasetImport", "BatchInferenceJob"}.isdisjoint(step["resource"] for step in run.steps)
    assert {run.step("Campaign", name)["arn"] for name in pins} >= {older, newest, latest}


def test_a_domain_group_with_a_recommender_that_is_stopped(stack: DeployedStack, tmp_path: Path):
    client = stack.client("personalize")
    hand = ByHand(client)
    club = DomainWorld(None, None, "cinema")  # type: ignore[arg-type]  # for its data only
    schemas = DOMAINS["VIDEO_ON_DEMAND"]
    data = {"INTERACTIONS": club.interactions, "ITEMS": club.items}
    arn = filled(stack, hand, "cinema", schemas, data, domain="VIDEO_ON_DEMAND")
    of_group = {"datasetGroupArn": arn}
    hand.make(
        "recommender",
        name="cinema-picks",
        recipeArn=f"{RECIPE}aws-vod-top-picks",
        recommenderConfig={
            "minRecommendationRequestsPerSecond": 2,
            "itemExplorationConfig": {"explorationWeight": "0.2"},
        },
        tags=[{"tagKey": "team", "tagValue": "reco"}],
        **of_group,
    )
    stopped = hand.make(
        "recommender", name="cinema-popular", recipeArn=f"{RECIPE}aws-vod-most-popular", **of_group
    )
    client.stop_recommender(recommenderArn=stopped)
    hand.wait("recommender", stopped, "INACTIVE")
    hand.make(
        "solution",
        name="cinema-similar",
        recipeArn=f"{RECIPE}aws-similar-items",
        performAutoTraining=False,
        **of_group,
    )

    document, _ = exported(stack, "cinema", tmp_path)

    assert document["datasetGroup"] == {"name": "cinema", "domain": "VIDEO_ON_DEMAND"}
    picks, popular = document["recommenders"]
    assert picks["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 2
    assert "state" not in picks
    assert popular["state"] == "INACTIVE"
    assert document["solutions"][0]["name"] == "cinema-similar"
    nothing_changes(stack, "cinema", arn, document)


def test_a_group_that_the_pipeline_made(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(
        tmp_path,
        "own",
        params(
            "own",
            eventTracker={"name": "own-events"},
            tags=[{"tagKey": "team", "tagValue": "reco"}],
            filters=[
                {
                    "name": "own-unseen",
                    "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
                }
            ],
        ),
    )
    code, _, err = personalize(stack, "run", folder)
    assert code == 0, err
    arn = stack.client("personalize").list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"]

    document, _ = exported(stack, "own", tmp_path / "exported")

    original = json.loads((folder / "params.json").read_text())
    for key in ("datasetGroup", "eventTracker", "filters", "tags"):
        assert document[key] == original[key]
    (solution,) = document["solutions"]
    assert solution == {
        **original["solutions"][0],
        "performAutoTraining": False,
        "solutionVersion": {"train": False},
    } | {"campaigns": solution["campaigns"]}
    section = document["datasets"]["Interactions"]
    assert section["dataLocation"] == f"s3://{stack.bucket}/own/Interactions/"
    assert section.keys() - {"dataLocation", "import", "importMode", "roleArn"} == {"name", "schema"}
    run = nothing_changes(stack, "own", arn, document)
    assert run.step("SolutionVersion")["did"] == "reused"
    # The file is for going on with: without the two lines, it imports and trains again.
    del section["import"], solution["solutionVersion"]
    stack.upload_interactions("own", seed=1)
    again = stack.run("own-exported", document)
    assert again.status == "SUCCEEDED", again.cause
    assert (again.step("DatasetImport")["did"], again.step("Campaign")["did"]) == ("imported", "updated")


def test_what_there_is_not_and_what_is_there_already(stack: DeployedStack, tmp_path: Path):
    code, out, err = personalize(stack, "export", "nobody")
    assert (code, out) == (1, "")
    assert "There is no dataset group nobody." in err
    file = tmp_path / "params.json"
    file.write_text("mine")
    code, _, err = personalize(stack, "export", "nobody", "--output", tmp_path)
    assert code == 1
    assert f"{file} is there already, and is not overwritten." in err
    assert file.read_text() == "mine"
