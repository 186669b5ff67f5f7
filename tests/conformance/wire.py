"""Raw HTTP to a Personalize Local, and what every answer of it must be like."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.parsers
from botocore.validate import ParamValidator

from personalize_local.api.operations import model

# A request that is never answered fails here. Trainings run beside, on the same two processors.
PATIENCE = 60.0
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/personalize/aws4_request,"
    " SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)
# What the front of an AWS service says before the service is asked; and InvalidInputException, which
# Personalize says of values also where an operation's model does not list it (ListSchemas).
COMMON = {
    "SerializationException",
    "UnknownOperationException",
    "UnsupportedMediaTypeException",
    "RequestEntityTooLargeException",
    "MissingAuthenticationTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "AccessDeniedException",
    "ThrottlingException",
    "InvalidInputException",
}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The type of the error, "" if it is none."""
        return self.headers.get("x-amzn-errortype", "") if self.status >= 300 else ""


class Wire:
    """A connection that is kept, as SDKs do."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._connection: http.client.HTTPConnection | None = None

    def call(self, service: str, name: str, document: Any, **headers: str) -> Reply:
        """Send a document to an operation."""
        return self.send(service, name, json.dumps(document).encode(), **headers)

    def send(self, service: str, name: str, body: bytes, **headers: str) -> Reply:
        """Send any bytes to an operation."""
        declared = model(service).operation_model(name)
        sent = {"Authorization": SIGNATURE, "X-Amz-Date": "20260131T120000Z"}
        if model(service).metadata["protocol"] == "json":
            sent["X-Amz-Target"] = f"{model(service).metadata['targetPrefix']}.{name}"
            sent["Content-Type"] = "application/x-amz-json-1.1"
        else:
            sent["Content-Type"] = "application/json"
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return self.request(declared.http["method"], declared.http["requestUri"], body, sent)

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send any request; a connection that the server has closed is opened again."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                str(self._address.hostname), self._address.port, timeout=PATIENCE
            )
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            found = {key.lower(): value for key, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        except (http.client.HTTPException, ConnectionError):
            self.close()
            raise

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def assert_conforms(reply: Reply, service: str, name: str) -> None:
    """An answer of the declared shape, or an error that an SDK understands."""
    declared: Any = model(service).operation_model(name)
    assert reply.status < 500, f"{name}: {reply.status} {reply.body[:1000]!r}"
    assert reply.headers.get("x-amzn-requestid"), f"{name}: no request ID"
    protocol = model(service).metadata["protocol"]
    parser = botocore.parsers.create_parser(protocol)
    response = {"body": reply.body, "headers": reply.headers, "status_code": reply.status}
    parsed = parser.parse(response, declared.output_shape)
    parsed.pop("ResponseMetadata")
    if reply.status >= 300:
        assert_error(reply, service, name, parsed)
    elif declared.output_shape is None:
        assert not reply.body or json.loads(reply.body) == {}, f"{name}: {reply.body!r}"
    else:
        report = ParamValidator().validate(parsed, declared.output_shape)
        assert not report.has_errors(), f"{name}: {report.generate_report()}"
        unknown = json.loads(reply.body).keys() - declared.output_shape.members.keys()
        assert not unknown, f"{name}: answers {unknown}, which the model does not know"


def assert_error(reply: Reply, service: str, name: str, parsed: dict[str, Any]) -> None:
    """The type is one that the operation has, the status that of the type, and the text says something."""
    shapes = {shape.name: shape for shape in model(service).operation_model(name).error_shapes}
    body = json.loads(reply.body)
    assert reply.error in shapes.keys() | COMMON, f"{name}: {reply.error}, of {sorted(shapes)}: {body}"
    assert parsed["Error"]["Code"] == reply.error
    assert body["message"] == parsed["Error"]["Message"]
    assert body["message"].strip(), f"{name}: {reply.error} without a message"
    if model(service).metadata["protocol"] == "json":
        assert body["__type"] == reply.error
    status = (
        shapes[reply.error].metadata.get("error", {}).get("httpStatusCode") if reply.error in shapes else None
    )
    if status:
        assert reply.status == status, f"{name}: {reply.error} with status {reply.status}, not {status}"
