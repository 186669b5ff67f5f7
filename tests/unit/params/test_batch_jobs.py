"""What a batch job of the params file has to be, and what is said of one that is not."""

import pytest
from tests.unit.params.documents import RECIPE, movies, one_solution, problems_of

SIMILAR = f"{RECIPE}aws-similar-items"
AFFINITY = f"{RECIPE}aws-item-affinity"
FILTERS = [
    {"name": "unseen", "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'},
    {"name": "adults", "filterExpression": "INCLUDE UserID WHERE Users.AGE >= 18"},
    {"name": "same", "filterExpression": "INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE"},
]


def inference(*jobs, **settings):
    return one_solution(batchInferenceJobs=list(jobs), **settings) | {"filters": FILTERS}


def segments(*jobs, **settings):
    return one_solution(**{"recipeArn": AFFINITY, "batchSegmentJobs": list(jobs), **settings}) | {
        "filters": FILTERS
    }


def places(source=None, destination=None):
    made = {"jobInput": {"s3DataSource": {"path": source}}} if source else {}
    return made | ({"jobOutput": {"s3DataDestination": {"path": destination}}} if destination else {})


THEMES = {"batchInferenceJobMode": "THEME_GENERATION"}
NAMED = {"themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "GENRE"}}}

FINE = {
    "nothing given": inference({}),
    "filter by name": inference({"filterArn": "unseen"}),
    "filter by ARN": inference({"filterArn": "arn:aws:personalize:us-east-1:000000000000:filter/x"}),
    "filter of the current item": inference({"filterArn": "same"}, recipeArn=SIMILAR),
    "places": inference(places("s3://b/in/", "s3://b/out/")),
    "output above the input": inference(places("s3://b/jobs/in/", "s3://b/jobs/")),
    "output beside a file of another job": inference(
        places("s3://b/in/users.json", "s3://b/out/"), places("s3://b/x/", "s3://b/in/") | {"jobName": "t"}
    ),
    "two jobs": inference({}, {"jobName": "other"}),
    "exploration": inference(
        {"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.2"}}},
        recipeArn=f"{RECIPE}aws-user-personalization",
    ),
    "themes": inference({**THEMES, **NAMED}, recipeArn=SIMILAR),
    "segments": segments({"filterArn": "adults", "numResults": 1000}),
}


@pytest.mark.parametrize("document", FINE.values(), ids=FINE)
def test_a_batch_job_that_fits_has_no_problems(document):
    assert problems_of(document) == []


WRONG = {
    "recipe of segments": (
        inference({}, recipeArn=AFFINITY),
        "batchInferenceJobs[0]: aws-item-affinity has no batch inference jobs.",
    ),
    "recipe of recommendations": (
        segments({}, recipeArn=SIMILAR),
        "batchSegmentJobs[0]: aws-similar-items has no batch segment jobs. Remove it, or use one of aws-item-a",
    ),
    "misspelt filter": (
        inference({"filterArn": "unsen"}),
        "batchInferenceJobs[0].filterArn: \"unsen\" is no filter of this file. Did you mean 'unseen'?",
    ),
    "filter of users": (
        inference({"filterArn": "adults"}),
        "filterArn: the filter adults is for UserID, these jobs need one for ItemID.",
    ),
    "filter of items": (segments({"filterArn": "unseen"}), "filterArn: the filter unseen is for ItemID"),
    "filter of the current item": (
        inference({"filterArn": "same"}),
        "filterArn: the filter same uses CurrentItem",
    ),
    "same name": (
        inference({}, {}),
        'batchInferenceJobs[1].jobName: the batch inference job "s" is there already',
    ),
    "input nowhere": (inference(places("https://b/in/")), 'path: "https://b/in/" is no place in S3.'),
    "output is no folder": (
        inference(places(None, "s3://b/out")),
        'path: "s3://b/out" must be a folder. Write s3://b/out/',
    ),
    "output in the input": (
        inference(places("s3://b/in", "s3://b/in/out/")),
        "the answers would be written into the folder that the lines are read from",
    ),
    "output beside a file of lines": (
        inference(places("s3://b/in/users.json", "s3://b/in/")),
        "the answers would be written into the folder that the lines are read from",
    ),
    "output in the input of another job": (
        inference(places("s3://b/in/", "s3://b/out/"), places("s3://b/x/", "s3://b/in/") | {"jobName": "t"}),
        "batchInferenceJobs[1].jobOutput.s3DataDestination.path: the answers would be written into the folder "
        "that the lines of solutions[0].batchInferenceJobs[0] are read from. Write them elsewhere",
    ),
    "too many": (inference({"numResults": 501}), "numResults: 501 must be from 1 to 500."),
    "exploration": (
        inference({"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.2"}}}),
        "batchInferenceJobConfig.itemExplorationConfig: aws-user-personalization-v2 has no exploration",
    ),
    "themes of another recipe": (
        inference({**THEMES, **NAMED}),
        "batchInferenceJobMode: themes are made by aws-similar-items only",
    ),
    "themes without a column": (
        inference(THEMES, recipeArn=SIMILAR),
        "themeGenerationConfig: required by THEME",
    ),
    "themes of an unknown column": (
        inference(
            {**THEMES, "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}}},
            recipeArn=SIMILAR,
        ),
        "itemName: the Items schema has no field TITLE.",
    ),
    "column without themes": (
        inference(NAMED, recipeArn=SIMILAR),
        "themeGenerationConfig: it counts only with",
    ),
    "filled in": (
        inference({"solutionVersionArn": "arn"}),
        "solutionVersionArn: the pipeline fills this in itself.",
    ),
}


@pytest.mark.parametrize(("document", "expected"), WRONG.values(), ids=WRONG)
def test_a_batch_job_that_does_not_fit_says_where_and_why(document, expected):
    (problem,) = problems_of(document)

    assert problem.startswith("solutions[0].batch")
    assert expected in problem


def test_a_broken_filter_is_reported_once():
    document = movies()
    document["filters"] = [{"name": "unseen", "filterExpression": "EXCLUDE"}]
    document["solutions"][0]["batchInferenceJobs"] = [{"filterArn": "unseen"}]

    (problem,) = problems_of(document)

    assert problem.startswith("filters[0].filterExpression")
