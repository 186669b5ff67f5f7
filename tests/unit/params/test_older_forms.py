"""The input for a single dataset and the nested forms: what is made of them, what is said, what is refused."""

from typing import Any

import pytest
from tests.unit.params.documents import RECIPE, movies, put
from tests.unit.params.older_forms import (
    FORMS,
    INTERACTIONS,
    ITEMS,
    ROLE,
    service_config,
    single_dataset,
    tags,
    workflow_config,
)

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import main_form, plan, read
from personalize_pipeline.params.dialects import FORMS as ALL_FORMS
from personalize_pipeline.params.dialects import form_of, upgrade


def problems_of(document: Any) -> list[str]:
    with pytest.raises(ParamsInvalid) as caught:
        read(document)
    return [str(problem) for problem in caught.value.problems]


def upgraded_notes(document: Any) -> str:
    return "\n".join(upgrade(document).notes)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised(form):
    assert form_of(FORMS[form]()) == form
    assert form_of(movies()) == "main"
    assert set(ALL_FORMS) == {"main", *FORMS}


@pytest.mark.parametrize("form", FORMS)
def test_the_upgraded_file_gives_the_same_plan(form):
    old = FORMS[form]()
    plain = {"notes": None}

    made = plan(main_form(old), bucket="b", prefix="films/")

    assert form_of(main_form(old)) == "main"
    assert made | plain == plan(old, bucket="b", prefix="films/") | plain


def test_the_single_dataset():
    params = read(single_dataset())

    assert params.document == {
        "datasetGroup": {"name": "films"},
        "datasets": {
            "Interactions": {
                "name": "film-interactions",
                "schemaName": "film-interactions-schema",
                "schema": INTERACTIONS,
                "dataLocation": "s3://elsewhere/films/interactions.csv",
            }
        },
        "solutions": [
            {
                "name": "films-for-you",
                "recipeArn": f"{RECIPE}aws-user-personalization-v2",
                "campaigns": [{"name": "films-live", "minProvisionedTPS": 2}],
            }
        ],
    }
    assert params.notes == (
        "The file is in the form for a single dataset ('DatasetGroupName', 'SchemaName', ...). It was read as "
        "'datasetGroup', 'datasets' with one dataset, and 'solutions' with one solution and its campaign.",
        'ImportJobName "film-import" is not used: the pipeline names import jobs itself, because Personalize '
        "takes a name only once.",
    )


@pytest.mark.parametrize(
    ("key", "given"),
    [("RecipeName", "aws-sims"), ("RecipeArn", f"{RECIPE}aws-sims"), ("RecipieName", "aws-sims")],
)
def test_the_recipe_may_be_spelt_right_too(key, given):
    document = single_dataset()
    del document["RecipieName"]

    assert read(document | {key: given}).document["solutions"][0]["recipeArn"] == f"{RECIPE}aws-sims"


def test_a_role_that_reads_the_data_can_be_given():
    made = plan(single_dataset(RoleArn=ROLE))

    assert made["datasets"][0]["import"]["roleArn"] == ROLE


def test_everything_inside_service_config():
    params = read(service_config())

    assert params.document["datasetGroup"] == {
        "name": "films",
        "domain": "VIDEO_ON_DEMAND",
        "tags": tags(part="group"),
    }
    assert params.document["datasets"] == {
        word: {
            "name": f"{word}Data",
            "tags": tags(part="data"),
            "schema": schema,
            # as the earlier pipeline put it together
            "schemaName": f"films-{word}Schema-v2",
            "dataSource": {"dataLocation": f"s3://elsewhere/{word.lower()}.csv"},
            "roleArn": ROLE,
            "importMode": "FULL",
        }
        for word, schema in (("Interactions", INTERACTIONS), ("Items", ITEMS))
    }
    ranked, similar, fans = params.document["solutions"]
    assert ranked["solutionVersion"] == {"trainingMode": "FULL", "tags": tags(part="version"), "train": True}
    assert ranked["campaigns"] == [{"name": "ranked-live", "minProvisionedTPS": 1}]
    assert similar["batchInferenceJobs"][0]["jobName"] == "similar-job"
    assert fans["batchSegmentJobs"][0]["jobName"] == "fans-job"
    assert params.document["recommenders"] == [{"name": "top", "recipeArn": f"{RECIPE}aws-vod-most-popular"}]
    assert params.document["eventTracker"] == {"name": "films-events"}
    assert params.document["filters"][0]["tags"] == tags(part="filter")
    assert params.notes[1:] == (
        "Left out, because the pipeline fills it in itself: "
        "datasetGroup.datasets[0].datasetImportJob.serviceConfig.jobName and "
        "datasetGroup.datasets[1].datasetImportJob.serviceConfig.jobName.",
    )


def test_what_is_not_to_be_created_is_left_out_and_named():
    document = service_config()
    for place, flag in (
        ("recommenders[0]", "createRecommender"),
        ("solutions[0].campaigns[0]", "createCampaign"),
        ("solutions[1].batchInferenceJobs[0]", "createBatchInferenceJob"),
        ("solutions[2].batchSegmentJobs[0]", "createBatchSegmentJob"),
    ):
        put(document, f"{place}.{flag}", False)

    made = plan(document)

    assert made["recommenders"] == []
    assert [solution["campaigns"] for solution in made["solutions"]] == [[], [], []]
    assert [solution["batchInferenceJobs"] for solution in made["solutions"]] == [[], [], []]
    assert [solution["batchSegmentJobs"] for solution in made["solutions"]] == [[], [], []]
    assert (
        "Left out, because they are not to be created; what is there stays as it is: recommenders[0] (top), "
        "solutions[0].campaigns[0] (ranked-live), solutions[1].batchInferenceJobs[0] (similar-job) and "
        "solutions[2].batchSegmentJobs[0] (fans-job)."
    ) in made["notes"]


def test_jobs_and_trainings_that_are_not_wanted_are_left_out():
    document = service_config()
    put(document, "datasetGroup.datasets[0].datasetImportJob.createNewJob", False)
    put(document, "solutions[0].solutionVersion.createNewSolutionVersion", False)

    made = upgrade(document)

    assert made.document["datasets"]["Interactions"]["import"] is False
    assert "import" not in made.document["datasets"]["Items"]
    assert made.document["solutions"][0]["solutionVersion"]["train"] is False
    assert "datasetGroup.datasets[0].datasetImportJob.createNewJob is false" in "\n".join(made.notes)
    assert "solutions[0].solutionVersion.createNewSolutionVersion is false" in "\n".join(made.notes)


def test_a_campaign_can_be_pinned_to_a_version():
    arn = "arn:aws:personalize:eu-west-1:123456789012:solution/ranked/0123abcd"
    document = put(service_config(), "solutions[0].campaigns[0].solutionversion", arn)

    assert upgrade(document).document["solutions"][0]["campaigns"][0]["solutionVersionArn"] == arn


def test_tags_of_a_dataset_and_its_import_come_together():
    document = service_config()
    place = "datasetGroup.datasets[0].datasetImportJob.serviceConfig.tags"
    put(document, place, tags(part="other", step="import"))

    assert plan(document)["datasets"][0]["import"]["tags"] == tags(part="data", step="import")
    assert (
        f'{place}: a dataset and its import have their tags in common; "step" now on both; not used, because the '
        'dataset has another value: [{"tagKey": "part", "tagValue": "other"}].'
    ) in upgraded_notes(document)


def test_the_glue_job_runs_or_is_left_out():
    job = {"jobName": "prepare", "run": True, "arguments": {"--day": "1"}}

    assert upgrade(service_config(preprocessing=job)).document["preprocess"] == {
        "jobName": "prepare",
        "arguments": {"--day": "1"},
    }
    assert "preprocess" not in upgrade(service_config(preprocessing=job | {"run": False})).document
    assert 'this Glue job is left out: {"jobName": "prepare"' in upgraded_notes(
        service_config(preprocessing=job | {"run": False})
    )


def test_service_config_with_workflow_config():
    params = read(workflow_config())

    assert params.document["tags"] == tags(part="all")
    assert params.document["datasets"]["Interactions"] == {
        "name": "film-interactions",
        "schema": INTERACTIONS,
        "schemaName": "film-interactions-schema",
        "importMode": "FULL",
        "tags": tags(part="data", step="import"),
    }
    for_you, similar = params.document["solutions"]
    assert for_you["solutionVersion"] == {"trainingMode": "FULL", "tags": tags(part="version")}
    assert for_you["batchInferenceJobs"] == [{}]
    assert similar == {"name": "similar", "recipeArn": f"{RECIPE}aws-similar-items"}
    notes = "\n".join(params.notes)
    assert "pipeline fills it in itself: solutions[0].serviceConfig.solutionVersion.name." in notes
    assert "folders Interactions/, Items/ and Users/" in notes


def test_schemas_without_a_version_get_the_only_one():
    document = workflow_config()
    put(document, "datasets.items.schema.serviceConfig.schema", {**ITEMS, "name": "items"})
    put(document, "datasets.items.schema.serviceConfig.schema.version", ...)

    params = read(document)

    assert params.document["datasets"]["Items"]["schema"]["version"] == "1.0"
    assert 'The schema of Items has no version; "version": "1.0" was added.' in params.notes


def test_clocks_become_schedules():
    """What is due at the same time is one schedule: its parts are one chain."""
    document = workflow_config()
    put(
        document,
        "datasetGroup.workflowConfig",
        {"schedules": {"import": "cron(0 */6 * * ? *)"}, "maxAge": "1 day"},
    )
    nightly, weekly = "cron(0 3 * * ? *)", "cron(0 2 ? * 1 *)"
    put(document, "solutions[0].workflowConfig", {"schedules": {"full": weekly, "update": [nightly, weekly]}})
    put(document, "solutions[1].workflowConfig", {"schedules": {"full": weekly}, "maxAge": "7 days"})
    put(document, "solutions[0].batchInferenceJobs[0].workflowConfig", {"schedule": nightly})

    made = upgrade(document)

    assert made.problems == ()
    assert made.document["schedules"] == {
        "import": {"expression": "cron(0 */6 * * ? *)"},
        "batch": {"expression": nightly, "solutions": ["for-you"]},
        "retrain": [
            {"expression": weekly, "trainingMode": "FULL", "solutions": ["for-you", "similar"]},
            {"expression": nightly, "trainingMode": "UPDATE", "solutions": ["for-you"]},
            {"expression": weekly, "trainingMode": "UPDATE", "solutions": ["for-you"]},
        ],
    }
    assert "datasetGroup.workflowConfig.maxAge and solutions[1].workflowConfig.maxAge" in "\n".join(
        made.notes
    )
    assert made.places["schedules.import.expression"] == "datasetGroup.workflowConfig.schedules.import"
    assert made.places["schedules.retrain[1].expression"] == "solutions[0].workflowConfig.schedules.update[0]"


def test_sections_of_the_main_form_may_stand_in_a_nested_file():
    made = upgrade(service_config(tags=tags(team="reco"), metricAttribution={"name": "m"}))

    assert made.document["tags"] == tags(team="reco")
    assert made.document["metricAttribution"] == {"name": "m"}
    assert made.problems == ()


JOB = "datasetGroup.datasets[0].datasetImportJob"
WRONG: dict[str, tuple[Any, str, Any, str]] = {
    "single: misspelt key": (
        single_dataset,
        "SolutionNam",
        "s",
        "SolutionNam: unknown key. Did you mean 'SolutionName'? It is there already.",
    ),
    "single: unknown key": (
        single_dataset,
        "Frequency",
        1,
        "Frequency: unknown key. Known here: Bucket, Key,",
    ),
    "single: number as a text": (
        single_dataset,
        "MinProvisionedTPS",
        "1",
        'MinProvisionedTPS: "1" must be a whole number. Write 1.',
    ),
    "single: no bucket": (single_dataset, "Bucket", ..., "Bucket: missing: 'Key' alone is no place."),
    "single: no group": (
        single_dataset,
        "DatasetGroupName",
        ...,
        "DatasetGroupName: missing. It is required in datasetGroup.",
    ),
    "single: bucket that is a number": (single_dataset, "Bucket", 7, "Bucket: 7 must be a text"),
    "single: no such type": (
        single_dataset,
        "DatasetType",
        "INTERACTION",
        "DatasetType: \"INTERACTION\" is not a dataset type. Did you mean 'INTERACTIONS'?",
    ),
    "single: no such recipe": (
        single_dataset,
        "RecipieName",
        "aws-user-personalisation-v2",
        f'RecipieName: "{RECIPE}aws-user-personalisation-v2" is not a recipe of Amazon Personalize. Did you mean',
    ),
    "single: key that is no file": (single_dataset, "Key", "films", 'Key: "s3://elsewhere/films" is neither'),
    "single: schema field": (
        single_dataset,
        "Schema.fields[3].type",
        "string",
        "Schema.fields[3].type: ",
    ),
    "single: campaign without solution": (
        lambda: {
            key: value
            for key, value in single_dataset().items()
            if key not in ("SolutionName", "RecipieName")
        },
        "MinProvisionedTPS",
        1,
        "CampaignName: there is no solution that it could serve. Add SolutionName.",
    ),
    "nested: key beside serviceConfig": (
        service_config,
        "datasetGroup.name",
        "films",
        "datasetGroup.name: unknown key. Move it into 'serviceConfig'.",
    ),
    "nested: misspelt flag": (
        service_config,
        "solutions[0].campaigns[0].createCampain",
        True,
        "solutions[0].campaigns[0].createCampain: unknown key. Did you mean 'createCampaign'? It is there already.",
    ),
    "nested: flag as a text": (
        service_config,
        f"{JOB}.createNewJob",
        "true",
        f'{JOB}.createNewJob: "true" must be',
    ),
    "nested: misspelt parameter": (
        service_config,
        f"{JOB}.serviceConfig.importMod",
        "FULL",
        f"{JOB}.serviceConfig.importMod: unknown key. Did you mean 'importMode'?",
    ),
    "nested: wrong value": (
        service_config,
        f"{JOB}.serviceConfig.importMode",
        "FUL",
        f"{JOB}.serviceConfig.importMode: \"FUL\" must be FULL or INCREMENTAL. Did you mean 'FULL'?",
    ),
    "nested: wrong value in a campaign": (
        service_config,
        "solutions[0].campaigns[0].serviceConfig.minProvisionedTPS",
        0,
        "solutions[0].campaigns[0].serviceConfig.minProvisionedTPS: 0 is too small",
    ),
    "nested: missing name": (
        service_config,
        "solutions[0].serviceConfig.name",
        ...,
        "solutions[0].serviceConfig.name: missing. It is required in solutions[0].serviceConfig.",
    ),
    "nested: missing dataset": (
        service_config,
        "datasetGroup.datasets[1].dataset",
        ...,
        "datasetGroup.datasets[1].dataset.serviceConfig.name: missing.",
    ),
    "nested: no type": (
        service_config,
        "datasetGroup.datasets[1].type",
        ...,
        "datasetGroup.datasets[1].type: missing.",
    ),
    "nested: the same type twice": (
        service_config,
        "datasetGroup.datasets[1].type",
        "INTERACTIONS",
        'datasetGroup.datasets[1]: the dataset "INTERACTIONS" is there already, at datasetGroup.datasets[0].',
    ),
    "nested: unknown type": (
        service_config,
        "datasetGroup.datasets[0].type",
        "INTERACTION",
        'datasetGroup.datasets[0].type: "INTERACTION" is not a dataset type.',
    ),
    "nested: version that is a number": (
        service_config,
        "datasetGroup.datasets[0].schema.schemaVersion",
        2,
        'datasetGroup.datasets[0].schema.schemaVersion: 2 must be a text in double quotes. Write "2".',
    ),
    "nested: datasets that are a text": (
        service_config,
        "datasetGroup.datasets",
        "all",
        'datasetGroup.datasets: "all" must be a list',
    ),
    "nested: section that is a list": (
        service_config,
        "eventTracker",
        [],
        "eventTracker: [] must be an object",
    ),
    "nested: list that is an object": (service_config, "filters", {}, "filters: {} must be a list"),
    "nested: entry that is null": (
        service_config,
        "solutions[1]",
        None,
        "solutions[1]: null must be an object",
    ),
    "nested: version twice": (
        service_config,
        "solutions[0].serviceConfig.solutionVersion",
        {"trainingMode": "FULL"},
        "solutions[0].serviceConfig.solutionVersion: it is given twice.",
    ),
    "nested: filter field": (
        service_config,
        "filters[0].serviceConfig.filterExpression",
        "INCLUDE ItemID WHERE Items.GENRE IN ($G)",
        "filters[0].serviceConfig.filterExpression: ",
    ),
    "workflow: misspelt schedule": (
        workflow_config,
        "solutions[1].workflowConfig",
        {"schedules": {"ful": "rate(1 day)"}},
        "solutions[1].workflowConfig.schedules.ful: unknown key. Did you mean 'full'?",
    ),
    "workflow: schedule that is a number": (
        workflow_config,
        "datasetGroup.workflowConfig",
        {"schedules": {"import": 6}},
        "datasetGroup.workflowConfig.schedules.import: 6 must be a text",
    ),
    "workflow: misspelt dataset": (
        workflow_config,
        "datasets.user",
        {},
        "datasets.user: \"user\" is not a dataset type. Did you mean 'USERS'?",
    ),
    "workflow: schema": (
        workflow_config,
        "datasets.items.schema.serviceConfig.schema.fields[1].type",
        "text",
        "datasets.items.schema.serviceConfig.schema.fields[1].type: ",
    ),
}


@pytest.mark.parametrize(("form", "place", "value", "expected"), WRONG.values(), ids=WRONG)
def test_problems_are_placed_where_the_user_wrote(form, place, value, expected):
    problems = problems_of(put(form(), place, value))

    assert any(problem.startswith(expected) for problem in problems), problems


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    document = service_config()
    put(document, "datasetGroup.datasets[0].datasetImportJob.serviceConfig.importMode", "FUL")
    put(document, "filters[0].serviceConfig.filterExpresion", "x")
    put(document, "solutions[0].campaigns[0].serviceConfig.minProvisionedTPS", "1")
    put(document, "recommenders[0].createRecomender", True)

    places = [problem.split(": ")[0] for problem in problems_of(document)]

    assert places == [
        "datasetGroup.datasets[0].datasetImportJob.serviceConfig.importMode",
        "filters[0].serviceConfig.filterExpresion",
        "solutions[0].campaigns[0].serviceConfig.minProvisionedTPS",
        "recommenders[0].createRecomender",
    ]


def test_a_schema_with_a_field_called_serviceConfig_is_not_taken_for_an_older_form():  # noqa: N802
    document = movies()
    document["datasets"]["Items"]["schema"]["fields"].append({"name": "serviceConfig", "type": "int"})

    assert read(document).notes == ()
