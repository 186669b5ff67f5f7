"""Who calls, and may they? Asks the IAM of the local AWS, by the endpoint of `ministack_launcher`.

Answers are kept for a few seconds: a pipeline polls every second, recommendations come by the thousand, and
policies change rarely. A changed policy counts after `DECISION_SECONDS`, as in AWS, where it takes a moment
too.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import urllib3

from personalize_local.aws import sigv4
from personalize_local.aws.permissions import Arns, checks
from personalize_local.settings_from_environment import IAM_ENDPOINT, IAM_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.aws.permissions import Check
    from personalize_local.aws.sigv4 import Signature, SignedRequest

Key = TypeVar("Key")
Value = TypeVar("Value")

PATH = "/_personalize_local/iam"
SIGNING_NAME = "personalize"
CALLER_SECONDS = 60.0
DECISION_SECONDS = 5.0
REMEMBERED = 10_000
TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)
# AWS's JSON services answer with these names, whatever the query services call the same thing.
_CODES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "InvalidToken": "UnrecognizedClientException",
}


class IamRefused(Exception):
    """IAM's negative answer; `code` is AWS's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Iam:
    """The questions of `ministack_launcher`, asked over HTTP. Safe to use from several threads."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/") + PATH
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._pool = urllib3.PoolManager(
            maxsize=8, timeout=TIMEOUT, retries=urllib3.Retry(2, backoff_factor=0.1)
        )

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One question and its answer.

        Raises:
            IamRefused: no, with the reason.
            ConnectionError: nobody answers.
            RuntimeError: whatever is at the address is not the IAM that we expect.
        """
        body = json.dumps(question).encode()
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionError(f"IAM at {self._url} does not answer: {error}") from error
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict) or answer.status != 200:
            raise RuntimeError(
                f"{self._url} answered {answer.status} {answer.data[:200]!r}. Is MiniStack there, started by"
                f" personalize_local/aws/ministack_launcher.py with the same {IAM_TOKEN}?"
            )
        if refusal := document.get("error"):
            raise IamRefused(refusal["code"], refusal["message"])
        return document


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose a request is."""

    access_key: str
    arn: str
    secret: str
    session_token: str | None


class IamGuard:
    """Signatures and permissions of callers (see `api.gateway.Guard`)."""

    def __init__(self, iam: Iam, arns: Arns, clock: Callable[[], float] = time.monotonic) -> None:
        self._iam = iam
        self._arns = arns
        self._clock = clock
        self._callers = _Memory[str, Caller](CALLER_SECONDS, clock)
        self._allowed = _Memory[tuple[str, str, str, str], str](DECISION_SECONDS, clock)

    def admit(self, signature: Signature, request: SignedRequest) -> Caller:
        """Find the caller and check the signature.

        Raises:
            SignatureProblem: an unknown or expired key, a wrong session token, a wrong signature.
        """
        caller = self._callers.get(signature.access_key) or self._find(signature.access_key)
        token = request.headers.get("x-amz-security-token") or None
        if token != caller.session_token:
            raise sigv4.SignatureProblem(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        sigv4.verify(signature, request, caller.secret, service=SIGNING_NAME, now=datetime.now(UTC))
        return caller

    def authorize(self, caller: Caller, operation: str, params: dict[str, Any]) -> None:
        """Check the caller's policies for everything that the operation needs.

        Raises:
            PermissionError: with AWS's text, which names the first action that is not allowed.
        """
        needed = checks(operation, params, self._arns)
        unknown = [check for check in needed if self._allowed.get((caller.access_key, *check.key)) is None]
        if not unknown:
            return
        answer = self._iam.ask(
            {
                "ask": "may",
                "accessKeyId": caller.access_key,
                "region": self._arns.region,
                "checks": [
                    {"action": c.action, "resource": c.resource, "context": c.context} for c in unknown
                ],
            }
        )
        for check, decision in zip(unknown, answer["decisions"], strict=True):
            if decision != "Allow":
                raise PermissionError(_denial(caller.arn, check, decision))
        for check in unknown:  # only what is allowed is remembered: who mends a policy does not want to wait
            self._allowed.put((caller.access_key, *check.key), "Allow")

    def remembers(self, signature: Signature, operation: str, params: dict[str, Any]) -> bool:
        """Whether the caller and all decisions are known."""
        if self._callers.get(signature.access_key) is None:
            return False
        return all(
            self._allowed.get((signature.access_key, *check.key)) is not None
            for check in checks(operation, params, self._arns)
        )

    def _find(self, access_key: str) -> Caller:
        try:
            found = self._iam.ask({"ask": "caller", "accessKeyId": access_key})
        except IamRefused as refused:
            raise sigv4.SignatureProblem(_CODES.get(refused.code, refused.code), str(refused)) from refused
        caller = Caller(access_key, found["arn"], found["secretAccessKey"], found["sessionToken"])
        left = found["expires"] - time.time() if found["expires"] else CALLER_SECONDS
        self._callers.put(access_key, caller, seconds=min(left, CALLER_SECONDS))
        return caller


def guard_from_environment(region: str, account: str, partition: str) -> IamGuard | None:
    """The guard that `--iam-endpoint` asks for, or None: everything is allowed."""
    iam = iam_from_environment()
    return IamGuard(iam, Arns(region, account, partition)) if iam else None


def iam_from_environment() -> Iam | None:
    """The IAM that `--iam-endpoint` names, in the server and in its worker processes."""
    url = os.environ.get(IAM_ENDPOINT)
    return Iam(url, os.environ[IAM_TOKEN]) if url else None


def _denial(arn: str, check: Check, decision: str) -> str:
    why = (
        "with an explicit deny in an identity-based policy"
        if decision == "Deny"
        else f"because no identity-based policy allows the {check.action} action"
    )
    return f"User: {arn} is not authorized to perform: {check.action} on resource: {check.resource} {why}"


class _Memory(Generic[Key, Value]):
    """Answers that are good for some seconds; never more than `REMEMBERED`."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        entry = self._entries.get(key)
        return entry[1] if entry and entry[0] > self._clock() else None

    def put(self, key: Key, value: Value, seconds: float | None = None) -> None:
        now = self._clock()
        with self._lock:
            if len(self._entries) >= REMEMBERED:
                self._entries = {k: entry for k, entry in self._entries.items() if entry[0] > now}
            if len(self._entries) >= REMEMBERED:
                self._entries.clear()
            self._entries[key] = (now + (self._seconds if seconds is None else seconds), value)
