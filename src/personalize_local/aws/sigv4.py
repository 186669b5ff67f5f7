"""Signature Version 4, the server's side: what a request claims, and whether its signature is right.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. botocore signs requests, but has nothing
that checks them; the tests hold this against its signer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=5)
_SPACES = re.compile(r" +")


class SignatureProblem(Exception):
    """What is wrong with a signature; `code` is the name that AWS gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signature:
    """The claims of an Authorization header."""

    access_key: str
    date: str  # 20260131
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. `path` as it was sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def parse(authorization: str | None) -> Signature:
    """Read an Authorization header.

    Raises:
        SignatureProblem: it is missing, of another kind, or lacks a part.
    """
    if not authorization:
        raise SignatureProblem("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureProblem(
            "IncompleteSignatureException",
            f"Unsupported AWS 'algorithm': '{algorithm[:64]}'. Sign requests with {ALGORITHM}.",
        )
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    problems = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    scope = parts.get("Credential", "").split("/")
    if parts.get("Credential") and (len(scope) != 5 or scope[4] != "aws4_request" or not all(scope)):
        problems.append(
            "Credential must have exactly 5 slash-delimited elements, e.g."
            f" keyid/date/region/service/aws4_request, got '{parts['Credential'][:200]}'."
        )
    if problems:
        raise SignatureProblem("IncompleteSignatureException", " ".join(problems))
    access_key, date, region, service, _ = scope
    signed = tuple(parts["SignedHeaders"].lower().split(";"))
    return Signature(access_key, date, region, service, signed, parts["Signature"])


def verify(signature: Signature, request: SignedRequest, secret: str, *, service: str, now: datetime) -> None:
    """Check scope, time and signature.

    Raises:
        SignatureProblem: the request was changed, is too old, or was signed with another secret or for
        another
            service.
    """
    if signature.service != service:
        raise SignatureProblem(
            "InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'."
        )
    if "host" not in signature.signed_headers:
        raise SignatureProblem("InvalidSignatureException", "'Host' must be a 'SignedHeader'.")
    stamp = request.headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureProblem(
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format' in the X-Amz-Date header.",
        ) from None
    if abs(now - signed_at) > MAX_SKEW:
        word = "expired" if now > signed_at else "not yet current"
        raise SignatureProblem(
            "InvalidSignatureException",
            f"Signature {word}: {stamp} is more than 5 min. from {now:%Y%m%dT%H%M%SZ}.",
        )
    expected = _digest(signature, request, secret, stamp)
    if not hmac.compare_digest(expected.encode(), signature.digest.encode()):
        raise SignatureProblem(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS"
            " Secret Access Key and signing method. Consult the service documentation for details.",
        )


def _digest(signature: Signature, request: SignedRequest, secret: str, stamp: str) -> str:
    headers = request.headers
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
    )
    canonical = "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(
                f"{name}:{_SPACES.sub(' ', headers.get(name, '').strip())}"
                for name in signature.signed_headers
            ),
            "",
            ";".join(signature.signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The same for all requests of a key on one day."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
