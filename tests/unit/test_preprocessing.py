"""Is the Glue job to run? The step, with Glue and S3 in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from personalize_pipeline import clients
from personalize_pipeline.errors import ResourceFailed
from personalize_pipeline.params.preprocess import glue_job
from personalize_pipeline.preprocessing import preprocessing

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB, BUCKET, PREFIX = "prepare", "input", "shop/"
SCRIPT = f"s3://{BUCKET}/scripts/prepare.py"
PLACE = f"s3://{BUCKET}/{PREFIX}Interactions/"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        for make in (clients.glue, clients.s3):
            make.cache_clear()
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("glue").create_job(
            Name=JOB, Role="glue", Command={"Name": "glueetl", "ScriptLocation": SCRIPT}
        )
        put("scripts/prepare.py", "one")
        put(f"{PREFIX}raw/2026/events.json", "{}")
        yield
        for make in (clients.glue, clients.s3):
            make.cache_clear()


def put(key: str, text: str) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def remove(key: str) -> None:
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=key)


def event(prefix: str = PREFIX, run: str = "run-1", **section: Any) -> dict[str, Any]:
    machine = "arn:aws:states:us-east-1:123456789012:{}:pipeline"
    running = {
        "id": run,
        "execution": machine.format("execution") + f":{run}",
        "stateMachine": machine.format("stateMachine"),
        "startTime": "2026-11-20T09:02:00.000Z",
    }
    want = glue_job({"jobName": JOB, **section}, BUCKET, prefix, [PLACE])
    return {"want": want, "context": {"run": running}}


def look(prefix: str = PREFIX, run: str = "run-1", **section: Any) -> dict[str, Any]:
    """The step's answer."""
    return preprocessing(event(prefix, run, **section))


def work(answer: dict[str, Any]) -> str:
    """What the state machine does then: run the job, which leaves its files. Returns the run of the job."""
    call = answer["details"]["call"]
    run: str = boto3.client("glue").start_job_run(**call)["JobRunId"]
    put(f"{PREFIX}Interactions/part-0.csv", "USER_ID,ITEM_ID,TIMESTAMP\n")
    return run


def test_a_job_that_never_ran_is_wanted_with_the_call_of_the_params_file():
    answer = look(arguments={"--format": "segment", "--run": "mine"}, workerType="G.1X")

    call = answer["details"]["call"]
    assert (answer["done"], answer["did"], answer["status"]) == (True, None, "WANTED")
    mark = call["Arguments"].pop("--fingerprint")
    assert call == {
        "JobName": JOB,
        "WorkerType": "G.1X",
        "Arguments": {"--bucket": BUCKET, "--prefix": PREFIX, "--format": "segment", "--run": "mine"},
    }
    assert len(mark) == 8
    assert answer["details"]["because"] == "it has not run before"
    assert look()["details"]["call"]["Arguments"]["--run"] == "run-1"


def test_what_it_made_out_of_the_same_raw_data_is_not_made_again():
    run = work(look())

    answer = look(run="run-2")

    assert (answer["done"], answer["did"], answer["arn"]) == (True, "reused", run)
    assert (
        answer["details"]["because"] == f"it has made these files out of the same raw data ({answer['arn']})"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda: put(f"{PREFIX}raw/2027/more.json", "{}"), "have changed", id="raw data"),
        pytest.param(lambda: remove(f"{PREFIX}Interactions/part-0.csv"), "there is nothing in s3", id="made"),
        pytest.param(lambda: put("scripts/prepare.py", "two"), "have changed", id="script"),
        pytest.param(lambda: remove(f"{PREFIX}raw/2026/events.json"), "is not known", id="no raw data"),
    ],
)
def test_it_runs_again_when_something_has_changed(change: Any, why: str):
    work(look())
    change()

    answer = look(run="run-2")

    assert answer["did"] is None
    assert why in answer["details"]["because"]


def test_other_arguments_and_always_let_it_run_again():
    work(look())

    assert look(arguments={"--format": "movielens"})["did"] is None
    always = look(always=True)
    assert always["did"] is None
    assert always["details"]["because"] == "the params file asks for it (always: true)"
    assert look()["did"] == "reused"


def test_going_back_to_older_raw_data_makes_the_files_of_that():
    work(look())
    put(f"{PREFIX}raw/more.json", "{}")
    work(look(run="run-2"))
    remove(f"{PREFIX}raw/more.json")

    assert look(run="run-3")["did"] is None


def test_what_the_job_did_for_other_params_files_does_not_count():
    run = work(look())
    put("other/raw/events.json", "{}")
    work(look(prefix="other/", run="run-2"))

    assert look(run="run-3")["arn"] == run


def test_a_run_that_failed_has_made_nothing():
    work(look())
    glue = boto3.client("glue")
    job, [ran] = glue.get_job(JobName=JOB), glue.get_job_runs(JobName=JOB)["JobRuns"]
    with Stubber(glue) as stub:
        stub.add_response("get_job", job)
        stub.add_response("get_job_runs", {"JobRuns": [{**ran, "JobRunState": "TIMEOUT"}]})
        answer = preprocessing(event(run="run-2"), glue)

    assert answer["did"] is None
    assert answer["details"]["because"] == "its last run ended as TIMEOUT"


def test_a_job_that_does_not_exist_is_an_outcome_and_not_a_crash():
    boto3.client("glue").delete_job(JobName=JOB)

    with pytest.raises(ResourceFailed, match=r"^There is no Glue job prepare in this account and region\."):
        look()


def test_throttling_is_waited_out_and_a_missing_permission_is_not():
    glue = boto3.client("glue")
    with Stubber(glue) as stub:
        stub.add_client_error("get_job", "ThrottlingException", "Rate exceeded", http_status_code=400)
        answer = preprocessing(event(), glue)
        stub.add_client_error("get_job", "AccessDeniedException", "no", http_status_code=400)
        with pytest.raises(ClientError, match="AccessDenied"):
            preprocessing(event(), glue)

    assert (answer["done"], answer["reason"]) == (False, "Throttling: Rate exceeded")
