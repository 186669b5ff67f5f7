"""Signatures as botocore makes them are right; changed, old, foreign or incomplete ones are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from personalize_local.aws import sigv4
from personalize_local.aws.sigv4 import SignatureProblem, SignedRequest


def signed(path: str = "/", query: str = "", body: bytes = b"{}", token: str | None = None) -> SignedRequest:
    """A request as botocore signs it."""
    url = f"http://127.0.0.1:4567{path}" + (f"?{query}" if query else "")
    request = AWSRequest(
        method="POST", url=url, data=body, headers={"X-Amz-Target": "AmazonPersonalize.X", "a": "  b   c "}
    )
    SigV4Auth(Credentials("AKID", "secret", token), "personalize", "eu-west-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": "127.0.0.1:4567"}
    return SignedRequest("POST", path, query, headers, body)


def check(request: SignedRequest, *, secret: str = "secret", later: timedelta = timedelta()) -> None:
    signature = sigv4.parse(request.headers["authorization"])
    sigv4.verify(signature, request, secret, service="personalize", now=datetime.now(UTC) + later)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({}, id="json"),
        pytest.param({"path": "/recommendations"}, id="rest"),
        pytest.param({"query": "b=2&a=1&a=0&c="}, id="query"),
        pytest.param({"body": "ü".encode()}, id="not ascii"),
        pytest.param({"body": b""}, id="empty"),
        pytest.param({"token": "session"}, id="session"),
    ],
)
def test_botocore_signs_as_we_verify(parts: dict[str, Any]) -> None:
    request = signed(**parts)  # here, not in the table: a signature is good for five minutes

    check(request)

    assert sigv4.parse(request.headers["authorization"]).access_key == "AKID"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"body": b'{"other": 1}'}, id="body"),
        pytest.param({"path": "/events"}, id="path"),
        pytest.param({"query": "a=1"}, id="query"),
        pytest.param({"method": "GET"}, id="method"),
    ],
)
def test_a_changed_request_is_refused(change: dict[str, object]) -> None:
    changed: SignedRequest = replace(signed(), **change)  # type: ignore[arg-type]

    with pytest.raises(SignatureProblem, match="does not match") as problem:
        check(changed)
    assert problem.value.code == "InvalidSignatureException"


def test_a_changed_header_is_refused() -> None:
    request = signed()

    with pytest.raises(SignatureProblem, match="does not match"):
        check(replace(request, headers={**request.headers, "x-amz-target": "AmazonPersonalize.Y"}))


def test_another_secret_is_refused() -> None:
    with pytest.raises(SignatureProblem, match="does not match"):
        check(signed(), secret="guessed")


@pytest.mark.parametrize(
    ("later", "word"), [(timedelta(minutes=6), "expired"), (timedelta(minutes=-6), "not yet current")]
)
def test_an_old_signature_is_refused(later: timedelta, word: str) -> None:
    with pytest.raises(SignatureProblem, match=word):
        check(signed(), later=later)


def test_another_service_is_refused() -> None:
    request = signed()
    signature = sigv4.parse(request.headers["authorization"].replace("/personalize/", "/s3/"))

    with pytest.raises(SignatureProblem, match="scoped to correct service: 'personalize'"):
        sigv4.verify(signature, request, "secret", service="personalize", now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("header", "code", "text"),
    [
        pytest.param(None, "MissingAuthenticationTokenException", "Missing", id="none"),
        pytest.param("Bearer x", "IncompleteSignatureException", "Bearer", id="another kind"),
        pytest.param("AWS4-HMAC-SHA256 ", "IncompleteSignatureException", "requires 'Signature'", id="empty"),
        pytest.param("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=d",
                     "IncompleteSignatureException", "5 slash-delimited", id="short scope"),
    ],
)  # fmt: skip
def test_an_incomplete_header_is_refused(header: str | None, code: str, text: str) -> None:
    with pytest.raises(SignatureProblem, match=text) as problem:
        sigv4.parse(header)
    assert problem.value.code == code
