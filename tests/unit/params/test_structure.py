"""Unknown keys, wrong types and broken limits; all of them come from botocore's model of the call."""

import pytest
from botocore.session import get_session
from tests.unit.params.documents import RECIPE, movies, one_solution, put

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import read


def problems_of(document):
    with pytest.raises(ParamsInvalid) as caught:
        read(document)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_file_has_no_problems():
    assert read(movies()).notes == ()


WRONG = {
    "unknown section": ("solution_s", [], "solution_s: unknown key. Did you mean 'solutions'?"),
    "key in the wrong case": (
        "datasetgroup",
        {},
        "datasetgroup: unknown key. Did you mean 'datasetGroup'? It is there already.",
    ),
    "nothing like it": ("qqq", 1, "qqq: unknown key. Known here: $schema, datasetGroup, datasets,"),
    "unknown dataset": (
        "datasets.Movies",
        {},
        "datasets.Movies: unknown key. Known here: Interactions, Items, Users",
    ),
    "misspelt dataset": (
        "datasets.Interaction",
        {},
        "datasets.Interaction: unknown key. Did you mean 'Interactions'?",
    ),
    "unknown key deep down": (
        "solutions[0].campaigns[0].campaignConfig",
        {"enableMetadataWithRecomendations": True},
        "solutions[0].campaigns[0].campaignConfig.enableMetadataWithRecomendations: unknown key. "
        "Did you mean 'enableMetadataWithRecommendations'?",
    ),
    "key of a dataset at the top": (
        "datasetExportJobs",
        [{}],
        "datasetExportJobs: unknown key. It belongs into the section of a dataset (datasets.Interactions, ...).",
    ),
    "key of the file in a solution": (
        "solutions[0].filters",
        [],
        "solutions[0].filters: unknown key. It belongs at the top of the file.",
    ),
    "key of a solution in a campaign": (
        "solutions[0].campaigns[0].batchSegmentJobs",
        [],
        "batchSegmentJobs: unknown key. It belongs into a solution (solutions[...]).",
    ),
    "key that needs quoting": ("tags[0].tag key", "x", 'tags[0]["tag key"]: unknown key. Did you mean'),
    "ARN that the pipeline fills in": (
        "solutions[0].datasetGroupArn",
        "x",
        "solutions[0].datasetGroupArn: the pipeline fills this in itself. Remove the key.",
    ),
    "name of an import job": (
        "datasets.Items.jobName",
        "x",
        "datasets.Items.jobName: the pipeline fills this in itself.",
    ),
    "name of a solution version": (
        "solutions[0].solutionVersion.name",
        "x",
        "the pipeline fills this in itself.",
    ),
    "required key missing": (
        "datasetGroup.name",
        ...,
        "datasetGroup.name: missing. It is required in datasetGroup.",
    ),
    "required section missing": ("datasetGroup", ..., "datasetGroup: missing. It is required in the file."),
    "schema missing": ("datasets.Items.schema", ..., "datasets.Items.schema: missing."),
    "number in quotes": (
        "solutions[1].campaigns[1].minProvisionedTPS",
        "2",
        'solutions[1].campaigns[1].minProvisionedTPS: "2" must be a whole number. Write 2.',
    ),
    "number with a fraction": (
        "solutions[0].campaigns[0].minProvisionedTPS",
        1.5,
        "1.5 must be a whole number.",
    ),
    "true for a number": (
        "solutions[0].campaigns[0].minProvisionedTPS",
        True,
        "true must be a whole number.",
    ),
    "number too small": ("solutions[0].campaigns[0].minProvisionedTPS", 0, "0 is too small: at least 1."),
    "true in quotes": (
        "solutions[0].performAutoTraining",
        "True",
        'solutions[0].performAutoTraining: "True" must be true or false, without quotes. Write true.',
    ),
    "0 for false": ("solutions[0].performAutoTraining", 0, "0 must be true or false, without quotes."),
    "number for a text": (
        "datasetGroup.name",
        7,
        'datasetGroup.name: 7 must be a text in double quotes. Write "7".',
    ),
    "null": ("eventTracker", None, "eventTracker: null is not a value here. Leave the key out."),
    "object for a list": ("filters", {"name": "x"}, "must be a list: [...]."),
    "list for an object": ("datasetGroup", ["movies"], 'datasetGroup: ["movies"] must be an object: {...}.'),
    "text in a list of objects": ("filters[1]", "x", 'filters[1]: "x" must be an object: {...}.'),
    "name with a space": (
        "datasetGroup.name",
        "my movies",
        "Use letters, digits, - and _, and begin with a letter or a digit.",
    ),
    "name that begins with a hyphen": ("filters[0].name", "-x", 'filters[0].name: "-x" is not allowed here.'),
    "name with a line break at its end": ("datasetGroup.name", "movies\n", "is not allowed here"),
    "name that is empty": ("datasetGroup.name", "", "is too short: at least 1 character(s)."),
    "name of 64 characters": ("datasetGroup.name", "x" * 64, "has 64 characters; at most 63 are allowed."),
    "choice": (
        "datasets.Items.importMode",
        "ALL",
        'datasets.Items.importMode: "ALL" must be FULL or INCREMENTAL.',
    ),
    "choice in another case": ("datasets.Items.importMode", "full", "Did you mean 'FULL'?"),
    "domain": ("datasetGroup.domain", "ECOMERCE", "Did you mean 'ECOMMERCE'?"),
    "recipe by its name": ("solutions[0].recipeArn", "aws-sims", f"Write {RECIPE}aws-sims"),
    "recipe that is no ARN": ("solutions[0].recipeArn", "sims", f"It begins with {RECIPE}"),
    "role": (
        "datasetGroup.roleArn",
        "admin",
        'datasetGroup.roleArn: "admin" is not allowed here. It must match arn:',
    ),
    "tag with a character": ("tags[0].tagKey", "a!b", "It must match"),
    "tag with a long key": ("tags[0].tagKey", "k" * 129, "has 129 characters; at most 128 are allowed."),
    "number for the value of a map": (
        "solutions[0].campaigns[0].campaignConfig",
        {"itemExplorationConfig": {"explorationWeight": 0.3}},
        'itemExplorationConfig.explorationWeight: 0.3 must be a text in double quotes. Write "0.3".',
    ),
    "key of a map": (
        "solutions[0].campaigns[0].campaignConfig",
        {"rankingInfluence": {"POPULARITYS": 0.5}},
        "rankingInfluence.POPULARITYS",
    ),
    "weight above 1": (
        "solutions[0].solutionConfig",
        {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.5}]}},
        "solutions[0].solutionConfig.eventsConfig.eventParametersList[0].weight: 1.5 is too large: at most 1.",
    ),
    "eleven events": (
        "solutions[0].solutionConfig",
        {"eventsConfig": {"eventParametersList": [{"eventType": f"e{number}"} for number in range(11)]}},
        "11 entries; at most 10 are allowed.",
    ),
    "schedule": (
        "solutions[0].solutionConfig",
        {"autoTrainingConfig": {"schedulingExpression": "every day"}},
        'For example "rate(7 days)".',
    ),
    "location": ("datasets.Items.dataLocation", "bucket/x/", "It begins with s3://"),
    "schema that is a number": (
        "datasets.Items.schema",
        7,
        "datasets.Items.schema: 7 must be an Avro schema as an object.",
    ),
    "filter of 2,501 characters": (
        "filters[0].filterExpression",
        "x" * 2501,
        "has 2501 characters; at most 2500",
    ),
}


@pytest.mark.parametrize(("place", "value", "expected"), WRONG.values(), ids=WRONG)
def test_what_has_the_wrong_shape_is_named_with_its_place(place, value, expected):
    problems = problems_of(put(movies(), place, value))

    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param("solutions[1].recipeArm", f"{RECIPE}aws-user-personalization-v2", id="a misspelt key"),
        pytest.param("solutions[0].campaigns[0].minProvisionedTPS", "1", id="a number in quotes"),
        pytest.param("solutions[0].performAutoTraining", "false", id="false in quotes"),
        pytest.param("solutions[0].recipeArn", "aws-user-personalization-v2", id="a recipe by its name"),
        pytest.param("datasets.Users.schema.fields[1].categoricl", True, id="a misspelt key in a schema"),
        pytest.param("filters[0]", 7, id="an element of a list"),
        pytest.param("solutions", "x", id="all solutions"),
        pytest.param("tags", [{"tagKey": 1, "tagValue": "x"}], id="a tag"),
    ],
)
def test_one_slip_is_one_problem(place, value):
    document = movies()
    if place.endswith("recipeArm"):
        del document["solutions"][1]["recipeArn"]

    assert len(problems_of(put(document, place, value))) == 1


def test_what_is_inside_a_misspelt_section_is_checked_too():
    document = movies()
    document["solution_list"] = document.pop("solutions")
    document["solution_list"][1]["campaings"] = document["solution_list"][1].pop("campaigns")
    document["solution_list"][1]["campaings"][0]["minProvisionedTPS"] = 0

    assert problems_of(document) == [
        "solution_list: unknown key. Did you mean 'solutions'?",
        "solution_list[1].campaings: unknown key. Did you mean 'campaigns'?",
        "solution_list[1].campaings[0].minProvisionedTPS: 0 is too small: at least 1.",
    ]


def test_problems_come_in_the_order_of_the_file():
    document = put(
        put(put(movies(), "tags[0].x", 1), "datasetGroup.x", 1), "filters[1].filterExpression", "x"
    )
    put(document, "filters[0].x", 1)

    places = [problem.split(":")[0] for problem in problems_of(document)]

    assert places == ["datasetGroup.x", "filters[0].x", "filters[1].filterExpression", "tags[0].x"]


FILLED_IN = {
    "CreateDatasetGroup": set(),
    "CreateEventTracker": {"datasetGroupArn"},
    "CreateFilter": {"datasetGroupArn"},
    "CreateSolution": {"datasetGroupArn"},
    "CreateSolutionVersion": {"solutionArn", "name"},
    "CreateCampaign": set(),
    "CreateDataset": {"datasetGroupArn", "schemaArn", "datasetType"},
    "CreateDatasetImportJob": {"datasetArn", "jobName"},
}
SECTION = {
    "CreateDatasetGroup": "datasetGroup",
    "CreateEventTracker": "eventTracker",
    "CreateFilter": "filters[0]",
    "CreateSolution": "solutions[0]",
    "CreateSolutionVersion": "solutions[0].solutionVersion",
    "CreateCampaign": "solutions[0].campaigns[0]",
    "CreateDataset": "datasets.Items",
    "CreateDatasetImportJob": "datasets.Items",
}


@pytest.mark.parametrize("operation", FILLED_IN)
def test_a_section_knows_every_parameter_of_its_call(operation):
    shape = get_session().get_service_model("personalize").operation_model(operation).input_shape

    assert shape
    for key in shape.members:
        document = put(movies(), f"{SECTION[operation]}.{key}", ["not", "right"])
        problems = [
            problem for problem in problems_of(document) if problem.startswith(f"{SECTION[operation]}.{key}")
        ]
        filled_in = any("the pipeline fills this in itself" in problem for problem in problems)
        assert problems, key
        assert not any("unknown key" in problem for problem in problems), key
        assert filled_in == (key in FILLED_IN[operation]), key


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("solutions[0].performAutoTraining", False),
        ("solutions[0].solutionConfig", {}),
        (
            "solutions[0].campaigns",
            [{"name": "c", "campaignConfig": {"syncWithLatestSolutionVersion": False}}],
        ),
        ("solutions", []),
        ("datasets.Items.publishAttributionMetricsToS3", False),
        ("datasets.Items.tags", []),
        ("datasetGroup.tags", [{"tagKey": "Größe m²", "tagValue": ""}]),
        ("$schema", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_that_looks_like_nothing_is_a_value(place, value):
    document = put(one_solution(), place, value)

    assert read(document).document == document
