"""What a params file says is to be left as it is: data that is there, versions that are there."""

from tests.support.deployed_stack import DeployedStack, params


def test_without_import_and_training_everything_is_reused(stack: DeployedStack):
    stack.upload_interactions("still")
    first = stack.run("still", params("still"))
    stack.upload_interactions("still", seed=1)
    document = params("still")
    document["datasets"]["Interactions"]["import"] = False
    document["solutions"][0]["solutionVersion"] = {"train": False}

    second = stack.run("still", document)

    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED"), second.cause
    did = {resource: what for (resource, _), what in second.did().items()}
    assert did | {"WaitForTurn": None} == {
        "WaitForTurn": None,
        "DatasetGroup": "reused",
        "Schema": "reused",
        "Dataset": "reused",
        "Solution": "reused",
        "SolutionVersion": "reused",
        "Campaign": "reused",
    }
    assert second.step("SolutionVersion")["arn"] == first.step("SolutionVersion")["arn"]
    personalize = stack.client("personalize")
    versions = personalize.list_solution_versions(solutionArn=first.step("Solution")["arn"])
    assert len(versions["solutionVersions"]) == 1
    jobs = personalize.list_dataset_import_jobs(datasetArn=first.step("Dataset")["arn"])
    assert len(jobs["datasetImportJobs"]) == 1
    assert "How good is still-for-you" in second.mail.body


def test_a_campaign_stays_at_the_version_that_the_file_names(stack: DeployedStack):
    stack.upload_interactions("pinned")
    like = "arn:aws:personalize:::recipe/aws-similar-items"
    document = params("pinned")
    (solution,) = document["solutions"]
    solution["recipeArn"] = like
    first = stack.run("pinned", document)
    version = first.step("SolutionVersion")["arn"]
    solution["campaigns"][0]["solutionVersionArn"] = version
    solution["solutionVersion"] = {"train": True}

    trained = stack.run("pinned", document)
    solution["solutionVersion"] = {"train": False}
    kept = stack.run("pinned", document)

    for run in (first, trained, kept):
        assert run.status == "SUCCEEDED", run.cause
    assert trained.step("SolutionVersion")["did"] == "trained"
    assert trained.step("Campaign")["did"] == kept.step("Campaign")["did"] == "reused"
    assert "SolutionVersion" not in {step["resource"] for step in kept.steps}  # nothing needs one
    shown = stack.client("personalize").describe_campaign(campaignArn=stack.arn("campaign/pinned-for-you"))
    assert shown["campaign"]["solutionVersionArn"] == version
    for mail in (trained.mail, kept.mail):
        assert f"serves {version.split(':', 5)[-1]}" in mail.body
        assert "--item-id" in mail.body  # this recipe is asked with an item


def test_what_needs_a_version_says_that_there_is_none(stack: DeployedStack):
    document = params("empty")
    document["datasets"]["Interactions"]["import"] = False
    document["solutions"][0]["solutionVersion"] = {"train": False}
    childless = {"name": "empty-childless", "recipeArn": document["solutions"][0]["recipeArn"]}
    document["solutions"].append({**childless, "solutionVersion": {"train": False}})

    run = stack.run("empty", document)

    assert run.status == "FAILED"
    did = run.did()
    assert did["Solution", "empty-childless"] == did["Solution", "empty-for-you"] == "created"
    assert did["SolutionVersion", "empty-for-you"] == "failed"
    assert ("SolutionVersion", "empty-childless") not in did
    assert "solution/empty-for-you has no version that is ACTIVE" in run.mail.body
    assert "campaign empty-for-you" in run.mail.body.partition("Not begun because of this")[2]
