"""What the guard asks IAM, and what it remembers. IAM itself is tested in tests/integration/test_iam.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from personalize_local.aws import sigv4
from personalize_local.aws.iam import CALLER_SECONDS, DECISION_SECONDS, Iam, IamGuard, IamRefused
from personalize_local.aws.permissions import Arns
from personalize_local.aws.sigv4 import Signature, SignedRequest

ADA = "arn:aws:iam::000000000000:user/ada"


@dataclass
class ScriptedIam:
    """Knows one key, allows two operations, and counts what it is asked."""

    decision: str = "Allow"
    asked: list[str] = field(default_factory=list)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(question["ask"])
        if question["accessKeyId"] != "AKID":
            raise IamRefused("InvalidClientTokenId", "Nobody has this key.")
        if question["ask"] == "caller":
            return {"arn": ADA, "secretAccessKey": "secret", "sessionToken": None, "expires": None}
        return {"arn": ADA, "decisions": [self.decision for _ in question["checks"]]}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def iam() -> ScriptedIam:
    return ScriptedIam()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(iam: ScriptedIam, clock: Clock) -> IamGuard:
    return IamGuard(cast("Iam", iam), Arns("us-east-1", "000000000000", "aws"), clock)


def signed(key: str = "AKID") -> tuple[Signature, SignedRequest]:
    request = AWSRequest(method="POST", url="http://localhost/", data=b"{}")
    SigV4Auth(Credentials(key, "secret"), "personalize", "us-east-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": "localhost"}
    return sigv4.parse(headers["authorization"]), SignedRequest("POST", "/", "", headers, b"{}")


def test_iam_is_asked_once_for_the_same_question(guard: IamGuard, iam: ScriptedIam) -> None:
    assert not guard.remembers(signed()[0], "ListSchemas", {})
    for _ in range(3):
        guard.authorize(guard.admit(*signed()), "ListSchemas", {})

    assert iam.asked == ["caller", "may"]
    assert guard.remembers(signed()[0], "ListSchemas", {})
    assert not guard.remembers(signed()[0], "ListSolutions", {})


def test_decisions_are_forgotten_soon_and_callers_later(
    guard: IamGuard, iam: ScriptedIam, clock: Clock
) -> None:
    guard.authorize(guard.admit(*signed()), "ListSchemas", {})
    clock.now = DECISION_SECONDS + 1
    guard.authorize(guard.admit(*signed()), "ListSchemas", {})
    clock.now = CALLER_SECONDS + 1
    guard.admit(*signed())

    assert iam.asked == ["caller", "may", "may", "caller"]


def test_a_denial_is_not_remembered(guard: IamGuard, iam: ScriptedIam) -> None:
    iam.decision = "ImplicitDeny"
    caller = guard.admit(*signed())
    with pytest.raises(PermissionError, match="because no identity-based policy allows"):
        guard.authorize(caller, "ListSchemas", {})
    iam.decision = "Allow"

    guard.authorize(caller, "ListSchemas", {})

    assert iam.asked == ["caller", "may", "may"]


def test_an_unknown_key_has_the_name_that_json_services_use(guard: IamGuard) -> None:
    with pytest.raises(sigv4.SignatureProblem) as problem:
        guard.admit(*signed("OTHER"))
    assert problem.value.code == "UnrecognizedClientException"


def test_an_iam_that_is_not_there_is_a_connection_error() -> None:
    with pytest.raises(
        ConnectionError, match=r"http://127\.0\.0\.1:9/_personalize_local/iam does not answer"
    ):
        Iam("http://127.0.0.1:9", "token").ask({"ask": "caller", "accessKeyId": "AKID"})
