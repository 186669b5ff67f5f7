"""The params file of a dataset group in all states that groups get into; nothing is applied here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.resources.cloud import ACCOUNT, ITEMS, avro
from typer.testing import CliRunner

from personalize_pipeline import clients
from personalize_pipeline.cli import app
from personalize_pipeline.context import Run
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.exporting.allowed import only_allowed
from personalize_pipeline.exporting.group import Exported, export_group
from personalize_pipeline.params import plan
from personalize_pipeline.planning.foresee import foresee
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.tagging import NOTE, with_note

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.resources.cloud import Cloud

MANY = 130  # more than a page holds
WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'


def exported(cloud: Cloud, group: str) -> Exported:
    allowed, problems = only_allowed(export_group(cloud.personalize, group))
    assert problems == ()
    return allowed


def showing(cloud: Cloud, describe: str, **changed: Any) -> Any:
    """A client to which one operation shows something that nobody can make here; None takes it away."""

    def described(**arguments: str) -> Any:
        answer: Any = getattr(cloud.personalize, describe)(**arguments)
        ((key, shown),) = ((key, value) for key, value in answer.items() if key != "ResponseMetadata")
        return {key: {name: value for name, value in (shown | changed).items() if value is not None}}

    methods = {name: getattr(cloud.personalize, name) for name in dir(cloud.personalize)}
    return SimpleNamespace(**{**methods, describe: described})


def test_all_pages_of_everything(cloud: Cloud):
    group, _ = cloud.filled("pages")
    for number in range(MANY):
        cloud.personalize.create_filter(
            name=f"pages-{number}", datasetGroupArn=group, filterExpression=WATCHED
        )
        cloud.personalize.create_solution(
            name=f"pages-{number}",
            datasetGroupArn=group,
            recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
            performAutoTraining=False,
        )
    for number in range(MANY):
        cloud.until_settled("describe_solution", solutionArn=f"{ACCOUNT}:solution/pages-{number}")

    document = exported(cloud, group).document

    names = {f"pages-{number}" for number in range(MANY)}
    assert {one["name"] for one in document["filters"]} == names
    assert {one["name"] for one in document["solutions"]} == names


def test_what_failed_or_goes_is_left_out_and_said(cloud: Cloud):
    group, _ = cloud.filled("broken")
    solution = cloud.solution("broken", group)
    version = cloud.trained(solution)
    cloud.service.faults.fail_next("filter", "no such column")
    cloud.service.faults.fail_next("campaign", "no room")
    for number in range(2):
        arn = cloud.personalize.create_filter(
            name=f"broken-{number}", datasetGroupArn=group, filterExpression=WATCHED
        )["filterArn"]
        cloud.until_settled("describe_filter", filterArn=arn)
    campaign = cloud.personalize.create_campaign(name="broken", solutionVersionArn=version)["campaignArn"]
    cloud.until_settled("describe_campaign", campaignArn=campaign)

    made = exported(cloud, group)

    assert [one["name"] for one in made.document["filters"]] == ["broken-1"]
    assert "campaigns" not in made.document["solutions"][0]
    notes = "\n".join(made.notes)
    assert "filter broken-0 is left out: it failed: no such column." in notes
    assert "campaign broken is left out: it failed: no room." in notes


def test_what_is_being_deleted_is_left_out(cloud: Cloud):
    group, _ = cloud.filled("going")
    arn = cloud.personalize.create_filter(name="going", datasetGroupArn=group, filterExpression=WATCHED)
    cloud.until_settled("describe_filter", filterArn=arn["filterArn"])

    made = export_group(showing(cloud, "describe_filter", status="DELETE IN_PROGRESS"), group)

    assert "filters" not in made.document
    assert made.notes == ["filter going is left out: it is being deleted."]


def test_what_is_being_changed_is_written_as_it_will_be(cloud: Cloud):
    group, _ = cloud.filled("moving")
    solution = cloud.solution("moving-by-hand", group)
    first, second = (cloud.trained(solution, name) for name in ("one", "two"))
    campaign = cloud.personalize.create_campaign(name="moving-by-hand", solutionVersionArn=first)[
        "campaignArn"
    ]
    cloud.until_settled("describe_campaign", campaignArn=campaign)
    cloud.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=second, minProvisionedTPS=3)
    cloud.personalize.update_solution(solutionArn=solution, performAutoTraining=True)

    (made,) = exported(cloud, group).document["solutions"]

    assert made["performAutoTraining"] is True
    # It is the newest one, but not for long.
    assert made["campaigns"] == [
        {"name": "moving-by-hand", "minProvisionedTPS": 3, "solutionVersionArn": second}
    ]


def test_the_newest_import_that_worked_says_where_the_data_is(cloud: Cloud):
    group, dataset = cloud.filled("places")
    items = cloud.dataset("places-items", group, cloud.schema("places-items", ITEMS), "ITEMS")
    more = cloud.upload("places-more")
    for number, (place, fails) in enumerate(((more, False), ("s3://resources/nowhere/", True))):
        cloud.later()
        job = cloud.personalize.create_dataset_import_job(
            jobName=f"places-{number}",
            datasetArn=dataset,
            dataSource={"dataLocation": place},
            roleArn="arn:aws:iam::000000000000:role/mine",
            importMode="INCREMENTAL",
        )["datasetImportJobArn"]
        status = cloud.until_settled("describe_dataset_import_job", datasetImportJobArn=job)
        assert (status == "CREATE FAILED") is fails
    assert items

    made = exported(cloud, group)

    datasets = made.document["datasets"]
    assert list(datasets) == ["Interactions", "Items"]
    assert datasets["Interactions"]["dataLocation"] == more
    assert datasets["Interactions"]["importMode"] == "INCREMENTAL"
    assert datasets["Interactions"]["roleArn"].endswith("role/mine")
    assert datasets["Items"] == {
        "name": "places-items",
        "schemaName": "places-items",
        "schema": json.loads(avro(ITEMS)),
        "import": False,
    }
    assert any(note.startswith("dataset places-items: nothing was imported into it") for note in made.notes)


def test_tags_that_everything_has_stand_once(cloud: Cloud):
    # As the pipeline puts them: with a note of which are its own.
    team: Any = {"tagKey": "team", "tagValue": "reco"}
    own: Any = {"tagKey": "cost", "tagValue": "12"}
    group = cloud.group("tagged-group", tags=with_note([team]))
    both: list[Any] = [with_note([team]), with_note([team, own])]
    for number, tags in enumerate(both):
        cloud.personalize.create_solution(
            name=f"tagged-group-{number}",
            datasetGroupArn=group,
            recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
            performAutoTraining=False,
            tags=tags,
        )

    document = export_group(cloud.personalize, group).document

    assert document["tags"] == [team]
    assert "tags" not in document["datasetGroup"]
    assert [one.get("tags") for one in document["solutions"]] == [None, [own]]


def test_what_the_pipeline_notes_of_its_tags_is_not_written(cloud: Cloud):
    team: Any = {"tagKey": "team", "tagValue": "reco"}
    group = cloud.group("noted-group", tags=with_note([team]))

    document = exported(cloud, group).document

    assert document["tags"] == [team]
    assert NOTE not in str(document)


def test_jobs_that_have_run_are_counted_not_written(cloud: Cloud):
    group, dataset = cloud.filled("jobs")
    version = cloud.trained(cloud.solution("jobs", group, "aws-user-personalization-v2"))
    for number in range(2):
        cloud.s3.put("resources", {"jobs-lines/lines.json": '{"userId": "u1"}\n'})
        cloud.personalize.create_batch_inference_job(
            jobName=f"jobs-{number}",
            solutionVersionArn=version,
            jobInput={"s3DataSource": {"path": "s3://resources/jobs-lines/lines.json"}},
            jobOutput={"s3DataDestination": {"path": "s3://resources/jobs-out/"}},
            roleArn="arn:aws:iam::000000000000:role/personalize",
        )

    cloud.personalize.create_dataset_export_job(
        jobName="jobs-export",
        datasetArn=dataset,
        roleArn="arn:aws:iam::000000000000:role/personalize",
        jobOutput={"s3DataDestination": {"path": "s3://resources/jobs-export/"}},
    )

    made = exported(cloud, group)

    assert "batchInferenceJobs" not in made.document["solutions"][0]
    assert any(
        note.startswith(
            "jobs that have run are not in the file (2 batch inference jobs and 1 dataset export job)"
        )
        for note in made.notes
    )


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        pytest.param(
            {"recipeArn": "arn:aws:personalize:::recipe/aws-hrnn"},
            "in a params file, its recipe aws-hrnn means aws-user-personalization-v2.",
            id="a recipe that is no longer available",
        ),
        pytest.param(
            {"performAutoML": True, "recipeArn": None},
            "in a params file, performAutoML makes several solutions and compares them.",
            id="performAutoML",
        ),
    ],
)
def test_what_a_file_would_mean_differently_is_left_out(cloud: Cloud, shown: dict[str, Any], reason: str):
    """Nobody can make such a solution any more, but accounts have them."""
    name = f"old-{'auto' if 'performAutoML' in shown else 'hrnn'}"
    group = cloud.group(name)
    cloud.solution(name, group)

    made = export_group(showing(cloud, "describe_solution", **shown), group)

    assert "solutions" not in made.document
    assert made.notes[0] == f"solution {name} is left out: {reason} It goes on as it is."


def test_a_group_that_failed_cannot_be_exported(cloud: Cloud):
    cloud.service.faults.fail_next("dataset-group", "no key")
    arn = cloud.personalize.create_dataset_group(name="failed-group")["datasetGroupArn"]
    cloud.until_settled("describe_dataset_group", datasetGroupArn=arn)

    with pytest.raises(ResourceFailed, match="dataset-group/failed-group is CREATE FAILED: no key"):
        export_group(cloud.personalize, arn)


def test_the_command_prints_the_file_or_one_document_for_scripts(cloud: Cloud, tmp_path: Path):
    cloud.filled("command")
    run = CliRunner().invoke

    printed = run(app, ["export", "command"])
    document = run(app, ["export", f"{ACCOUNT}:dataset-group/command", "--json"])
    file = tmp_path / "new" / "folder" / "params.json"
    written = run(app, ["export", "command", "--output", str(file)])

    assert (printed.exit_code, document.exit_code, written.exit_code) == (0, 0, 0)
    params = json.loads(printed.stdout)
    assert params["datasetGroup"] == {"name": "command"}
    made = json.loads(document.stdout)
    assert (made["params"], made["problems"]) == (params, [])
    assert [f"Note: {note}" for note in made["notes"]] == printed.stderr.splitlines()
    assert json.loads(file.read_text()) == params
    assert f"{file} is written. Apply it: personalize run {file.parent}" in written.stderr
    other = run(app, ["export", "command", "--output", str(tmp_path / "films.json")])
    assert f"personalize run {tmp_path}" not in other.stderr
    assert "films.json is written. Name it params.json" in other.stderr


def test_the_command_says_what_the_check_would_refuse(cloud: Cloud):
    cloud.filled("refused")
    shown = showing(cloud, "describe_schema", schema=avro([("USER_ID", "string"), ("X", "string")]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "personalize_patient", lambda: shown)
        done = CliRunner().invoke(app, ["export", "refused"])

    assert done.exit_code == 1
    assert json.loads(done.stdout)["datasetGroup"] == {"name": "refused"}
    assert "`personalize check` refuses it:" in done.stderr
    assert "datasets.Interactions.schema.fields: the required field" in done.stderr


def test_a_run_of_the_file_plans_nothing(cloud: Cloud):
    """What the state Plan says of the exported file; a real run of one is in tests/e2e/test_export.py."""
    group, _ = cloud.filled("nothing")
    cloud.personalize.tag_resource(resourceArn=group, tags=[{"tagKey": "team", "tagValue": "reco"}])
    solution = cloud.solution("nothing", group, "aws-user-personalization-v2")
    older, newest = (cloud.trained(solution, name) for name in ("one", "two"))
    follows = {"syncWithLatestSolutionVersion": True}
    for name, version, more in (
        ("nothing-older", older, {}),
        ("nothing-newest", newest, {"minProvisionedTPS": 2}),
        ("nothing-latest", f"{solution}/$LATEST", {"campaignConfig": follows}),
    ):
        arn = cloud.personalize.create_campaign(name=name, solutionVersionArn=version, **more)["campaignArn"]
        cloud.until_settled("describe_campaign", campaignArn=arn)
    cloud.solution("nothing-childless", group)
    by_itself = cloud.solution("nothing-by-itself", group)
    cloud.personalize.update_solution(solutionArn=by_itself, performAutoTraining=True)
    cloud.until_settled("describe_solution", solutionArn=by_itself)
    unseen = cloud.personalize.create_filter(
        name="nothing", datasetGroupArn=group, filterExpression=f"{WATCHED}  "
    )
    cloud.until_settled("describe_filter", filterArn=unseen["filterArn"])
    cloud.personalize.tag_resource(resourceArn=solution, tags=[{"tagKey": "team", "tagValue": "reco"}])
    attribution = cloud.personalize.create_metric_attribution(
        name="nothing",
        datasetGroupArn=group,
        metrics=[{"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={
            "roleArn": "arn:aws:iam::000000000000:role/mine",
            "s3DataDestination": {"path": "s3://resources/metrics/"},
        },
    )["metricAttributionArn"]
    cloud.until_settled("describe_metric_attribution", metricAttributionArn=attribution)
    tracker = cloud.personalize.create_event_tracker(name="nothing", datasetGroupArn=group)
    cloud.until_settled("describe_event_tracker", eventTrackerArn=tracker["eventTrackerArn"])

    document = exported(cloud, group).document

    arns = "arn:aws:states:us-east-1:000000000000"
    run = Run(
        id="run-1",
        execution=f"{arns}:execution:pipeline:run-1",
        state_machine=f"{arns}:stateMachine:pipeline",
        start_time=datetime.now(UTC),
    )
    seen = foresee(plan(document, bucket="resources", prefix="elsewhere/"), run, Looking())
    done = {(one.foreseen.resource, one.foreseen.name): one.foreseen.action for one in seen}
    assert [one for one, action in done.items() if action != "keep"] == []
    assert {name for resource, name in done if resource == "Campaign"} == {
        "nothing-older",
        "nothing-newest",
        "nothing-latest",
    }
    assert ("MetricAttribution", "nothing") in done
    assert {resource for resource, _ in done}.isdisjoint({"DatasetImport"})
