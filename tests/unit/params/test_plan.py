import json

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from tests.unit.params.documents import RECIPE, domain_group, movies, one_solution, put, recommender, schema

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import plan, read

TEAM = [{"tagKey": "team", "tagValue": "reco"}]


def test_the_plan_of_a_whole_file():
    document = movies()

    made = plan(read(document), bucket="b", prefix="movies/")

    schemas = [
        json.dumps(document["datasets"][word]["schema"]) for word in ("Interactions", "Items", "Users")
    ]
    assert made == {
        "notes": [],
        "datasetGroup": {"name": "movies", "tags": TEAM},
        "datasets": [
            {
                "type": kind,
                "schema": {"name": f"movies-{kind.lower()}-schema", "schema": text},
                "dataset": {"name": f"movies-{kind.lower()}", "datasetType": kind, "tags": TEAM},
                "import": {
                    "importMode": "FULL",
                    "dataSource": {"dataLocation": f"s3://b/movies/{kind.capitalize()}/"},
                    "tags": TEAM,
                },
            }
            for kind, text in zip(("INTERACTIONS", "ITEMS", "USERS"), schemas, strict=True)
        ],
        "eventTracker": {"name": "movies-events", "tags": TEAM},
        "filters": [
            {"name": one["name"], "filterExpression": one["filterExpression"], "tags": TEAM}
            for one in document["filters"]
        ],
        "metricAttribution": None,
        "dataDeletionJobs": [],
        "datasetExportJobs": [],
        "solutions": [
            {
                "name": "movies-for-you",
                "candidates": [
                    {
                        "solution": {
                            "name": "movies-for-you",
                            "recipeArn": f"{RECIPE}aws-user-personalization-v2",
                            "performAutoTraining": False,
                            "tags": TEAM,
                        },
                        "solutionVersion": {"trainingMode": "FULL", "tags": TEAM},
                    }
                ],
                "choose": {"metric": "normalized_discounted_cumulative_gain_at_25"},
                "campaigns": [{"name": "movies-for-you", "minProvisionedTPS": 1, "tags": TEAM}],
                "batchInferenceJobs": [],
                "batchSegmentJobs": [],
            },
            {
                "name": "movies-like-this",
                "candidates": [
                    {
                        "solution": {
                            "name": "movies-like-this",
                            "recipeArn": f"{RECIPE}aws-sims",
                            "performAutoTraining": False,
                            "tags": TEAM,
                        },
                        "solutionVersion": {"trainingMode": "FULL", "tags": TEAM},
                    }
                ],
                "choose": {"metric": "normalized_discounted_cumulative_gain_at_25"},
                "campaigns": [
                    {"name": "movies-like-this", "tags": TEAM},
                    {"name": "movies-like-this-2", "minProvisionedTPS": 2, "tags": TEAM},
                ],
                "batchInferenceJobs": [],
                "batchSegmentJobs": [],
            },
        ],
        "recommenders": [],
        "expected": made["expected"],
    }


def test_what_is_not_asked_for_is_not_there():
    assert plan({"datasetGroup": {"name": "x"}}) == {
        "notes": [],
        "datasetGroup": {"name": "x"},
        "datasets": [],
        "eventTracker": None,
        "filters": [],
        "metricAttribution": None,
        "dataDeletionJobs": [],
        "solutions": [],
        "recommenders": [],
        "datasetExportJobs": [],
        "expected": [{"resource": "DatasetGroup", "name": "x"}],
    }


FILLED_IN = {
    "CreateDatasetGroup": {},
    "CreateSchema": {},
    "CreateDataset": {"schemaArn": "arn", "datasetGroupArn": "arn"},
    "CreateDatasetImportJob": {"jobName": "job", "datasetArn": "arn"},
    "CreateEventTracker": {"datasetGroupArn": "arn"},
    "CreateFilter": {"datasetGroupArn": "arn"},
    "CreateSolution": {"datasetGroupArn": "arn"},
    "CreateSolutionVersion": {"solutionArn": "arn", "name": "n"},
    "CreateCampaign": {"solutionVersionArn": "arn"},
}


def test_what_a_run_is_to_bring_about_is_listed_in_its_order():
    document = movies()
    document["solutions"][0] |= {"performAutoML": True, "batchInferenceJobs": [{"jobName": "nightly"}]}
    del document["solutions"][0]["recipeArn"]

    listed = [f"{one['resource']} {one['name']}" for one in plan(read(document))["expected"]]

    assert listed == [
        "DatasetGroup movies",
        *(
            f"{resource} movies-{word}{'-schema' if resource == 'Schema' else ''}"
            for word in ("interactions", "items", "users")
            for resource in ("Schema", "Dataset", "DatasetImport")
        ),
        "EventTracker movies-events",
        *(f"Filter {one['name']}" for one in document["filters"]),
        "Solution movies-for-you-user-personalization-v2",
        "SolutionVersion movies-for-you-user-personalization-v2",
        "Solution movies-for-you-popularity-count",
        "SolutionVersion movies-for-you-popularity-count",
        "BestVersion movies-for-you",
        "Campaign movies-for-you",
        "BatchInferenceJob nightly",
        "Solution movies-like-this",
        "SolutionVersion movies-like-this",
        "Campaign movies-like-this",
        "Campaign movies-like-this-2",
    ]


def test_every_part_of_the_plan_is_the_arguments_of_its_call():
    made = plan(movies(), bucket="b")
    parts = [("CreateDatasetGroup", made["datasetGroup"]), ("CreateEventTracker", made["eventTracker"])]
    parts += [("CreateFilter", one) for one in made["filters"]]
    for dataset in made["datasets"]:
        parts += [("CreateSchema", dataset["schema"]), ("CreateDataset", dataset["dataset"])]
        parts += [("CreateDatasetImportJob", dataset["import"])]
    for solution in made["solutions"]:
        parts += [("CreateCampaign", campaign) for campaign in solution["campaigns"]]
        for candidate in solution["candidates"]:
            parts += [("CreateSolution", candidate["solution"])]
            parts += [("CreateSolutionVersion", candidate["solutionVersion"])]

    for operation, arguments in parts:
        shape = get_session().get_service_model("personalize").operation_model(operation).input_shape
        assert shape
        report = ParamValidator().validate(arguments | FILLED_IN[operation], shape)
        assert not report.has_errors(), report.generate_report()
        assert arguments.keys() <= shape.members.keys()
    assert {operation for operation, _ in parts} == FILLED_IN.keys()


def test_batch_jobs_read_and_write_beside_the_params_file_unless_they_say_where():
    job = {"jobName": "own", "jobInput": {"s3DataSource": {"path": "s3://o/i/"}}, "filterArn": "unseen"}
    job |= {"jobOutput": {"s3DataDestination": {"path": "s3://o/o/"}}}
    document = movies()
    document["solutions"][0]["batchInferenceJobs"] = [{"numResults": 5}, job]

    usual, own = plan(document, bucket="b", prefix="p/")["solutions"][0]["batchInferenceJobs"]

    assert usual == {
        "jobName": "movies-for-you",
        "numResults": 5,
        "jobInput": {"s3DataSource": {"path": "s3://b/p/batch/movies-for-you/"}},
        "outputFolder": "s3://b/p/batch-output/movies-for-you/",
        "tags": TEAM,
    }
    expression = document["filters"][0]["filterExpression"]
    assert own == {**job, "filterExpression": expression, "tags": TEAM}


def test_a_recommender_is_planned_with_the_state_that_it_is_to_have():
    document = domain_group(recommender("top-picks", state="INACTIVE"), tags=TEAM)

    (made,) = plan(document)["recommenders"]

    assert made == {**recommender("top-picks", state="INACTIVE"), "tags": TEAM}


@pytest.mark.parametrize(
    ("settings", "bucket", "expected"),
    [
        pytest.param({}, "b", {"dataLocation": "s3://b/Items/"}, id="beside the file"),
        pytest.param({}, None, None, id="beside a file without a bucket"),
        pytest.param({"dataLocation": "s3://o/i.csv"}, "b", {"dataLocation": "s3://o/i.csv"}, id="elsewhere"),
        pytest.param(
            {"dataSource": {"dataLocation": "s3://o/i/"}},
            None,
            {"dataLocation": "s3://o/i/"},
            id="in the call's words",
        ),
    ],
)
def test_data_is_found(settings, bucket, expected):
    document = movies()
    document["datasets"]["Items"] |= settings

    made = plan(document, bucket=bucket)["datasets"][1]["import"]

    assert made.get("dataSource") == expected


def test_settings_of_an_import_go_to_the_import():
    role = "arn:aws:iam::000000000000:role/import"
    document = movies()
    document["datasets"]["Items"] |= {
        "importMode": "INCREMENTAL",
        "publishAttributionMetricsToS3": False,
        "roleArn": role,
        "tags": [{"tagKey": "team", "tagValue": "own"}, {"tagKey": "x", "tagValue": ""}],
    }

    made = plan(document)["datasets"][1]

    tags = [{"tagKey": "team", "tagValue": "own"}, {"tagKey": "x", "tagValue": ""}]
    assert made["import"] == {
        "importMode": "INCREMENTAL",
        "publishAttributionMetricsToS3": False,
        "roleArn": role,
        "tags": tags,
    }
    assert made["dataset"] == {"name": "movies-items", "datasetType": "ITEMS", "tags": tags}


@pytest.mark.parametrize("value", [True, False])
def test_automatic_training_is_sent_as_the_file_says(value):
    (candidate,) = plan(one_solution(performAutoTraining=value))["solutions"][0]["candidates"]

    assert candidate["solution"]["performAutoTraining"] is value


def test_a_domain_goes_to_the_group_and_to_its_schemas():
    document = put(one_solution(), "datasetGroup.domain", "VIDEO_ON_DEMAND")
    category = {"type": "string", "categorical": True}
    items = schema("Items", ITEM_ID="string", CREATION_TIMESTAMP="long", GENRES=category)
    put(document, "datasets.Items.schema", items)

    made = plan(document)

    assert made["datasetGroup"]["domain"] == "VIDEO_ON_DEMAND"
    assert {dataset["schema"]["domain"] for dataset in made["datasets"]} == {"VIDEO_ON_DEMAND"}


def test_a_schema_may_be_a_text_and_have_a_name():
    document = movies()
    text = json.dumps(document["datasets"]["Users"]["schema"], indent=4)
    document["datasets"]["Users"] |= {"schema": text, "schemaName": "people"}

    made = plan(document)["datasets"][2]["schema"]

    assert made == {"name": "people", "schema": json.dumps(json.loads(text))}


def test_the_name_of_a_schema_fits():
    document = put(movies(), "datasets.Users.name", "u" * 63)

    name = plan(document)["datasets"][2]["schema"]["name"]

    assert len(name) == 63
    assert name.endswith("-schema")


def test_a_plan_that_step_functions_cannot_pass_on_is_refused():
    document = movies()
    # Each campaign repeats the tags of the whole file, so a small file makes a large plan.
    document["tags"] = [{"tagKey": f"key{n}", "tagValue": "v" * 256} for n in range(40)]
    document["solutions"][0]["campaigns"] = [{"name": f"c{n}"} for n in range(25)]

    with pytest.raises(ParamsInvalid, match="can pass from state to state"):
        plan(document)


def test_a_document_with_problems_has_no_plan():
    with pytest.raises(ParamsInvalid):
        plan("{}")


def test_a_dataset_that_is_not_imported_has_no_import():
    document = put(movies(), "datasets.Items.import", False)

    interactions, items, users = plan(document, bucket="b")["datasets"]

    assert "import" not in items
    assert items.keys() | {"import"} == interactions.keys() == users.keys()
    again = plan(put(document, "datasets.Items.import", True), bucket="b")
    assert again == plan(movies(), bucket="b")


LATER = {"train": False}
PINNED = {"name": "c", "solutionVersionArn": "arn:aws:personalize:eu-west-1:1:solution/s/1a2b"}


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        pytest.param({"solutionVersion": LATER}, None, id="no use"),
        pytest.param({"solutionVersion": LATER, "campaigns": [PINNED]}, None, id="a pinned campaign"),
        pytest.param(
            {"solutionVersion": LATER, "campaigns": [PINNED, {"name": "d"}]},
            {"trainingMode": "FULL", "train": False},
            id="another campaign",
        ),
        pytest.param(
            {"solutionVersion": LATER, "batchInferenceJobs": [{}]},
            {"trainingMode": "FULL", "train": False},
            id="a batch job",
        ),
        pytest.param({"campaigns": [PINNED]}, {"trainingMode": "FULL"}, id="trained all the same"),
    ],
)
def test_a_version_is_planned_where_it_is_trained_or_needed(settings, version):
    (made,) = plan(one_solution(**settings), bucket="b")["solutions"]

    assert made["candidates"][0].get("solutionVersion") == version
    assert made["campaigns"] == settings.get("campaigns", [])
