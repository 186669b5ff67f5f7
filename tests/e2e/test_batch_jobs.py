"""Batch inference and batch segment jobs on the deployed pipeline, from the upload to files and a mail."""

import re

from tests.support.deployed_stack import DeployedStack
from tests.support.uploads import answers, put_lines, solution, tastes


def test_recommendations_are_written_to_files_beside_the_params_and_paid_for_once(stack: DeployedStack):
    unseen = {
        "name": "files-unseen",
        "filterExpression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    }
    job = {"filterArn": "files-unseen", "numResults": 7}
    asked = solution("files", "user-personalization-v2", batchInferenceJobs=[job])
    document = tastes(stack, "files", asked, filters=[unseen])
    put_lines(
        stack, "files/batch/files-user-personalization-v2/lines.json", {"userId": "u1"}, {"userId": "u2"}
    )

    first = stack.run("files", document)
    same = stack.run("files", document)
    put_lines(stack, "files/batch/files-user-personalization-v2/more.json", {"userId": "u3"})
    second = stack.run("files", document)

    assert {run.status for run in (first, same, second)} == {"SUCCEEDED"}, second.cause
    steps = [run.step("BatchInferenceJob") for run in (first, second)]
    assert same.step("BatchInferenceJob")["did"] == "reused"
    assert same.step("BatchInferenceJob")["arn"] == steps[0]["arn"]
    folder = f"s3://{stack.bucket}/files/batch-output/files-user-personalization-v2/"
    for run, step in zip((first, second), steps, strict=True):
        name = step["arn"].rpartition("/")[2]
        assert step["did"] == "created"
        assert re.fullmatch(rf"{folder}\d{{8}}T\d{{6}}Z-{name}/", step["details"]["output"])
        assert step["details"]["solutionVersionArn"] == run.step("SolutionVersion")["arn"]
        assert step["details"]["output"] in run.mail.body
        lines = answers(stack, step)
        assert [line["input"] for line in lines] == [{"userId": "u1"}, {"userId": "u2"}]
        assert all(0 < len(line["output"]["recommendedItems"]) <= 7 for line in lines)
    assert [line["input"] for line in answers(stack, steps[1], "more.json.out")] == [{"userId": "u3"}]
    assert steps[0]["arn"] != steps[1]["arn"]
    shown = stack.client("personalize").describe_batch_inference_job(batchInferenceJobArn=steps[1]["arn"])
    assert shown["batchInferenceJob"]["filterArn"].endswith(":filter/files-unseen")


def test_segments_of_users_are_written_to_files_beside_campaigns_and_other_jobs(stack: DeployedStack):
    name = "segments-item-affinity"
    document = tastes(
        stack,
        "segments",
        solution("segments", "item-affinity", batchSegmentJobs=[{"jobName": "fans", "numResults": 5}]),
        solution(
            "segments", "similar-items", batchInferenceJobs=[{}], campaigns=[{"name": "segments-similar"}]
        ),
    )
    put_lines(stack, f"segments/batch/{name}/lines.json", {"itemId": "i2"})
    put_lines(stack, "segments/batch/segments-similar-items/lines.json", {"itemId": "i2"})

    run = stack.run("segments", document)

    assert run.status == "SUCCEEDED", run.cause
    step = run.step("BatchSegmentJob", "fans")
    assert "/fans-" in step["arn"]
    [line] = answers(stack, step)
    assert len(line["output"]["usersList"]) == 5
    assert sum(int(user[1:]) % 2 == 0 for user in line["output"]["usersList"]) >= 4  # those of even taste
    [similar] = answers(stack, run.step("BatchInferenceJob"))
    assert similar["output"]["recommendedItems"]
    assert run.step("Campaign")["did"] == "created"
    for part in ("Batch jobs, and where their results are", step["details"]["output"], "batch segment job"):
        assert part in run.mail.body


def test_a_batch_job_that_fails_stops_nothing_else_and_says_why(stack: DeployedStack):
    elsewhere = {"s3DataDestination": {"path": f"s3://{stack.bucket}/denied/answers/"}}
    asked = solution(
        "denied",
        "similar-items",
        batchInferenceJobs=[{"jobName": "denied-out", "jobOutput": elsewhere}, {"jobName": "denied-ok"}],
        campaigns=[{"name": "denied-similar"}],
    )
    document = tastes(stack, "denied", asked)
    put_lines(stack, "denied/batch/denied-similar-items/lines.json", {"itemId": "i2"})

    run = stack.run("denied", document)

    assert run.status == "FAILED"
    did = run.did()
    assert did["BatchInferenceJob", "denied-out"] == "failed"
    assert (did["BatchInferenceJob", "denied-ok"], did["Campaign", "denied-similar"]) == (
        "created",
        "created",
    )
    assert "Insufficient privileges" in run.mail.body
    assert "may write into folders named batch-output" in run.mail.body.replace("\n", " ")


def test_without_lines_or_with_wrong_ones_nothing_is_begun(stack: DeployedStack):
    document = tastes(
        stack,
        "nolines",
        solution("nolines", "similar-items", batchInferenceJobs=[{}]),
        solution("nolines", "user-personalization-v2", batchInferenceJobs=[{}]),
    )
    put_lines(stack, "nolines/batch/nolines-user-personalization-v2/lines.json", {"itemId": "i2"})

    run = stack.run("nolines", document)

    assert run.status == "FAILED"
    assert run.steps == []
    for part in (
        "solutions[0].batchInferenceJobs[0]",
        f"s3://{stack.bucket}/nolines/batch/nolines-similar-items/: there is no file",
        "solutions[1].batchInferenceJobs[0]",
        '"userId"',
    ):
        assert part in run.mail.body
