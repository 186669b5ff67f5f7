"""What has the right shape and makes no sense nevertheless: one table for each subject."""

from typing import Any

import pytest
from tests.unit.params.documents import CATEGORY, RECIPE, movies, one_solution, problems_of, put, schema

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import read

VERSION = "arn:aws:personalize:eu-west-1:1:solution/{}/{}"


def changed(document, changes):
    for place, value in changes.items():
        put(document, place, value)
    return document


SECTIONS = {
    "preprocessing": ({"preprocess": {"job": "j"}}, "preprocess.jobName: missing."),
    "key without a role": (
        {"datasetGroup.kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/x"},
        "datasetGroup.kmsKeyArn: it needs roleArn beside it",
    ),
    "role without a key": (
        {"datasetGroup.roleArn": "arn:aws:iam::000000000000:role/x"},
        "datasetGroup.roleArn: it needs kmsKeyArn beside it",
    ),
    "tracker without interactions": (
        {"datasets.Interactions": ...},
        "eventTracker: events go into the Interactions dataset",
    ),
}

DATASETS = {
    "required field missing": (
        {"datasets.Interactions.schema.fields[4]": ...},
        "datasets.Interactions.schema.fields: the required field TIMESTAMP is missing.",
    ),
    "wrong type": (
        {"datasets.Interactions.schema.fields[4].type": "int"},
        "datasets.Interactions.schema.fields[4].type: TIMESTAMP is a required field and must be long, not int.",
    ),
    "schema of another dataset": (
        {"datasets.Users.schema": schema("Items", ITEM_ID="string", A="int")},
        "datasets.Users.schema.name: 'Items' is the schema of another dataset type.",
    ),
    "schema as a broken text": (
        {"datasets.Users.schema": "{"},
        "datasets.Users.schema: the schema is not JSON",
    ),
    "schema without what its domain wants": (
        {"datasetGroup.domain": "ECOMMERCE"},
        "datasets.Items.schema.fields: the required field PRICE is missing.",
    ),
    "schema that is too long": (
        {"datasets.Users.schema.doc": "x" * 20_000},
        "at most 20,000 are allowed",
    ),
    "location that is not in S3": (
        {"datasets.Items.dataLocation": "https://x.example/"},
        "is not in Amazon S3",
    ),
    "location without a slash": (
        {"datasets.Items.dataLocation": "s3://b/items"},
        'datasets.Items.dataLocation: "s3://b/items" is neither a folder nor a .csv file. Write "s3://b/items/" for a folder.',
    ),
    "location given twice": (
        {
            "datasets.Items.dataLocation": "s3://b/i/",
            "datasets.Items.dataSource": {"dataLocation": "s3://b/i/"},
        },
        "datasets.Items.dataSource: the location is given twice",
    ),
    "source without a location": (
        {"datasets.Items.dataSource": {}},
        "datasets.Items.dataSource: it has no dataLocation",
    ),
}

NAMES = {
    "two solutions": (
        {"solutions[1].name": "movies-for-you"},
        'solutions[1].name: the solution "movies-for-you" is there already, at solutions[0].name.',
    ),
    "two campaigns of two solutions": (
        {"solutions[1].campaigns[1].name": "movies-for-you"},
        'solutions[1].campaigns[1].name: the campaign "movies-for-you" is there already, at solutions[0].campaigns[0].name.',
    ),
    "two filters": ({"filters[1].name": "unseen"}, 'filters[1].name: the filter "unseen" is there already'),
    "two schemas": (
        {"datasets.Users.schemaName": "movies-items-schema"},
        'datasets.Users.schemaName: the schema "movies-items-schema" is there already, at datasets.Items.name.',
    ),
    "a candidate and a solution": (
        {
            "solutions[0]": {"name": "x", "performAutoML": True},
            "solutions[1].name": "x-popularity-count",
        },
        'solutions[1].name: the solution "x-popularity-count" is there already, at solutions[0].name.',
    ),
}

TAGS = {
    "key of AWS": ({"tags[0].tagKey": "aws:x"}, 'tags[0].tagKey: "aws:x": keys with aws: belong to AWS.'),
    "key twice": (
        {"filters[0].tags": [{"tagKey": "a", "tagValue": "1"}, {"tagKey": "a", "tagValue": "2"}]},
        'filters[0].tags[1].tagKey: "a" is given twice.',
    ),
    "51 with those of the file": (
        {"solutions[0].campaigns[0].tags": [{"tagKey": f"k{n}", "tagValue": ""} for n in range(50)]},
        "solutions[0].campaigns[0].tags: 51 tags, those of the whole file included; at most 49. Personalize",
    ),
    "the note of the pipeline": (
        {"filters[0].tags": [{"tagKey": "personalize-pipeline:tags", "tagValue": "x"}]},
        'filters[0].tags[0].tagKey: "personalize-pipeline:tags": the pipeline notes there which tags it put.',
    ),
}

FILTERS = {
    "syntax": (
        {"filters[0].filterExpression": "EXCLUDE ItemID WHERE Items.YEAR"},
        "filters[0].filterExpression: position 32: expected IN",
    ),
    "unknown field": (
        {"filters[1].filterExpression": "INCLUDE ItemID WHERE Items.GENER IN ($G)"},
        "filters[1].filterExpression: Invalid Expression: the Items schema has no field GENER. Did you mean 'GENRE'?",
    ),
    "dataset that is not there": (
        {
            "datasets.Users": ...,
            "filters[0].filterExpression": "EXCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 3",
        },
        "CurrentUser.AGE needs the dataset Users",
    ),
    "21 fields together": (
        {
            "datasets.Items.schema": schema("Items", ITEM_ID="string", **{f"F{n}": "int" for n in range(21)}),
            "filters": [
                {
                    "name": f"f{first}",
                    "filterExpression": "INCLUDE ItemID WHERE "
                    + " AND ".join(f"Items.F{n} > 1" for n in range(first, first + 7)),
                }
                for first in (0, 7, 14)
            ],
        },
        "filters: they use 21 different fields together; Personalize allows 20 in a dataset group.",
    ),
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    (SECTIONS | DATASETS | NAMES | TAGS | FILTERS).values(),
    ids=SECTIONS | DATASETS | NAMES | TAGS | FILTERS,
)
def test_a_file_that_makes_no_sense_says_where_and_why(changes, expected):
    problems = problems_of(changed(movies(), changes))

    assert any(expected in problem for problem in problems), problems


V1, SIMS, RANKING = (
    f"{RECIPE}aws-user-personalization",
    f"{RECIPE}aws-sims",
    f"{RECIPE}aws-personalized-ranking",
)
NO_EVENTS = {"datasets.Interactions.schema.fields[3]": ..., "datasets.Interactions.schema.fields[2]": ...}


def config(**settings):
    return {"solutionConfig": settings}


def hpo(**lists):
    empty: dict[str, Any] = {
        f"{kind}HyperParameterRanges": [] for kind in ("integer", "continuous", "categorical")
    }
    return {
        "performHPO": True,
        "solutionConfig": {"hpoConfig": {"algorithmHyperParameterRanges": empty | lists}},
    }


# what the solution says, what else changes in the file, the place inside the solution, the reason
SOLUTIONS = {
    "no recipe": ({"recipeArn": ...}, {}, "recipeArn", 'missing: there is nothing to train. Add "recipeArn"'),
    "unknown recipe": ({"recipeArn": f"{RECIPE}aws-sim"}, {}, "recipeArn", f"Did you mean {RECIPE}aws-sims?"),
    "recipe like no other": (
        {"recipeArn": f"{RECIPE}xyz"},
        {},
        "recipeArn",
        "`aws personalize list-recipes` shows all",
    ),
    "use case": (
        {"recipeArn": f"{RECIPE}aws-vod-top-picks"},
        {},
        "recipeArn",
        "aws-vod-top-picks is a use case of the domain VIDEO_ON_DEMAND; solutions cannot train it.",
    ),
    "dataset missing": (
        {"recipeArn": f"{RECIPE}aws-item-attribute-affinity"},
        {"datasets.Items": ...},
        "recipeArn",
        "aws-item-attribute-affinity needs the dataset Items. Add datasets.Items.",
    ),
    "two datasets missing": (
        {"recipeArn": f"{RECIPE}aws-next-best-action"},
        {"datasets.Interactions": ...},
        "recipeArn",
        "needs the datasets Actions and Interactions.",
    ),
    "item name missing": (
        {"recipeArn": f"{RECIPE}aws-semantic-similarity"},
        {},
        "recipeArn",
        'needs an Items field with "itemName": true.',
    ),
    "nothing but a text": (
        {"recipeArn": f"{RECIPE}aws-item-attribute-affinity"},
        {
            "datasets.Items.schema": schema(
                "Items", ITEM_ID="string", PLOT={"type": "string", "textual": True}
            )
        },
        "recipeArn",
        "needs an Items field beside ITEM_ID that is not textual",
    ),
    "recipe and performAutoML": ({"performAutoML": True}, {}, "recipeArn", "both cannot be given"),
    "autoMLConfig alone": (
        config(autoMLConfig={"metricName": "coverage"}),
        {},
        "solutionConfig.autoMLConfig",
        "counts only with performAutoML",
    ),
    "event type without the field": (
        {"eventType": "watch"},
        NO_EVENTS,
        "eventType",
        "needs the field EVENT_TYPE",
    ),
    "tuning what cannot be tuned": (
        {"performHPO": True},
        {},
        "performHPO",
        "aws-user-personalization-v2 has nothing that could be tuned",
    ),
    "incremental update": (
        {"performIncrementalUpdate": True},
        {},
        "performIncrementalUpdate",
        "only aws-semantic-similarity can",
    ),
    "training mode": (
        {"solutionVersion": {"trainingMode": "UPDATE"}},
        {},
        "solutionVersion.trainingMode",
        "cannot be trained with UPDATE",
    ),
    "the service's own training mode": (
        {"solutionVersion": {"trainingMode": "AUTOTRAIN"}},
        {},
        "solutionVersion.trainingMode",
        "AUTOTRAIN is the mode of Personalize's own trainings",
    ),
    "unknown hyperparameter": (
        {"recipeArn": V1} | config(algorithmHyperParameters={"hiden_dimension": "64"}),
        {},
        "solutionConfig.algorithmHyperParameters.hiden_dimension",
        "aws-user-personalization has no setting \"hiden_dimension\" here. Did you mean 'hidden_dimension'?",
    ),
    "hyperparameter in the wrong place": (
        {"recipeArn": V1} | config(algorithmHyperParameters={"explorationWeight": "0.1"}),
        {},
        "solutionConfig.algorithmHyperParameters.explorationWeight",
        "It belongs into itemExplorationConfig.",
    ),
    "hyperparameter that is only tuned": (
        {"recipeArn": f"{RECIPE}aws-similar-items"}
        | config(algorithmHyperParameters={"item_id_hidden_dim": "50"}),
        {},
        "solutionConfig.algorithmHyperParameters.item_id_hidden_dim",
        "It can only be tuned",
    ),
    "recipe without hyperparameters": (
        {"recipeArn": f"{RECIPE}aws-popularity-count"} | config(algorithmHyperParameters={"x": "1"}),
        {},
        "solutionConfig.algorithmHyperParameters.x",
        "It has none here.",
    ),
    "hyperparameter out of range": (
        {"recipeArn": V1} | config(algorithmHyperParameters={"hidden_dimension": "300"}),
        {},
        "solutionConfig.algorithmHyperParameters.hidden_dimension",
        '"300" must be a whole number from 32 to 256. The default is "149".',
    ),
    "feature transformation": (
        {"recipeArn": SIMS}
        | config(featureTransformationParameters={"min_user_history_length_percentile": "2"}),
        {},
        "solutionConfig.featureTransformationParameters.min_user_history_length_percentile",
        '"2" must be a number from 0 to 1.',
    ),
    "hpoConfig without performHPO": (
        {"recipeArn": V1} | config(hpoConfig={"hpoResourceConfig": {}}),
        {},
        "solutionConfig.hpoConfig",
        "it counts only with performHPO: true",
    ),
    "hpoObjective": (
        {"recipeArn": V1, "performHPO": True} | config(hpoConfig={"hpoObjective": {"type": "x"}}),
        {},
        "solutionConfig.hpoConfig.hpoObjective",
        "Amazon Personalize does not support it",
    ),
    "41 training jobs": (
        {"recipeArn": V1, "performHPO": True}
        | config(hpoConfig={"hpoResourceConfig": {"maxNumberOfTrainingJobs": "41"}}),
        {},
        "solutionConfig.hpoConfig.hpoResourceConfig.maxNumberOfTrainingJobs",
        '"41" must be from "1" to "40".',
    ),
    "a list of ranges missing": (
        {"recipeArn": V1, "performHPO": True}
        | config(hpoConfig={"algorithmHyperParameterRanges": {"integerHyperParameterRanges": []}}),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.continuousHyperParameterRanges",
        "missing: Personalize wants all three lists",
    ),
    "range of an unknown hyperparameter": (
        {"recipeArn": V1} | hpo(integerHyperParameterRanges=[{"name": "btpt", "minValue": 2, "maxValue": 4}]),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.integerHyperParameterRanges[0].name",
        "Did you mean 'bptt'?",
    ),
    "range in the wrong list": (
        {"recipeArn": V1}
        | hpo(continuousHyperParameterRanges=[{"name": "bptt", "minValue": 2, "maxValue": 4}]),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.continuousHyperParameterRanges[0].name",
        "Move it into integerHyperParameterRanges.",
    ),
    "range too wide": (
        {"recipeArn": V1} | hpo(integerHyperParameterRanges=[{"name": "bptt", "minValue": 1, "maxValue": 4}]),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.integerHyperParameterRanges[0].minValue",
        "1 must be a whole number from 2 to 32.",
    ),
    "range turned round": (
        {"recipeArn": V1} | hpo(integerHyperParameterRanges=[{"name": "bptt", "minValue": 9, "maxValue": 4}]),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.integerHyperParameterRanges[0].minValue",
        "9 is more than maxValue.",
    ),
    "range of choices": (
        {"recipeArn": V1}
        | hpo(categoricalHyperParameterRanges=[{"name": "recency_mask", "values": ["yes"]}]),
        {},
        "solutionConfig.hpoConfig.algorithmHyperParameterRanges.categoricalHyperParameterRanges[0].values[0]",
        '"yes" must be one of True, False.',
    ),
    "threshold that is no number": (
        {"eventType": "watch"} | config(eventValueThreshold="high"),
        {},
        "solutionConfig.eventValueThreshold",
        '"high" must be a number in quotes.',
    ),
    "threshold without event type": (
        config(eventValueThreshold="0.5"),
        {},
        "solutionConfig.eventValueThreshold",
        "it needs eventType beside it",
    ),
    "threshold without the field": (
        {"eventType": "watch"} | config(eventValueThreshold="0.5"),
        {"datasets.Interactions.schema.fields[3]": ...},
        "solutionConfig.eventValueThreshold",
        "it needs the field EVENT_VALUE",
    ),
    "weights beside one event type": (
        {"eventType": "watch"} | config(eventsConfig={"eventParametersList": [{"eventType": "watch"}]}),
        {},
        "solutionConfig.eventsConfig",
        "there is nothing to weigh",
    ),
    "weights of an older recipe": (
        {"recipeArn": V1} | config(eventsConfig={"eventParametersList": [{"eventType": "watch"}]}),
        {},
        "solutionConfig.eventsConfig",
        "aws-user-personalization does not weigh events; the recipes that end in -v2 do.",
    ),
    "weights without the field": (
        config(eventsConfig={"eventParametersList": [{"eventType": "watch"}]}),
        NO_EVENTS,
        "solutionConfig.eventsConfig",
        "it needs the field EVENT_TYPE",
    ),
    "weight of nothing": (
        config(eventsConfig={"eventParametersList": [{"weight": 1}]}),
        {},
        "solutionConfig.eventsConfig.eventParametersList[0].eventType",
        "missing.",
    ),
    "event weighed twice": (
        config(eventsConfig={"eventParametersList": [{"eventType": "Watch"}, {"eventType": "watch"}]}),
        {},
        "solutionConfig.eventsConfig.eventParametersList[1].eventType",
        '"watch" is there already.',
    ),
    "objective of another recipe": (
        config(optimizationObjective={"itemAttribute": "YEAR"}),
        {},
        "solutionConfig.optimizationObjective",
        "aws-user-personalization-v2 cannot optimize for an objective.",
    ),
    "objective that is not a field": (
        {"recipeArn": V1} | config(optimizationObjective={"itemAttribute": "YAER"}),
        {},
        "solutionConfig.optimizationObjective.itemAttribute",
        "Did you mean 'YEAR'?",
    ),
    "objective that may be null": (
        {"recipeArn": V1} | config(optimizationObjective={"itemAttribute": "RATING"}),
        {},
        "solutionConfig.optimizationObjective.itemAttribute",
        "RATING must be a number and not null.",
    ),
    "objective without items": (
        {"recipeArn": V1} | config(optimizationObjective={"itemAttribute": "YEAR"}),
        {"datasets.Items": ...},
        "solutionConfig.optimizationObjective.itemAttribute",
        "it names a field of the Items dataset, and there is none.",
    ),
    "columns both ways": (
        config(trainingDataConfig={"excludedDatasetColumns": {}, "includedDatasetColumns": {}}),
        {},
        "solutionConfig.trainingDataConfig",
        "columns are either excluded or included",
    ),
    "columns of an unknown dataset": (
        config(trainingDataConfig={"excludedDatasetColumns": {"Movies": []}}),
        {},
        "solutionConfig.trainingDataConfig.excludedDatasetColumns.Movies",
        "'Movies' is not a dataset type.",
    ),
    "unknown column": (
        config(trainingDataConfig={"excludedDatasetColumns": {"ITEMS": ["GENRES"]}}),
        {},
        "solutionConfig.trainingDataConfig.excludedDatasetColumns.ITEMS[0]",
        "the Items schema has no field GENRES. Did you mean 'GENRE'?",
    ),
    "required column": (
        config(trainingDataConfig={"excludedDatasetColumns": {"ITEMS": ["ITEM_ID"]}}),
        {},
        "solutionConfig.trainingDataConfig.excludedDatasetColumns.ITEMS[0]",
        "ITEM_ID is always used.",
    ),
    "31 days": (
        {"performAutoTraining": True} | config(autoTrainingConfig={"schedulingExpression": "rate(31 days)"}),
        {},
        "solutionConfig.autoTrainingConfig.schedulingExpression",
        "from 1 to 30 days",
    ),
    "schedule without automatic training": (
        config(autoTrainingConfig={"schedulingExpression": "rate(7 days)"}),
        {},
        "solutionConfig.autoTrainingConfig.schedulingExpression",
        "Set performAutoTraining: true (it is billed)",
    ),
    "unknown metric": (
        {"recipeArn": ..., "performAutoML": True} | config(autoMLConfig={"metricName": "precision_at_20"}),
        {},
        "solutionConfig.autoMLConfig.metricName",
        "Did you mean 'precision_at_",
    ),
    "candidates of two types": (
        {"recipeArn": ..., "performAutoML": True} | config(autoMLConfig={"recipeList": [V1, SIMS]}),
        {},
        "solutionConfig.autoMLConfig.recipeList",
        "these recipes answer different questions",
    ),
    "unknown candidate": (
        {"recipeArn": ..., "performAutoML": True} | config(autoMLConfig={"recipeList": [f"{RECIPE}aws-x"]}),
        {},
        "solutionConfig.autoMLConfig.recipeList[0]",
        "is not a recipe of Amazon Personalize",
    ),
    "candidates without data": (
        {"recipeArn": ..., "performAutoML": True},
        {"datasets.Interactions": ...},
        "performAutoML",
        "needs the dataset Interactions",
    ),
    "campaign of user segments": (
        {"recipeArn": f"{RECIPE}aws-item-affinity", "campaigns": [{"name": "c"}]},
        {},
        "campaigns[0]",
        "aws-item-affinity makes user segments",
    ),
    "exploration of another recipe": (
        {
            "campaigns": [
                {"name": "c", "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.1"}}}
            ]
        },
        {},
        "campaigns[0].campaignConfig.itemExplorationConfig",
        "aws-user-personalization-v2 has no exploration that could be set",
    ),
    "exploration out of range": (
        {
            "recipeArn": V1,
            "campaigns": [
                {"name": "c", "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "2"}}}
            ],
        },
        {},
        "campaigns[0].campaignConfig.itemExplorationConfig.explorationWeight",
        '"2" must be a number from 0 to 1.',
    ),
    "ranking influence": (
        {"campaigns": [{"name": "c", "campaignConfig": {"rankingInfluence": {"POPULARITY": 0.5}}}]},
        {},
        "campaigns[0].campaignConfig.rankingInfluence",
        "has no ranking influence",
    ),
    "metadata without items": (
        {"campaigns": [{"name": "c", "campaignConfig": {"enableMetadataWithRecommendations": True}}]},
        {"datasets.Items": ...},
        "campaigns[0].campaignConfig.enableMetadataWithRecommendations",
        "metadata comes from the Items dataset",
    ),
    "campaign that moves itself": (
        {"campaigns": [{"name": "c", "campaignConfig": {"syncWithLatestSolutionVersion": True}}]},
        {},
        "campaigns[0].campaignConfig.syncWithLatestSolutionVersion",
        "the pipeline moves the campaign",
    ),
    "campaign at something that is no version": (
        {"campaigns": [{"name": "c", "solutionVersionArn": "arn:aws:personalize:eu-west-1:1:solution/s"}]},
        {},
        "campaigns[0].solutionVersionArn",
        "is not the ARN of a solution version. It ends in :solution/<solution>/<version>",
    ),
    "campaign at a version of another solution": (
        {"campaigns": [{"name": "c", "solutionVersionArn": VERSION.format("other", "1a2b")}]},
        {},
        "campaigns[0].solutionVersionArn",
        "it is a version of the solution other, and this one is s.",
    ),
    "campaign at the latest version without its setting": (
        {"campaigns": [{"name": "c", "solutionVersionArn": VERSION.format("s", "$LATEST")}]},
        {},
        "campaigns[0].campaignConfig.syncWithLatestSolutionVersion",
        "Personalize takes $LATEST only together with this. Set it to true, or give one version.",
    ),
    "campaign that stays and follows": (
        {
            "campaigns": [
                {
                    "name": "c",
                    "solutionVersionArn": VERSION.format("s", "1a2b"),
                    "campaignConfig": {"syncWithLatestSolutionVersion": True},
                }
            ]
        },
        {},
        "campaigns[0].campaignConfig.syncWithLatestSolutionVersion",
        "the campaign cannot stay at one version and follow the solution.",
    ),
}


def test_a_campaign_may_stay_at_a_version_or_be_left_to_personalize():
    stays = {"name": "c", "solutionVersionArn": VERSION.format("s", "1a2b")}
    follows = {
        "name": "d",
        "solutionVersionArn": VERSION.format("s", "$LATEST"),
        "campaignConfig": {"syncWithLatestSolutionVersion": True},
    }
    assert problems_of(one_solution(campaigns=[stays, follows])) == []


@pytest.mark.parametrize(("settings", "changes", "place", "because"), SOLUTIONS.values(), ids=SOLUTIONS)
def test_a_solution_that_does_not_fit_says_where_and_why(settings, changes, place, because):
    document = changed(one_solution(), changes)
    for key, value in settings.items():
        put(document, f"solutions[0].{key}", value)

    problems = problems_of(document)

    assert any(
        problem.startswith(f"solutions[0].{place}: ") and because in problem for problem in problems
    ), problems
    assert len(problems) <= 2, "one mistake, and at most one consequence"


FINE = {
    "hyperparameters": {"recipeArn": V1}
    | config(algorithmHyperParameters={"bptt": "16", "recency_mask": "False"}),
    "tuning": {"recipeArn": V1}
    | hpo(
        integerHyperParameterRanges=[{"name": "bptt", "minValue": 2, "maxValue": 32}],
        categoricalHyperParameterRanges=[{"name": "recency_mask", "values": ["True", "False"]}],
    ),
    "tuning what has no fixed value": {"recipeArn": f"{RECIPE}aws-similar-items"}
    | hpo(integerHyperParameterRanges=[{"name": "item_id_hidden_dim", "minValue": 30, "maxValue": 200}]),
    "one event type and a threshold": {"eventType": "watch"} | config(eventValueThreshold="0.5"),
    "weights": config(
        eventsConfig={"eventParametersList": [{"eventType": "watch", "weight": 0, "eventValueThreshold": 1}]}
    ),
    "objective": {"recipeArn": RANKING}
    | config(optimizationObjective={"itemAttribute": "YEAR", "objectiveSensitivity": "LOW"}),
    "columns": config(trainingDataConfig={"excludedDatasetColumns": {"Items": ["YEAR"]}}),
    "included columns": config(trainingDataConfig={"includedDatasetColumns": {"ITEMS": ["YEAR", "ITEM_ID"]}}),
    "automatic training": {"performAutoTraining": True}
    | config(autoTrainingConfig={"schedulingExpression": "rate(1 day)"}),
    "update": {"recipeArn": V1, "solutionVersion": {"trainingMode": "UPDATE"}},
    "exploration": {
        "recipeArn": V1,
        "campaigns": [
            {"name": "c", "campaignConfig": {"itemExplorationConfig": {"explorationItemAgeCutOff": "7"}}}
        ],
    },
    "metadata": {"campaigns": [{"name": "c", "campaignConfig": {"enableMetadataWithRecommendations": True}}]},
    "segments without a campaign": {"recipeArn": f"{RECIPE}aws-item-affinity"},
    "trends": {"recipeArn": f"{RECIPE}aws-trending-now"}
    | config(featureTransformationParameters={"trend_discovery_frequency": "30 minutes"}),
}


@pytest.mark.parametrize("settings", FINE.values(), ids=FINE)
def test_a_solution_that_fits_has_no_problems(settings):
    assert problems_of(one_solution(**settings)) == []


def test_semantic_similarity_needs_no_interactions():
    document = one_solution(
        recipeArn=f"{RECIPE}aws-semantic-similarity",
        performIncrementalUpdate=True,
        campaigns=[{"name": "c", "campaignConfig": {"rankingInfluence": {"POPULARITY": 0, "FRESHNESS": 1}}}],
    )
    title, plot = {"type": "string", "itemName": True}, {"type": "string", "textual": True}
    document["datasets"] = {
        "Items": {
            "name": "i",
            "schema": schema("Items", ITEM_ID="string", TITLE=title, PLOT=plot, GENRE=CATEGORY),
        }
    }

    assert problems_of(document) == []


def test_a_broken_schema_is_not_held_against_what_builds_on_it():
    document = put(movies(), "datasets.Items.schema.fields[1].type", "txt")
    put(
        document,
        "solutions[0].solutionConfig",
        {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["GENRE"]}}},
    )

    (problem,) = problems_of(document)

    assert problem.startswith(
        'datasets.Items.schema.fields[1].type: "txt" is not a type that Personalize knows.'
    )


def test_seven_mistakes_are_reported_at_once():
    document = changed(
        movies(),
        {
            "datasetGroup.name": "my movies",
            "datasets.Items.importMode": "FUL",
            "datasets.Interactions.schema.fields[4].type": "string",
            "filters[1].filterExpression": "INCLUDE ItemID WHERE Items.GENER IN ($GENRE)",
            "solutions[0].recipeArn": f"{RECIPE}aws-user-personalisation-v2",
            "solutions[1].campaigns[1].minProvisionedTPS": "2",
            "solutions[1].campaigns[0].minTPS": 1,
        },
    )

    with pytest.raises(ParamsInvalid) as caught:
        read(document)

    assert str(caught.value) == (
        "7 problems:\n"
        '- datasetGroup.name: "my movies" is not allowed here. Use letters, digits, - and _, and begin with a letter or a digit.\n'
        "- datasets.Interactions.schema.fields[4].type: TIMESTAMP is a required field and must be long, not string.\n"
        "- datasets.Items.importMode: \"FUL\" must be FULL or INCREMENTAL. Did you mean 'FULL'?\n"
        "- filters[1].filterExpression: Invalid Expression: the Items schema has no field GENER. Did you mean 'GENRE'?\n"
        f'- solutions[0].recipeArn: "{RECIPE}aws-user-personalisation-v2" is not a recipe of Amazon Personalize. '
        f"Did you mean {RECIPE}aws-user-personalization-v2?\n"
        "- solutions[1].campaigns[0].minTPS: unknown key. Known here: name, minProvisionedTPS, campaignConfig, tags, solutionVersionArn.\n"
        '- solutions[1].campaigns[1].minProvisionedTPS: "2" must be a whole number. Write 2.'
    )
