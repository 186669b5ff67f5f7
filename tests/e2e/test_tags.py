"""Tags of the params file on everything that can have tags, kept in step on the deployed pipeline."""

from typing import Any

from tests.support.deployed_stack import DeployedStack, Run, params

from personalize_pipeline.tagging import NOTE

WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'


TAGGED = {
    *("DatasetGroup", "Dataset", "DatasetImport", "EventTracker", "Filter", "DataDeletionJob"),
    *("Solution", "SolutionVersion", "Campaign", "BatchInferenceJob", "DatasetExportJob"),
}


def tag(key: str, value: str) -> dict[str, str]:
    return {"tagKey": key, "tagValue": value}


def tags_of(stack: DeployedStack, run: Run) -> dict[str, dict[str, str]]:
    """The tags of all that a run made or found, by kind, without the notes of the pipeline."""
    personalize = stack.client("personalize")
    return {
        step["resource"]: {
            found["tagKey"]: found["tagValue"]
            for found in personalize.list_tags_for_resource(resourceArn=step["arn"])["tags"]
            if found["tagKey"] != NOTE
        }
        for step in run.steps
        if step["resource"] in TAGGED
    }


def document(name: str, common: list[Any], of_campaign: list[Any]) -> dict[str, Any]:
    made = params(name, tags=common, eventTracker={"name": name})
    made["filters"] = [{"name": name, "filterExpression": WATCHED}]
    made["dataDeletionJobs"] = [{}]
    made["datasets"]["Interactions"]["datasetExportJobs"] = [{}]
    (solution,) = made["solutions"]
    solution["campaigns"][0]["tags"] = of_campaign
    solution["batchInferenceJobs"] = [{}]
    solution["solutionVersion"] = {"train": True}
    return made


def test_tags_are_on_all_resources_and_follow_the_params_file(stack: DeployedStack):
    stack.upload_interactions("tags")
    stack.upload("tags/deletions/users.csv", "USER_ID\nu1\n")
    stack.upload("tags/batch/tags-for-you/lines.json", '{"userId": "u2"}\n')
    team, stage = tag("team", "reco"), tag("stage", "prod")
    made = document("tags", [team, stage], [tag("team", "web")])

    first = stack.run("tags", made)
    found = tags_of(stack, first)
    personalize = stack.client("personalize")
    for resource in ("DatasetGroup", "Campaign"):
        arn = first.step(resource)["arn"]
        personalize.tag_resource(resourceArn=arn, tags=[tag("bill", "42"), tag("stage", "prod")])
    changed = document("tags", [tag("team", "ads")], [])
    changed["solutions"][0]["solutionVersion"] = {"train": False}
    second = stack.run("tags", changed)
    third = stack.run("tags", changed)

    assert [run.status for run in (first, second, third)] == 3 * ["SUCCEEDED"], second.cause
    assert set(found) == TAGGED
    everywhere = {"team": "reco", "stage": "prod"}
    assert found.pop("Campaign") == {**everywhere, "team": "web"}
    assert all(tags == everywhere for tags in found.values()), found
    after = tags_of(stack, second)
    for resource in ("DatasetGroup", "Campaign"):
        assert after.pop(resource) == {"team": "ads", "bill": "42"}
    for resource in (
        "SolutionVersion",
        "BatchInferenceJob",
        "DatasetExportJob",
    ):  # used again, not made for this file
        assert after.pop(resource) == everywhere
    assert all(tags == {"team": "ads"} for tags in after.values()), after
    assert {did for (kind, _), did in third.did().items() if kind in TAGGED} == {"reused"}
