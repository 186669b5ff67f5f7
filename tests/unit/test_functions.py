"""Every function folder: it has a sample event that its handler accepts, and importing it calls nothing."""

import importlib.util
import json
import subprocess
import sys
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from tests.support.policies import ROOT

from personalize_pipeline import clients, promotion, smoke_test
from personalize_pipeline.deletion import plan as deletion_plan
from personalize_pipeline.planning import plan
from personalize_pipeline.resources.job_on_files import JobOnFiles
from personalize_pipeline.resources.resource import Found, Resource

FUNCTIONS = sorted(app.parent.name for app in (ROOT / "functions").glob("*/app.py"))
LAMBDA = SimpleNamespace(
    function_name="f", memory_limit_in_mb=256, invoked_function_arn="arn:aws:lambda:::f", aws_request_id="1"
)


def app(function):
    spec = importlib.util.spec_from_file_location(
        f"functions_{function}", ROOT / f"functions/{function}/app.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(function):
    return json.loads((ROOT / f"events/{function}.json").read_text())


def test_every_function_has_a_sample_event_and_the_other_way_round():
    assert sorted(file.stem for file in (ROOT / "events").glob("*.json")) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_says_what_its_state_does(function):
    words = app(function).__doc__.partition(":")[0]

    assert words == "".join(word.capitalize() for word in function.split("_"))


@pytest.fixture
def aws(monkeypatch):
    """Everything but Personalize, in memory, with what the sample events name."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    makers = (
        clients.cloudwatch,
        clients.events,
        clients.glue,
        clients.personalize,
        clients.personalize_once,
        clients.personalize_patient,
        clients.personalize_runtime,
        clients.s3,
        clients.scheduler,
        clients.sns,
        clients.stepfunctions,
    )
    with mock_aws():
        for make in makers:
            make.cache_clear()
        machine = boto3.client("stepfunctions").create_state_machine(
            name="personalize-pipeline-pipeline",
            definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
            roleArn="arn:aws:iam::123456789012:role/r",
        )
        monkeypatch.setenv("PIPELINE_ARN", machine["stateMachineArn"])
        monkeypatch.setenv("DELETE_ARN", machine["stateMachineArn"])
        monkeypatch.setenv("TOPIC_ARN", boto3.client("sns").create_topic(Name="t")["TopicArn"])
        monkeypatch.setenv("SCHEDULE_GROUP", "personalize-pipeline")
        boto3.client("scheduler").create_schedule_group(Name="personalize-pipeline")
        monkeypatch.setenv("START_FUNCTION_ARN", "arn:aws:lambda:us-east-1:123456789012:function:start")
        monkeypatch.setenv("SCHEDULER_ROLE_ARN", "arn:aws:iam::123456789012:role/scheduler")
        monkeypatch.setenv("DEAD_LETTERS_ARN", "arn:aws:sqs:us-east-1:123456789012:dead")
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "personalize-pipeline")
        monkeypatch.setenv("IDLE_DAYS", "7")
        monkeypatch.setenv("WATCHED_DATASET_GROUPS", "")  # no question to Personalize
        monkeypatch.setenv("INPUT_BUCKET", "personalize-pipeline-inputbucket-example")
        boto3.client("s3").create_bucket(Bucket="personalize-pipeline-inputbucket-example")
        boto3.client("glue").create_job(Name="prepare", Role="glue", Command={"Name": "glueetl"})
        yield
        for make in makers:
            make.cache_clear()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_accepts_its_sample_event(function, aws, monkeypatch):
    # Personalize itself is in tests/integration; here it has whatever is asked for.
    def there(self):
        shown = {**self.wanted(), "status": "ACTIVE", "creationDateTime": self.context.started_at}
        return Found.of(self.arn, shown)

    monkeypatch.setattr(Resource, "find", there)
    monkeypatch.setattr(Resource, "_tags_of", lambda self, _: self.want.get("tags", []))
    for resource in (*Resource.__subclasses__(), *JobOnFiles.__subclasses__()):
        monkeypatch.setattr(resource, "details", lambda self, found: None)

    # Nor is there a dataset group to delete.
    monkeypatch.setattr(deletion_plan, "_exists", lambda *_: False)
    monkeypatch.setenv("PERSONALIZE_ROLE_ARN", "arn:aws:iam::123456789012:role/personalize")
    monkeypatch.setattr(promotion, "_campaign", lambda *_: None)
    monkeypatch.setattr(promotion, "_value", lambda *_: 0.2)
    monkeypatch.setattr(smoke_test, "_answered", lambda *_: ["318"])
    monkeypatch.setattr(plan, "beside", lambda *_: ())

    answer = app(function).handler(event(function), LAMBDA)

    json.dumps(answer)
    match function:
        case "start":
            assert answer == {"started": ["movies-params-" + answer["started"][0][-12:]], "known": []}
        case "read_params":  # the bucket is empty: the answer says so
            assert answer["failed"]["error"] == "ParamsInvalid"
            assert "movies/params.json does not exist" in answer["failed"]["reason"]
        case "notify":
            assert answer["subject"] == "Succeeded: movies"
        case "deletion_plan":
            assert answer == {"stages": [], "notes": [], "known": {"schemas": [], "locations": []}}
        case "watch":
            assert (answer["IdleCampaigns"], answer["findings"]) == (0, [])
        case "plan":
            assert {entry["action"] for entry in answer["entries"]} == {"keep"}
        case "best_version":
            assert answer["arn"] == event(function)["candidates"][0]["arn"]
        case _:
            assert answer["done"] is True


def test_importing_all_functions_calls_nothing_and_needs_no_settings():
    code = f"""
import importlib.util, socket
def refuse(*_): raise AssertionError("a call at import time")
socket.socket.connect = refuse
for function in {FUNCTIONS!r}:
    spec = importlib.util.spec_from_file_location(function, f"functions/{{function}}/app.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={"PATH": ""})
