"""Every operation of botocore's three models, through boto3, and the rules that only the server checks."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.local_server import ACCOUNT, REGION, assert_declared

from personalize_local.api import operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer

ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
EVERY = [
    (service, name) for service in operations.SERVICES for name in operations.model(service).operation_names
]


def sample(shape: Any, path: str = "") -> Any:
    """A value that the model accepts: the required members, each with the least that its rules allow."""
    match shape.type_name:
        case "structure":
            return {name: sample(shape.members[name], name) for name in shape.required_members}
        case "list":
            return [sample(shape.member, path) for _ in range(max(1, shape.metadata.get("min", 0)))]
        case "map":
            return {"KEY": sample(shape.value, path)}
        case "string":
            return _text(shape, path)
        case "integer" | "float" | "double":
            return shape.metadata.get("min", 1)
        case "timestamp":
            return 1_769_860_800
        case _:
            return False


def _text(shape: Any, path: str) -> str:
    if shape.enum:
        return str(shape.enum[0])
    if path == "roleArn":
        return f"arn:aws:iam::{ACCOUNT}:role/data"
    if path.endswith("Arn"):
        return f"{ARN}:{path.removesuffix('Arn').lower()}/none"
    return {"path": "s3://bucket/folder/", "datasetType": "Interactions"}.get(path, "value")


@pytest.mark.parametrize(("service", "name"), EVERY, ids=[f"{s}-{n}" for s, n in EVERY])
def test_an_operation_answers_or_refuses_as_its_model_says(
    local: LocalServer, service: str, name: str
) -> None:
    """`LocalServer.client` sees to it that an answer has the declared shape."""
    declared = operations.model(service).operation_model(name)
    call = getattr(local.client(service), operations.operation(service, name).method)

    refusal = outcome(call, **sample(declared.input_shape))

    if refusal and "not supported by Personalize Local yet" in refusal["Message"]:
        assert refusal["Message"].startswith(name)
    if refusal:
        assert refusal["Code"] in {shape.name for shape in declared.error_shapes}
        assert refusal["Message"]


def outcome(call: Callable[..., Any], **params: Any) -> dict[str, Any] | None:
    """The error of the answer, or None."""
    try:
        answer = call(**params)
    except ClientError as error:
        return dict(error.response["Error"])
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    return None


@pytest.mark.parametrize(("service", "name"), EVERY, ids=[f"{s}-{n}" for s, n in EVERY])
def test_nothing_at_all_is_a_validation_error_or_an_answer(
    local: LocalServer, unchecked: Callable[[str], Any], service: str, name: str
) -> None:
    declared = operations.model(service).operation_model(name)
    assert declared.input_shape is not None
    required = declared.input_shape.required_members

    refusal = outcome(getattr(unchecked(service), operations.operation(service, name).method))

    if required:
        assert refusal is not None
        plural = "s" if len(required) > 1 else ""
        assert refusal["Message"].startswith(f"{len(required)} validation error{plural} detected: ")
        assert all(f"Value null at '{member}' failed" in refusal["Message"] for member in required)
    assert refusal is None or refusal["Code"] == "InvalidInputException"


@pytest.fixture(scope="module")
def unchecked(local: LocalServer) -> Callable[..., Any]:
    """Clients that send what they are given: the server has to check it."""

    @functools.cache
    def client(service: str, **more: Any) -> Any:
        config = Config(parameter_validation=False, retries={"max_attempts": 1}, **more)
        made = boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=local.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )
        made.meta.events.register("after-call", assert_declared)
        return made

    return client


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("operation", "params", "place", "rule"),
    [
        pytest.param(
            "create_schema", {"name": "-", "schema": "{}"}, "name", "regular expression", id="pattern"
        ),
        pytest.param(
            "create_schema", {"name": "ok\n", "schema": "{}"}, "name", "regular", id="whole pattern"
        ),
        pytest.param(
            "create_schema", {"name": "x" * 64, "schema": "{}"}, "name", "less than or equal to 63", id="max"
        ),
        pytest.param(
            "create_schema",
            {"name": "a", "schema": "x" * 20_001},
            "schema",
            "less than or equal to 20000",
            id="long",
        ),
        pytest.param(
            "create_schema",
            {"name": "a", "schema": "{}", "domain": "ART"},
            "domain",
            "enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]",
            id="enum",
        ),
        pytest.param(
            "list_schemas", {"maxResults": 101}, "maxResults", "value less than or equal to 100", id="range"
        ),
        pytest.param(
            "list_schemas", {"maxResults": 0}, "maxResults", "value greater than or equal to 1", id="zero"
        ),
        pytest.param("describe_schema", {"schemaArn": "arn:aws:s3:::b"}, "schemaArn", "regular", id="arn"),
        pytest.param(
            "tag_resource",
            {
                "resourceArn": f"{ARN}:campaign/c",
                "tags": [{"tagKey": "a", "tagValue": "b"}, {"tagKey": "#", "tagValue": ""}],
            },
            "tags.2.member.tagKey",
            "regular",
            id="inside a list",
        ),
        pytest.param(
            "create_dataset_import_job",
            {
                "jobName": "j",
                "datasetArn": f"{ARN}:dataset/g/ITEMS",
                "dataSource": {"dataLocation": "ftp://x"},
            },
            "dataSource.dataLocation",
            "regular",
            id="nested",
        ),
    ],
)
def test_the_server_validates_what_clients_do_not(
    unchecked: Callable[[str], Any], operation: str, params: dict[str, Any], place: str, rule: str
) -> None:
    code, message = refused(getattr(unchecked("personalize"), operation), **params)

    assert code == "InvalidInputException"
    assert message.startswith("1 validation error detected: Value ")
    assert f"at '{place}' failed to satisfy constraint: Member must " in message
    assert rule in message


def test_an_unsigned_request_is_refused(unchecked: Callable[..., Any]) -> None:
    assert refused(unchecked("personalize", signature_version=UNSIGNED).list_schemas) == (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )
