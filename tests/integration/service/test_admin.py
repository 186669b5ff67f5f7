"""`/_local/`: faults on request, the clock, and the requests seen, as a user meets them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.admin_api import ask
from tests.support.world import ARN, eventually, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.local_server import LocalServer


@pytest.fixture
def server(local: LocalServer) -> Iterator[LocalServer]:
    yield local
    ask(local, "POST", "reset")


def refusal(server: LocalServer, method: str, path: str, document: Any = None) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(server, method, path, document)
    with error.value:
        return error.value.code, json.load(error.value)["message"]


def test_the_list_names_everything_that_answers(server: LocalServer) -> None:
    listed = ask(server, "GET", "")["requests"]
    paths = {(one["method"], one["path"]) for one in listed}
    assert {("GET", "/_local/"), ("POST", "/_local/faults"), ("POST", "/_local/clock")} <= paths
    for method, path in paths:
        if method == "GET":
            assert ask(server, "GET", path.removeprefix("/_local/"))
    code, message = refusal(server, "GET", "weather")
    assert code == 404
    assert "GET /_local/clock" in message


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({}, 'Give {"resourceType"'),
        ([], 'Give {"resourceType"'),
        ({"resourceType": "campain", "reason": "x"}, "Did you mean 'campaign'?"),
        ({"resourceType": "campaign"}, "reason: must be a text"),
        ({"operation": "CreateSolutions"}, "Did you mean 'CreateSolution'?"),
        ({"operation": "CreateSolution", "time": 2}, "time: unknown key. Did you mean 'times'?"),
        ({"operation": "CreateSolution", "times": "two", "code": 3}, "times: must be a whole number. code:"),
        ({"operation": "CreateSolution", "times": 0}, "times: 0 must be at least 1"),
        ({"operation": "CreateSolution", "delaySeconds": 1, "code": "X"}, "does not go with delaySeconds"),
        ({"operation": "CreateSolution", "delaySeconds": -1}, "must be more than 0"),
        ({"operation": "CreateSolution", "retryAfter": -1}, "retryAfter: -1"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_is_wrong(
    server: LocalServer, document: Any, text: str
) -> None:
    code, message = refusal(server, "POST", "faults", document)
    assert code == 400
    assert text in message
    assert ask(server, "GET", "faults") == {"failures": [], "throttles": [], "delays": []}


def test_what_is_no_json_is_refused(server: LocalServer) -> None:
    request = urllib.request.Request(f"{server.url}/_local/faults", b"{", method="POST")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    with error.value:
        assert "not JSON" in json.load(error.value)["message"]


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("InternalServerException", 500), ("Odd", 400)]
)
def test_an_operation_fails_as_often_as_asked_and_says_when_to_come_back(
    server: LocalServer, code: str, status: int
) -> None:
    ask(server, "POST", "faults", {"operation": "ListFilters", "code": code, "retryAfter": 7})
    before = len(ask(server, "GET", "requests?operation=ListFilters")["requests"])
    with pytest.raises(ClientError) as error:
        server.impatient("personalize").list_filters()
    answer = error.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"
    assert server.personalize.list_filters()["Filters"] == []
    assert len(ask(server, "GET", "requests?operation=ListFilters")["requests"]) == before + 2


def test_a_delay_holds_up_its_call_and_no_other(server: LocalServer) -> None:
    ask(server, "POST", "faults", {"operation": "ListFilters", "delaySeconds": 0.5})
    began = time.monotonic()
    server.personalize.list_schemas()
    server.personalize.list_filters()
    assert time.monotonic() - began >= 0.5
    assert ask(server, "GET", "faults")["delays"] == []


def test_a_stopped_clock_holds_resources_where_they_are(start_local: Callable[..., LocalServer]) -> None:
    server = start_local("--durations", "realistic")
    stopped = ask(server, "POST", "clock", {"running": False})
    assert stopped["running"] is False
    arn = server.personalize.create_dataset_group(name="slow")["datasetGroupArn"]

    def status() -> str:
        found: str = server.personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"]
        return found

    assert status() == "CREATE PENDING"
    ask(server, "POST", "clock", {"advanceSeconds": 13})
    eventually(lambda: status() == "CREATE IN_PROGRESS")
    assert ask(server, "GET", "clock")["seconds"] == stopped["seconds"] + 13
    ask(server, "POST", "clock", {"advanceSeconds": 61, "running": True})
    eventually(lambda: status() == "ACTIVE")
    assert ask(server, "GET", "clock")["running"] is True


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({}, "Give"),
        ({"stop": True}, "Give"),
        ({"running": 1}, "true or false"),
        ({"advanceSeconds": -1}, "never goes back"),
        ({"advanceSeconds": "1 day"}, "must be a number"),
    ],
)
def test_time_does_not_go_back(server: LocalServer, document: Any, text: str) -> None:
    code, message = refusal(server, "POST", "clock", document)
    assert (code, text in message) == (400, True)


def test_requests_are_listed_without_what_they_carry(server: LocalServer) -> None:
    ask(server, "DELETE", "requests")
    with refused("ResourceNotFoundException"):
        server.runtime.get_recommendations(
            campaignArn=f"{ARN}campaign/none", userId="alice", filterValues={"SECRET": "x"}
        )
    server.personalize.list_schemas()
    first, second = ask(server, "GET", "requests")["requests"]
    assert first["operation"] == "GetRecommendations"
    assert (first["status"], first["error"]) == (404, "ResourceNotFoundException")
    assert first["names"] == {"campaignArn": f"{ARN}campaign/none"}
    assert "alice" not in json.dumps(first)
    assert (second["status"], second["error"]) == (200, None)
    assert ask(server, "GET", f"requests?after={first['id']}")["requests"] == [second]
    assert refusal(server, "GET", "requests?after=x")[0] == 400


def test_reset_forgets_faults_and_requests_and_starts_the_clock(server: LocalServer) -> None:
    ask(server, "POST", "faults", {"resourceType": "Campaign", "reason": "bad luck"})
    ask(server, "POST", "clock", {"running": False})
    found = ask(server, "POST", "reset")
    assert found["failures"] == []
    assert found["running"] is True
    assert ask(server, "GET", "requests")["requests"] == []


def test_pages_of_other_sites_are_refused(server: LocalServer) -> None:
    request = urllib.request.Request(
        f"{server.url}/_local/reset", b"{}", {"Origin": "https://elsewhere.example"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    with error.value:
        assert error.value.code == 403
