"""Where Personalize Local knowingly differs from Amazon Personalize: the one table of it.

`DIFFERENCES` has for each operation what differs, by parameter: a member of its input or answer, with dots
for what is nested (`solutionConfig.hpoConfig`); `""` stands for the operation as a whole. What is not in here
is meant to behave as in AWS, and a difference that is not in here is a bug. `GENERAL` holds everywhere.

`docs/operations.py` makes docs/personalize-local.md from it; tests compare its names with botocore's.
"""

from __future__ import annotations

from typing import Final

GENERAL: Final = (
    "Work takes as long as it takes: seconds, minutes for much data. Statuses go through AWS's order.",
    "Models are this project's own, made for the purposes of AWS's recipes; scores have another scale.",
    "Metrics are computed by AWS's documented protocol, on held-out users chosen by the server's seed.",
    "New items can be recommended within seconds; AWS, and `--durations realistic`, take 2 hours.",
    "Too many calls are throttled with `--rate-limits` only, with ThrottlingException on all three APIs.",
    "Trends count from the newest interaction, so that old data has trends too.",
    "Personal recipes and rankings do not learn from the columns of the Users dataset; filters use them.",
    "Nothing is billed.",
    "One Region and one account per server (`--region`, `--account-id`).",
    "Without `--iam-endpoint` every signed request is allowed, and roles are taken as given.",
    "Texts of refusals are AWS's where those are known, and tell more than AWS's where they are not.",
)

DIFFERENCES: Final[dict[str, dict[str, str]]] = {
    "CreateDatasetGroup": {
        "kmsKeyArn": "kept and shown; the data folder is not encrypted with it",
        "roleArn": "kept and shown; used for nothing, as there is no encryption",
    },
    "CreateCampaign": {
        "minProvisionedTPS": "kept and shown; nothing is provisioned, and requests above it are answered",
    },
    "UpdateCampaign": {
        "minProvisionedTPS": "kept and shown; nothing is provisioned, and requests above it are answered",
    },
    "CreateRecommender": {
        "recommenderConfig.minRecommendationRequestsPerSecond": "kept and shown; nothing is provisioned",
    },
    "UpdateRecommender": {
        "recommenderConfig": "what is not given stays as it was; AWS does not say whether it does",
        "recommenderConfig.minRecommendationRequestsPerSecond": "kept and shown; nothing is provisioned",
    },
    "CreateSolution": {
        "performAutoTraining": "without any data it tries again every hour; without new data, or after"
        " a failed training, at the next time of its schedule",
        "recipeArn": "aws-hrnn, aws-hrnn-metadata and aws-hrnn-coldstart work with `--legacy-recipes`",
        "performAutoML": "refused with an explanation: it chose among recipes that AWS has retired",
        "solutionConfig.autoMLConfig": "refused, as performAutoML is",
        "solutionConfig.algorithmHyperParameters": "translated into what plays the same part here:"
        " hidden_dimension and item_id_hidden_dim are relations kept per item, bptt is the window in which"
        " items follow each other, item_metadata_hidden_dim the length of metadata vectors",
        "solutionConfig.featureTransformationParameters": "percentiles apply only where they are given; AWS"
        " applies its defaults",
        "solutionConfig.optimizationObjective.objectiveSensitivity": "values count by rank; the item at the"
        " top of the column counts 1.6, 4.5 or 55 times as likely as the one in the middle",
        "solutionConfig.trainingDataConfig": "personal recipes learn from columns of Interactions and Items;"
        " those of Users are for filters and segments",
        "solutionConfig.hpoConfig.hpoObjective": "refused, as Personalize does not support it",
    },
    "UpdateSolution": {
        "performAutoTraining": "switched on, the first training comes after an hour, as for a new solution",
    },
    "ListRecipes": {
        "recipes": "retired ones are listed with `--legacy-recipes` only; DescribeRecipe always knows them",
    },
    "CreateSolutionVersion": {
        "trainingMode": "UPDATE relates all items of today anew and keeps how fast the past fades, the odds"
        " of repetition and the hyperparameters that the FULL training had learnt",
    },
    "DescribeAlgorithm": {
        "algorithm.algorithmImage": "left out: there is no container image",
        "algorithm.defaultResourceConfig": "left out: there are no instances",
        "algorithm.roleArn": "left out",
        "algorithm.trainingInputMode": "left out",
    },
    "DescribeSolutionVersion": {
        "solutionVersion.trainingHours": "the hours that training took here, not those that AWS would bill",
    },
    "CreateBatchInferenceJob": {
        "": "a failed line has `output` null and its reason as `error`; AWS does not document the form. Lines"
        " of unknown users and items are answered as requests are: with popular items",
        "jobOutput": "files of several folders with the same name keep their folders in the output",
        "batchInferenceJobConfig": "the reasons of v2 recipes are listed as `reasons`; AWS does not document"
        " the key",
        "themeGenerationConfig": "titles are the items' own words that set a list apart; no language model",
    },
    "GetRecommendations": {
        "": "exploration gives each place to a new item with a chance of 0.3 x explorationWeight, in the last"
        " share explorationWeight of the list; the same question gets the same answer until the user does"
        " something, the service knows something new, or another number of results is asked for",
        "context": "an item is raised or lowered by how much more often it is taken in the situation than"
        " elsewhere; numbers count by their tenth of the training data",
        "filterArn": "events count however old they are; AWS drops those of users idle for three months",
    },
    "GetPersonalizedRanking": {
        "filterArn": "an item that the model does not know meets no INCLUDE, whatever its metadata",
    },
    "PutItems": {
        "": "filters and metadata know a record after a quarter of a second (`--durations realistic`: 15"
        " minutes)",
        "items.properties": "a column that allows no null must have a value, whatever an earlier record of"
        " the ID has; unknown keys are dropped. AWS documents neither",
    },
    "PutUsers": {
        "": "filters know a record after a quarter of a second (`--durations realistic`: 15 minutes)",
        "users.properties": "as in PutItems",
    },
    "PutActions": {
        "": "filters know a record after a quarter of a second (`--durations realistic`: 15 minutes)",
        "actions.properties": "as in PutItems",
    },
    "PutActionInteractions": {
        "actionInteractions.eventType": "Taken, Not Taken (or NOT_TAKEN) and Viewed, in any case",
    },
    "CreateDatasetExportJob": {
        "jobOutput": "the file is <path>/<jobName>/<type>.csv; AWS does not document names",
    },
    "CreateDataDeletionJob": {
        "": "takes seconds, not up to a day. Models of today take the users for unknown from then on; what"
        " they did to others' recommendations stays until the next training. Replaced files lie in the data"
        " folder for a day. Refused beside imports, exports, trainings and batch jobs of the group, which"
        " AWS only advises against",
        "dataSource": "users that nobody knows are ignored",
    },
    "CreateDatasetImportJob": {
        "": "an import of more than 10 event types and own metadata columns fails; AWS has the quota, and"
        " does not say where it counts",
    },
    "PutEvents": {
        "eventList.recommendationId": "implicit impressions are known of the newest 10,000 answers since the"
        " server's start, of recipes that explore",
    },
    "GetActionRecommendations": {
        "numResults": "of actions that nobody was shown yet, one in five results is given, with score 0",
    },
    "GetSolutionMetrics": {
        "metrics": "those of recipes that explore are measured with their default exploration;"
        " `average_rewards_at_k` is the share of the reward of what users went on to that is in their first"
        " 25 items; AWS does not document the keys"
        " `normalized_discounted_cumulative_gain_with_event_weights_at_5`, `_at_10`, `_at_25`,"
        " `trend_prediction_accuracy`, `area_under_curve`,"
        " `precision` and `recall` (of actions), `item_popularity`, `item_freshness` and `item_similarity`",
    },
    "CreateBatchSegmentJob": {
        "": "users are listed as `usersList`, as recorded runs do, and not as `recommendedUsers`, as samples"
        " of the guide do",
    },
    "CreateMetricAttribution": {
        "": "the role's rights are checked at once: without them the attribution is CREATE FAILED",
        "metricsOutputConfig": "a report that cannot be delivered is kept and tried again with the next ones,"
        " 100 times in all; AWS does not document what it does then",
        "metricsOutputConfig.s3DataDestination": "also gets reports of PutEvents, every 5 seconds if there"
        " are any (`--durations realistic`: 15 minutes); AWS puts those into CloudWatch only",
        "metrics": "CloudWatch gets them in the namespace AWS/Personalize with the dimensions"
        " DatasetGroupArn, EventType and EventAttributionSource; AWS does not document them",
    },
    "UpdateMetricAttribution": {
        "": "in force at once; the status stays ACTIVE",
    },
}
