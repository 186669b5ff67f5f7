"""Whole mails against golden files; GOLDEN=write renews them after a change that is wanted."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.reporting.endings import BAD_PARAMS, NOW, ONE_FAILED, RUN, SUCCEEDED, done, version

from personalize_pipeline.reporting.mail import Ending, Mail, write_mail
from personalize_pipeline.reporting.mail.frame import MAX_SUBJECT
from personalize_pipeline.reporting.mail.text import MAX_BODY_BYTES
from personalize_pipeline.reporting.mail.what_failed import MAX_CAUSE

GOLDEN = Path(__file__).parent / "golden"


def mail(ending: dict[str, Any], *, console: bool = True) -> Mail:
    return write_mail(Ending.model_validate(ending), datetime.fromisoformat(NOW), console=console)


@pytest.mark.parametrize(
    ("name", "ending", "console"),
    [
        pytest.param("succeeded", SUCCEEDED, True, id="succeeded"),
        pytest.param("succeeded-locally", SUCCEEDED, False, id="succeeded on the local stack"),
        pytest.param("one-failed", ONE_FAILED, True, id="one of two solutions failed"),
        pytest.param("bad-params", BAD_PARAMS, True, id="mistakes in the params file"),
    ],
)
def test_a_mail_reads_like_its_golden_file(name, ending, console):
    written = mail(ending, console=console)
    text = f"Subject: {written.subject}\n\n{written.body}"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text)

    assert text == file.read_text()


def test_a_run_with_a_failed_part_is_no_success_whatever_the_state_machine_says():
    assert mail(ONE_FAILED | {"status": "SUCCEEDED"}).subject.startswith("Failed: movies")


def test_a_failed_run_ends_with_the_error_and_a_cause_that_lists_both_sides():
    written = mail(ONE_FAILED)

    assert written.error == "ResourceFailed"
    assert "fewer than 1000 interactions" in written.cause
    assert "campaign movies-for-you: updated" in written.cause
    assert "Not begun:\ncampaign movies-alike" in written.cause


def test_a_failure_without_any_reason_still_says_where_to_look():
    written = mail({"run": RUN, "status": "FAILED"})

    assert written.error == "RunFailed"
    assert "movies-params-4f2a91c03b7d" in written.body


def test_a_subject_is_short_ascii_on_one_line():
    written = mail(SUCCEEDED | {"datasetGroup": "größe\n" + "x" * 200})

    assert written.subject.startswith("Succeeded: gr??e x")
    assert written.subject.isascii()
    assert written.subject.isprintable()
    assert len(written.subject) < MAX_SUBJECT


def test_what_is_too_long_is_cut_and_says_so():
    problem = {"error": "DataInvalid", "reason": "ä" * 300_000}
    written = mail(BAD_PARAMS | {"problem": problem})

    assert len(written.body.encode()) <= MAX_BODY_BYTES
    assert written.body.endswith("(The rest is left out: the history of the execution has all of it.)\n")
    assert len(written.cause) <= MAX_CAUSE + len("...")


def test_a_first_version_has_nothing_to_be_compared_with():
    assert "before" not in mail(ONE_FAILED).body


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ("aws-user-personalization", "trained  2.103 training hours (what AWS bills)\n"),
        ("aws-user-personalization-v2", "trained  2.103 training hours\n"),
    ],
)
def test_training_hours_are_what_aws_bills_with_the_older_recipes_only(recipe, line):
    trained = version("movies-for-you", recipe, trainingHours=2.103)

    assert line in mail({"run": RUN, "status": "SUCCEEDED", "outcomes": [trained]}).body


def test_hours_are_written_as_people_write_them_and_nothing_a_day_is_not_said():
    trained = [
        version(name, "aws-popularity-count", trainingHours=hours, metrics={"coverage": 0.1})
        for name, hours in (("one", 0.00004), ("two", 1234567.0))
    ]
    choice = done("BestVersion", "one", "solution/one/ab12cd34", "created", 1, candidates=["one", "two"])
    entries = [
        {
            "resource": "SolutionVersion",
            "name": "one",
            "action": "train",
            "cost": {"resource": "SolutionVersion", "name": "one", "price": "$0.24", "unknown": "later"},
        }
    ]
    run = {**RUN, "execution": str(RUN["execution"]).replace("eu-central-1", "us-east-1")}

    ending = {"run": run, "outcomes": [*trained, choice], "foreseen": {"entries": entries}}
    body = mail(ending | {"status": "SUCCEEDED"}).body

    assert "trained  less than 0.001 training hours (what AWS bills)\n" in body
    assert "trained  1,234,567 training hours" in body
    assert "e-05" not in body
    assert "Together less than $0.01.\nPrices of us-east-1" in body


PICKS = done(
    "Recommender",
    "picks",
    "recommender/picks",
    "updated",
    60,
    recipeArn="arn:aws:personalize:::recipe/aws-vod-top-picks",
    metrics={"coverage": 0.2},
)


def test_a_group_with_a_running_recommender_is_live_and_its_metrics_are_told():
    body = mail({"run": RUN, "status": "SUCCEEDED", "datasetGroup": "movies", "outcomes": [PICKS]}).body

    assert body.startswith("movies is live.")
    assert f"get-recommendations --recommender-arn {PICKS['arn']} --user-id 42" in body
    assert "How good is picks\n-----------------\nrecipe   aws-vod-top-picks\n\nmetric       now\n" in body


def test_a_stopped_recommender_is_not_live_and_its_new_settings_wait():
    stopped = PICKS | {
        "status": "INACTIVE",
        "details": {"whenStarted": ["a: it has 1, the params file says 2"]},
    }
    body = mail({"run": RUN, "status": "SUCCEEDED", "datasetGroup": "movies", "outcomes": [stopped]}).body

    assert body.startswith("movies is ready.")
    assert "is stopped: it answers nothing and costs nothing\n  when it is started: a: it has 1," in body
    assert "--recommender-arn" not in body


def test_the_results_of_batch_jobs_are_told():
    places = {"input": "s3://b/batch/s/", "output": "s3://b/batch-output/s/x/"}
    job = done(
        "BatchSegmentJob",
        "fans-0a1b2c3d",
        "batch-segment-job/fans-0a1b2c3d",
        "created",
        3,
        solutionVersionArn="arn:aws:personalize:eu-central-1:123456789012:solution/s/1",
        **places,
    )
    body = mail({"run": RUN, "status": "SUCCEEDED", "outcomes": [job]}).body

    assert "fans-0a1b2c3d (created)\n  read     s3://b/batch/s/\n" in body
    assert "  wrote    s3://b/batch-output/s/x/\n  version  solution/s/1" in body
    assert "batch segment job  fans-0a1b2c3d" in body


def test_small_files_are_told_in_kilobytes():
    small = done("DatasetImport", "users", "dataset-import-job/users", "imported", 3, files=1, bytes=13_470)

    assert "(1 file, 13.5 kB)" in mail({"run": RUN, "status": "SUCCEEDED", "outcomes": [small]}).body
