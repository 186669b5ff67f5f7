"""A program as people wrote them for Amazon Personalize: cells of a notebook, one after the other.

It knows nothing of Personalize Local. Arguments: the bucket and the role. The data lies in the bucket.
"""

# ruff: noqa: T201 - notebooks print
# mypy: ignore-errors

import json
import sys
import time

import boto3

bucket, role_arn = sys.argv[1:]
personalize = boto3.client("personalize")
personalize_runtime = boto3.client("personalize-runtime")
personalize_events = boto3.client("personalize-events")

schema = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}
create_schema_response = personalize.create_schema(name="notebook-schema", schema=json.dumps(schema))
schema_arn = create_schema_response["schemaArn"]

create_dataset_group_response = personalize.create_dataset_group(name="notebook-group")
dataset_group_arn = create_dataset_group_response["datasetGroupArn"]

max_time = time.time() + 3 * 60 * 60
while time.time() < max_time:
    status = personalize.describe_dataset_group(datasetGroupArn=dataset_group_arn)["datasetGroup"]["status"]
    print(f"DatasetGroup: {status}")
    if status in {"ACTIVE", "CREATE FAILED"}:
        break
    time.sleep(0.2)

create_dataset_response = personalize.create_dataset(
    name="notebook-dataset",
    datasetType="INTERACTIONS",
    datasetGroupArn=dataset_group_arn,
    schemaArn=schema_arn,
)
dataset_arn = create_dataset_response["datasetArn"]
while personalize.describe_dataset(datasetArn=dataset_arn)["dataset"]["status"] != "ACTIVE":
    time.sleep(0.2)

create_dataset_import_job_response = personalize.create_dataset_import_job(
    jobName="notebook-import",
    datasetArn=dataset_arn,
    dataSource={"dataLocation": f"s3://{bucket}/notebook/interactions.csv"},
    roleArn=role_arn,
)
dataset_import_job_arn = create_dataset_import_job_response["datasetImportJobArn"]
max_time = time.time() + 6 * 60 * 60
while time.time() < max_time:
    describe_response = personalize.describe_dataset_import_job(datasetImportJobArn=dataset_import_job_arn)
    import_job = describe_response["datasetImportJob"]
    if "latestDatasetImportJobRun" not in import_job:
        status = import_job["status"]
        print(f"DatasetImportJob: {status}")
    else:
        status = import_job["latestDatasetImportJobRun"]["status"]
        print(f"LatestDatasetImportJobRun: {status}")
    if status in {"ACTIVE", "CREATE FAILED"}:
        break
    time.sleep(0.2)

recipes = [recipe["recipeArn"] for recipe in personalize.list_recipes()["recipes"]]
recipe_arn = "arn:aws:personalize:::recipe/aws-user-personalization"
assert recipe_arn in recipes

create_solution_response = personalize.create_solution(
    name="notebook-solution", datasetGroupArn=dataset_group_arn, recipeArn=recipe_arn
)
solution_arn = create_solution_response["solutionArn"]
create_solution_version_response = personalize.create_solution_version(solutionArn=solution_arn)
solution_version_arn = create_solution_version_response["solutionVersionArn"]

status = None
while status != "ACTIVE":
    described = personalize.describe_solution_version(solutionVersionArn=solution_version_arn)
    status = described["solutionVersion"]["status"]
    print(f"SolutionVersion: {status}")
    if status == "CREATE FAILED":
        sys.exit(described["solutionVersion"]["failureReason"])
    time.sleep(0.2)

metrics = personalize.get_solution_metrics(solutionVersionArn=solution_version_arn)["metrics"]
print(json.dumps(metrics, indent=2))

create_campaign_response = personalize.create_campaign(
    name="notebook-campaign", solutionVersionArn=solution_version_arn, minProvisionedTPS=1
)
campaign_arn = create_campaign_response["campaignArn"]
status = None
while status != "ACTIVE":
    status = personalize.describe_campaign(campaignArn=campaign_arn)["campaign"]["status"]
    print(f"Campaign: {status}")
    time.sleep(0.2)

get_recommendations_response = personalize_runtime.get_recommendations(campaignArn=campaign_arn, userId="u1")
item_list = [item["itemId"] for item in get_recommendations_response["itemList"]]
print(f"Recommendations: {item_list}")

tracker = personalize.create_event_tracker(name="notebook-tracker", datasetGroupArn=dataset_group_arn)
while (
    personalize.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])["eventTracker"]["status"]
    != "ACTIVE"
):
    time.sleep(0.2)
personalize_events.put_events(
    trackingId=tracker["trackingId"],
    userId="u1",
    sessionId="session-1",
    eventList=[
        {
            "sentAt": int(time.time()),
            "eventType": "EVENT_TYPE",
            "properties": json.dumps({"itemId": item_list[-1]}),
        }
    ],
)

personalize.delete_campaign(campaignArn=campaign_arn)
while len(personalize.list_campaigns(solutionArn=solution_arn)["campaigns"]):
    time.sleep(0.2)
personalize.delete_solution(solutionArn=solution_arn)
while len(personalize.list_solutions(datasetGroupArn=dataset_group_arn)["solutions"]):
    time.sleep(0.2)
personalize.delete_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
while len(personalize.list_event_trackers(datasetGroupArn=dataset_group_arn)["eventTrackers"]):
    time.sleep(0.2)
personalize.delete_dataset(datasetArn=dataset_arn)
while len(personalize.list_datasets(datasetGroupArn=dataset_group_arn)["datasets"]):
    time.sleep(0.2)
personalize.delete_schema(schemaArn=schema_arn)
personalize.delete_dataset_group(datasetGroupArn=dataset_group_arn)
print("Cleaned up.")
