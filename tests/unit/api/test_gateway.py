"""Both protocols, and the errors of the front, with a service that only remembers what it was asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.api import operations
from personalize_local.api.gateway import Answer, Call, Gateway
from personalize_local.aws.sigv4 import Signature, SignatureProblem, SignedRequest
from personalize_local.service.errors import ResourceNotFoundException
from personalize_local.service.faults import Faults

SCOPE = "20260131/us-east-1/personalize/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=AKID/{SCOPE}, SignedHeaders=host, Signature=0"
ARN = "arn:aws:personalize:us-east-1:000000000000:schema/movies"
BROKEN = "1 validation error detected: Value {} at '{}' failed to satisfy constraint: Member must {}"
NO_SCHEMA_ARN = BROKEN.format("null", "schemaArn", "not be null")
NEGATIVE = BROKEN.format("'-1'", "numResults", "have value greater than or equal to 0")
CAMPAIGN = "arn:aws:personalize:us-east-1:000000000000:campaign/movies"


class RecordingService:
    """Answers three operations."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.warm = True

    def describe_schema(self, **params: Any) -> dict[str, Any]:
        self.asked.append(("describe_schema", params))
        if params["schemaArn"] != ARN:
            raise ResourceNotFoundException.of(params["schemaArn"])
        return {"schema": {"name": "movies", "creationDateTime": datetime(2026, 1, 31, tzinfo=UTC)}}

    def get_recommendations(self, **params: Any) -> dict[str, Any]:
        self.asked.append(("get_recommendations", params))
        if params.get("campaignArn") != CAMPAIGN:
            raise ResourceNotFoundException.of(params["campaignArn"])
        return {"itemList": [{"itemId": "ü", "score": 0.5}], "recommendationId": "RID-1"}

    def put_events(self, **params: Any) -> None:
        self.asked.append(("put_events", params))

    def delete_schema(self, **_: Any) -> None:
        raise ZeroDivisionError

    def answers_at_once(self, method: str, params: dict[str, Any]) -> bool:
        assert method == "get_recommendations"
        return self.warm


class Bouncer:
    """Knows one caller, who may describe schemas."""

    def admit(self, signature: Signature, request: SignedRequest) -> str:
        if signature.access_key != "AKID":
            raise SignatureProblem("UnrecognizedClientException", "Nobody knows you.")
        return "arn:aws:iam::000000000000:user/ada"

    def authorize(self, caller: str, operation: str, params: dict[str, Any]) -> None:
        if operation != "DescribeSchema":
            raise PermissionError(f"User: {caller} is not authorized to perform: personalize:{operation}")

    def remembers(self, signature: Signature, operation: str, params: dict[str, Any]) -> bool:
        return True


def json_request(operation: str, body: bytes | dict[str, Any], **changes: Any) -> SignedRequest:
    headers = {
        "x-amz-target": f"AmazonPersonalize.{operation}",
        "content-type": "application/x-amz-json-1.1",
        "authorization": AUTHORIZATION,
        **changes.pop("headers", {}),
    }
    return _request("/", headers, body, **changes)


def rest_request(path: str, body: bytes | dict[str, Any], **changes: Any) -> SignedRequest:
    headers = {
        "content-type": "application/json",
        "authorization": AUTHORIZATION,
        **changes.pop("headers", {}),
    }
    return _request(path, headers, body, **changes)


def _request(
    path: str, headers: dict[str, str], body: bytes | dict[str, Any], method: str = "POST"
) -> SignedRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SignedRequest(method, path, "", {n: v for n, v in headers.items() if v is not None}, content)


def ask(request: SignedRequest, service: RecordingService | None = None, guard: Any = None) -> Answer:
    call = Gateway(service or RecordingService(), guard).prepare(request)
    return call if isinstance(call, Answer) else call.run()


def error_of(answer: Answer) -> tuple[int, str, str]:
    """Status, type and message; the type is in the header of every error."""
    document = json.loads(answer.body)
    kind = dict(answer.headers)[b"x-amzn-errortype"].decode()
    assert document.get("__type", kind) == kind
    return answer.status, kind, document["message"]


def test_a_json_answer() -> None:
    answer = ask(json_request("DescribeSchema", {"schemaArn": ARN}))

    headers = dict(answer.headers)
    assert answer.status == 200
    assert json.loads(answer.body) == {"schema": {"name": "movies", "creationDateTime": 1769817600.0}}
    assert headers[b"content-type"] == b"application/x-amz-json-1.1"
    assert len(headers[b"x-amzn-requestid"]) == 36
    assert int(headers[b"content-length"]) == len(answer.body)


def test_a_rest_answer() -> None:
    answer = ask(rest_request("/recommendations", {"campaignArn": CAMPAIGN}))

    assert dict(answer.headers)[b"content-type"] == b"application/json"
    assert answer.body == '{"itemList":[{"itemId":"ü","score":0.5}],"recommendationId":"RID-1"}'.encode()


def test_events_are_answered_with_nothing() -> None:
    service = RecordingService()
    event = {"eventType": "click", "sentAt": 1769817600.5, "itemId": "1"}

    answer = ask(
        rest_request("/events", {"trackingId": "t", "sessionId": "s", "eventList": [event]}), service
    )

    assert (answer.status, answer.body) == (200, b"")
    assert service.asked[0][1]["eventList"] == [
        {"eventType": "click", "sentAt": datetime(2026, 1, 31, 0, 0, 0, 500_000, UTC), "itemId": "1"}
    ]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            json_request("DescribeSchema", {"schemaArn": ARN + "x"}),
            (400, "ResourceNotFoundException", f"Resource Arn {ARN}x does not exist."),
            id="json: not found",
        ),
        pytest.param(
            rest_request("/recommendations", {"campaignArn": ARN}),
            (404, "ResourceNotFoundException", f"Resource Arn {ARN} does not exist."),
            id="rest: not found",
        ),
        pytest.param(
            json_request("DescribeSchema", {}),
            (400, "InvalidInputException", NO_SCHEMA_ARN),
            id="json: missing",
        ),
        pytest.param(
            json_request("DescribeSchema", b""),
            (400, "InvalidInputException", NO_SCHEMA_ARN),
            id="json: no body",
        ),
        pytest.param(
            rest_request("/recommendations", {"numResults": -1}),
            (400, "InvalidInputException", NEGATIVE),
            id="rest: range",
        ),
        pytest.param(
            json_request("DescribeSchema", {"schemaArn": 5}),
            (400, "SerializationException", "schemaArn: NUMBER_VALUE can not be converted to a String"),
            id="json: type",
        ),
        pytest.param(
            json_request("DescribeSchema", b"[]"),
            (400, "SerializationException", "The body must be a JSON object."),
            id="json: not an object",
        ),
        pytest.param(
            json_request(
                "CreateBatchInferenceJob",
                {
                    "jobName": "j",
                    "solutionVersionArn": ARN,
                    "roleArn": "arn:aws:iam::000000000000:role/r",
                    "jobInput": {"s3DataSource": {"path": "s3://b/i"}},
                    "jobOutput": {"s3DataDestination": {"path": "s3://b/o"}},
                },
            ),
            (
                400,
                "InvalidInputException",
                "CreateBatchInferenceJob is not supported by Personalize Local yet.",
            ),
            id="json: not there yet",
        ),
        pytest.param(
            rest_request("/action-recommendations", {}),
            (
                400,
                "InvalidInputException",
                "GetActionRecommendations is not supported by Personalize Local yet.",
            ),
            id="rest: not there yet",
        ),
        pytest.param(
            json_request("BuyEverything", {}),
            (
                404,
                "UnknownOperationException",
                "'AmazonPersonalize.BuyEverything' in X-Amz-Target is no operation of personalize.",
            ),
            id="json: no such operation",
        ),
        pytest.param(
            json_request("DescribeSchema", {}, headers={"content-type": "text/plain"}),
            (
                404,
                "UnknownOperationException",
                "Content-Type must be application/x-amz-json-1.1, not 'text/plain'.",
            ),
            id="json: content type",
        ),
        pytest.param(
            json_request("DescribeSchema", {}, method="GET"),
            (
                404,
                "UnknownOperationException",
                "Operations of personalize are called by POST /, not by GET /.",
            ),
            id="json: method",
        ),
        pytest.param(
            rest_request("/", {}),
            (404, "UnknownOperationException", "X-Amz-Target is missing."),
            id="json: no target",
        ),
        pytest.param(
            rest_request("/none", {}),
            (
                404,
                "UnknownOperationException",
                "POST /none is no operation of personalize-runtime or personalize-events.",
            ),
            id="rest: path",
        ),
        pytest.param(
            rest_request("/recommendations", {}, headers={"content-type": "text/plain"}),
            (415, "UnsupportedMediaTypeException", "Content-Type must be application/json, not text/plain."),
            id="rest: content type",
        ),
        pytest.param(
            json_request("DescribeSchema", {}, headers={"authorization": None}),
            (400, "MissingAuthenticationTokenException", "Missing Authentication Token"),
            id="json: not signed",
        ),
        pytest.param(
            rest_request("/recommendations", {}, headers={"authorization": None}),
            (403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
            id="rest: not signed",
        ),
    ],
)
def test_an_error_has_its_type_status_and_text(
    request_: SignedRequest, expected: tuple[int, str, str]
) -> None:
    assert error_of(ask(request_)) == expected


def test_a_content_type_may_have_a_charset() -> None:
    headers = {"content-type": "application/x-amz-json-1.1; charset=utf-8"}

    assert ask(json_request("DescribeSchema", {"schemaArn": ARN}, headers=headers)).status == 200


def test_a_bug_is_an_internal_failure_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    status, kind, message = error_of(ask(json_request("DeleteSchema", {"schemaArn": ARN})))

    assert (status, kind) == (500, "InternalFailure")
    assert "DeleteSchema" in message
    assert "ZeroDivisionError" in caplog.text


def test_a_throttle_that_was_asked_for_happens_once() -> None:
    service = RecordingService()
    service.faults.throttle_next("DescribeSchema", 1, "ThrottlingException")
    request = json_request("DescribeSchema", {"schemaArn": ARN})

    assert error_of(ask(request, service))[:2] == (400, "ThrottlingException")
    assert ask(request, service).status == 200


def test_an_outage_that_was_asked_for_has_its_status() -> None:
    service = RecordingService()
    service.faults.throttle_next("DescribeSchema", 1, "ServiceUnavailableException")

    assert error_of(ask(json_request("DescribeSchema", {"schemaArn": ARN}), service))[0] == 503


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            json_request("DeleteSchema", {"schemaArn": ARN}), (400, "AccessDeniedException"), id="json"
        ),
        pytest.param(rest_request("/recommendations", {}), (403, "AccessDeniedException"), id="rest"),
        pytest.param(
            json_request("DeleteSchema", {}), (400, "AccessDeniedException"), id="rights before values"
        ),
        pytest.param(
            json_request("DeleteSchema", {"schemaArn": 1}),
            (400, "SerializationException"),
            id="types before rights",
        ),
        pytest.param(
            json_request("DescribeSchema", {}), (400, "InvalidInputException"), id="allowed, but incomplete"
        ),
        pytest.param(
            json_request(
                "DescribeSchema", {}, headers={"authorization": AUTHORIZATION.replace("AKID", "OTHER")}
            ),
            (400, "UnrecognizedClientException"),
            id="stranger",
        ),
    ],
)
def test_a_guard_decides_in_the_order_of_aws(request_: SignedRequest, expected: tuple[int, str]) -> None:
    assert error_of(ask(request_, guard=Bouncer()))[:2] == expected


def test_only_warm_questions_are_answered_in_the_event_loop() -> None:
    service = RecordingService()
    gateway = Gateway(service)

    def at_once(request: SignedRequest) -> bool:
        call = gateway.prepare(request)
        assert isinstance(call, Call)
        return call.at_once()

    question = rest_request("/recommendations", {"campaignArn": CAMPAIGN})
    assert at_once(question)
    assert not at_once(json_request("DescribeSchema", {"schemaArn": ARN}))
    assert not at_once(rest_request("/recommendations", {"numResults": -1}))
    service.warm = False
    assert not at_once(question)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
SHAPES = [
    operations.model(service).operation_model(name).input_shape
    for service in operations.SERVICES
    for name in operations.model(service).operation_names
]
MEMBERS = st.sampled_from(sorted({member for shape in SHAPES if shape for member in shape.members}))
TARGETS = st.sampled_from(sorted(operations.targets().values()))
PATHS = st.sampled_from(sorted(path for _, path in operations.routes()))


@given(TARGETS, st.binary())
def test_arbitrary_bytes_are_never_a_500(operation: str, body: bytes) -> None:
    assert ask(json_request(operation, body)).status < 500


@given(TARGETS | PATHS, st.dictionaries(MEMBERS, JSON))
def test_arbitrary_values_of_known_members_are_never_a_500(where: str, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    request = rest_request(where, body) if where.startswith("/") else json_request(where, body)
    call = Gateway(object()).prepare(request)

    if isinstance(call, Answer):
        assert call.status < 500
    elif call.problems.constraints:
        assert call.problems.validation_message().encode()


@given(st.text(), st.text(), st.text(), st.text())
def test_arbitrary_headers_are_never_a_500(
    path: str, target: str, media_type: str, authorization: str
) -> None:
    headers = {"x-amz-target": target, "content-type": media_type, "authorization": authorization}

    assert ask(SignedRequest("POST", path, "", headers, b"{}")).status < 500


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"schemaArn": ' + b"9" * 5_000 + b"}", id="long number"),
        pytest.param(b'{"schemaArn": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"schemaArn": NaN}', id="NaN"),
        pytest.param(b'\xff\xfe{"a": 1}', id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{", id="byte order mark"),
    ],
)
def test_strange_json_is_refused(body: bytes) -> None:
    assert error_of(ask(json_request("DescribeSchema", body)))[:2] == (400, "SerializationException")


@pytest.mark.parametrize("service", operations.SERVICES)
def test_every_operation_that_is_not_there_says_so_by_name(service: str) -> None:
    gateway = Gateway(type("Nothing", (), {"faults": Faults()})())
    for name in operations.model(service).operation_names:
        operation = operations.operation(service, name)
        call = Call(
            gateway,
            operation,
            json_request(name, b""),
            Signature("", "", "", "", (), ""),
            {},
            operation.read({})[1],
        )
        call.problems.constraints.clear()

        assert error_of(call.run()) == (
            400,
            "InvalidInputException",
            f"{name} is not supported by Personalize Local yet.",
        )
