"""The command `personalize-local`: starting, answering, stopping."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer


def test_an_sdk_gets_an_answer(local: LocalServer) -> None:
    assert local.personalize.list_dataset_groups()["datasetGroups"] == []


def test_it_says_what_does_not_exist(local: LocalServer) -> None:
    with pytest.raises(ClientError) as error:
        local.personalize.describe_dataset_group(
            datasetGroupArn="arn:aws:personalize:us-east-1:000000000000:dataset-group/none"
        )
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_it_is_healthy(local: LocalServer) -> None:
    with urllib.request.urlopen(f"{local.url}/_local/health") as answer:
        assert json.load(answer)["status"] == "ok"


def test_a_client_is_who_connects_whatever_it_says(local: LocalServer) -> None:
    request = urllib.request.Request(f"{local.url}/_local/health", headers={"X-Forwarded-For": "203.0.113.9"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["status"] == "ok"


@pytest.mark.parametrize("path", ["/_local/health", "/recommendations"])
def test_another_host_name_is_refused(local: LocalServer, path: str) -> None:
    request = urllib.request.Request(f"{local.url}{path}", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    assert error.value.code == 403


def test_it_stops_cleanly_and_keeps_what_it_knew(start_local: Callable[[], LocalServer]) -> None:
    server = start_local()
    server.personalize.create_schema(name="kept", schema=json.dumps(INTERACTIONS))

    status = server.stop()
    server.start()

    assert status == 0
    assert [schema["name"] for schema in server.personalize.list_schemas()["schemas"]] == ["kept"]


def test_it_keeps_what_it_acknowledged_when_it_is_killed(start_local: Callable[[], LocalServer]) -> None:
    server = start_local()
    server.personalize.create_schema(name="kept", schema=json.dumps(INTERACTIONS))

    server.stop(kill=True)
    server.start()

    assert [schema["name"] for schema in server.personalize.list_schemas()["schemas"]] == ["kept"]


INTERACTIONS = {
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
