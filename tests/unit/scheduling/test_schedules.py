"""The function that keeps schedules in step, against moto's Scheduler."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from personalize_pipeline import clients
from personalize_pipeline.errors import PermissionMissing, QuotaExceeded, ResourceFailed
from personalize_pipeline.scheduling.schedules import schedules

GROUP = "stack"
PIPELINE = "arn:aws:states:us-east-1:123456789012:stateMachine:stack-pipeline"
START = "arn:aws:lambda:us-east-1:123456789012:function:stack-StartFunction"
RUN = {
    "id": "run",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:stack-pipeline:run",
    "stateMachine": PIPELINE,
    "startTime": "2026-11-20T09:02:00.000Z",
}
WEEKLY = {
    "kind": "retrain",
    "number": 0,
    "expression": "cron(0 3 ? * SUN *)",
    "timezone": "UTC",
    "state": "ENABLED",
}
DAILY = WEEKLY | {"kind": "import", "expression": "rate(1 day)"}


@pytest.fixture
def environment(monkeypatch):
    settings = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "SCHEDULE_GROUP": GROUP,
        "START_FUNCTION_ARN": START,
        "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
        "DEAD_LETTERS_ARN": "arn:aws:sqs:us-east-1:123456789012:dead",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def client(environment, monkeypatch):
    with mock_aws():
        made = boto3.client("scheduler")
        made.create_schedule_group(Name=GROUP)
        monkeypatch.setattr(clients, "scheduler", lambda: made)
        yield made


def run(*wanted: dict[str, Any], key: str = "movies/params.json", group: str = "movies") -> dict[str, Any]:
    want = {"name": group, "bucket": "input", "key": key, "schedules": list(wanted)}
    return schedules({"want": want, "context": {"run": RUN, "startedAt": "2026-11-20T09:02:00.000Z"}})


def there(client) -> dict[str, Any]:
    names = [one["Name"] for one in client.list_schedules(GroupName=GROUP)["Schedules"]]
    return {name: client.get_schedule(GroupName=GROUP, Name=name) for name in names}


def test_what_is_asked_for_is_made_once(client):
    first, second = run(WEEKLY, DAILY), run(WEEKLY, DAILY)

    assert (first["done"], first["did"], second["did"]) == (True, "created", "reused")
    assert first["arn"] == "arn:aws:scheduler:us-east-1:123456789012:schedule-group/stack"
    shown = {one["kind"]: one for one in first["details"]["schedules"]}
    assert datetime.fromisoformat(shown["retrain"]["next"]).isoweekday() == 7
    assert len(there(client)) == 2
    [weekly] = [one for name, one in there(client).items() if "-retrain-" in name]
    assert weekly["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert weekly["ActionAfterCompletion"] == "NONE"
    assert weekly["Target"]["Arn"] == START
    told = json.loads(weekly["Target"]["Input"])["scheduled"]
    assert (told["schedule"], told["time"]) == (weekly["Name"], "<aws.scheduler.scheduled-time>")


def test_a_schedule_that_somebody_pointed_elsewhere_is_brought_back(client):
    run(WEEKLY)
    [made] = there(client).values()
    arguments = {
        key: value
        for key, value in made.items()
        if key not in {"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"}
    }
    client.update_schedule(**arguments | {"Target": made["Target"] | {"Arn": PIPELINE}})

    assert run(WEEKLY)["did"] == "updated"
    assert [one["Target"] for one in there(client).values()] == [made["Target"]]
    assert run(WEEKLY)["did"] == "reused"


@pytest.mark.parametrize(
    "change",
    [
        {"expression": "cron(0 4 ? * SUN *)"},
        {"timezone": "Europe/Berlin"},
        {"state": "DISABLED"},
        {"startDate": "2099-01-01T00:00:00Z"},
        {"options": {"trainingMode": "FULL"}},
    ],
    ids=str,
)
def test_a_change_in_the_file_is_a_change_of_the_schedule_and_back(client, change: dict[str, Any]):
    run(WEEKLY)
    assert run(WEEKLY | change)["did"] == "updated"
    assert run(WEEKLY | change)["did"] == "reused"
    [changed] = there(client).values()
    if "options" in change:
        assert json.loads(changed["Target"]["Input"])["scheduled"]["trainingMode"] == "FULL"
    assert run(WEEKLY)["did"] == "updated"
    assert run(WEEKLY)["did"] == "reused"


def test_an_end_is_given_on(client):
    """Not compared again: moto forgets ActionAfterCompletion when it updates."""
    run(WEEKLY)
    assert run(WEEKLY | {"endDate": "2099-01-01T00:00:00Z"})["did"] == "updated"
    [changed] = there(client).values()
    assert changed["EndDate"] == datetime(2099, 1, 1, tzinfo=UTC)


def test_what_is_not_asked_for_any_more_goes_but_nothing_of_others(client):
    run(WEEKLY, DAILY)
    run(WEEKLY, key="other/params.json")
    run(WEEKLY, group="movies-2")

    step = run()

    assert step["did"] == "updated"
    assert [one["did"] for one in step["details"]["schedules"]] == ["deleted", "deleted"]
    assert len(there(client)) == 2
    assert run()["did"] == "reused"


def test_a_rate_begins_an_interval_later_and_keeps_its_beat(client):
    run(DAILY)
    [made] = there(client).values()
    start = made["StartDate"]
    assert timedelta(hours=23) < start - datetime.now(UTC) <= timedelta(days=1)
    assert run(DAILY | {"state": "DISABLED"})["did"] == "updated"
    assert [one["StartDate"] for one in there(client).values()] == [start]
    begin = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    assert run(DAILY | {"startDate": begin.isoformat()})["did"] == "updated"
    assert [one["StartDate"] for one in there(client).values()] == [begin]
    assert run(DAILY | {"startDate": begin.isoformat()})["did"] == "reused"
    assert run(DAILY)["did"] == "updated"  # not only in three days


def test_once_goes_when_it_has_been(client):
    run(WEEKLY | {"expression": "at(2099-01-01T00:00:00)"})
    [once] = there(client).values()
    assert once["ActionAfterCompletion"] == "DELETE"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ValidationException", ResourceFailed),
        ("ServiceQuotaExceededException", QuotaExceeded),
        ("AccessDeniedException", PermissionMissing),
    ],
)
def test_what_scheduler_refuses_fails_with_its_words(
    environment, monkeypatch, code: str, error: type[Exception]
):
    made = boto3.client("scheduler", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(clients, "scheduler", lambda: made)
    with Stubber(made) as stub:
        stub.add_client_error("list_schedules", code, "its words")
        with pytest.raises(error, match="its words"):
            run(WEEKLY)


@pytest.mark.parametrize("code", ["ThrottlingException", "ConflictException"])
def test_what_passes_is_waited_for(environment, monkeypatch, code: str):
    made = boto3.client("scheduler", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(clients, "scheduler", lambda: made)
    with Stubber(made) as stub:
        stub.add_client_error("list_schedules", code, "not now")
        step = run(WEEKLY)
    assert step["done"] is False
    assert "not now" in step["reason"]
    assert step["waitSeconds"] >= 1
