"""Every operation, with requests that nobody thought of: an answer or a refusal as the models have them.

Never a status of 500 or more, never no answer, never an error that the operation does not have. Requests are
made by chance, from a fixed seed; CONFORMANCE_EXAMPLES=500 makes more of them, of another seed each time.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.conformance.requests import broken, strange, valid
from tests.conformance.wire import PATIENCE, assert_conforms
from tests.support.local_server import REGION, assert_declared

from personalize_local.api.operations import SERVICES, model, operation

if TYPE_CHECKING:
    from tests.conformance.requests import Arns
    from tests.conformance.wire import Wire
    from tests.support.world import World

EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "0"))
# Last, what takes away or stops what other requests are about; all others as the models have them.
LAST = ("Delete", "Stop", "Untag")
OPERATIONS = sorted(
    [(service, name) for service in SERVICES for name in model(service).operation_names],
    key=lambda found: (found[1].startswith(LAST), found[0] == "personalize"),
)
every_operation = pytest.mark.parametrize(
    ("service", "name"), OPERATIONS, ids=[name for _, name in OPERATIONS]
)
by_chance = settings(
    max_examples=EXAMPLES or 15,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@every_operation
def test_what_the_model_allows_is_answered_or_refused_with_a_reason(
    arns: Arns, wire: Wire, client: Any, service: str, name: str
) -> None:
    shape: Any = model(service).operation_model(name).input_shape

    @by_chance
    @given(valid(shape, arns))
    def send(document: Any) -> None:
        assert_conforms(wire.call(service, name, document), service, name)
        # Not refused, or refused with an error that boto3 understands: the client checks the answer itself.
        with contextlib.suppress(ClientError):
            getattr(client(service), operation(service, name).method)(**document)

    send()


@every_operation
def test_what_breaks_a_rule_is_refused(wire: Wire, arns: Arns, service: str, name: str) -> None:
    shape: Any = model(service).operation_model(name).input_shape
    if not shape.members:
        pytest.skip(f"{name} takes nothing that could be wrong")

    @by_chance
    @given(broken(shape, arns))
    def send(made: tuple[Any, str]) -> None:
        document, what = made
        note(what)
        reply = wire.call(service, name, document)
        assert_conforms(reply, service, name)
        assert reply.error in ("SerializationException", "InvalidInputException"), f"{what}: {document}"

    send()


@every_operation
def test_strange_values_do_no_harm(wire: Wire, arns: Arns, service: str, name: str) -> None:
    shape: Any = model(service).operation_model(name).input_shape

    @by_chance
    @given(strange(shape, arns))
    def send(document: Any) -> None:
        assert_conforms(wire.call(service, name, document), service, name)

    send()


BODIES = {
    "empty": b"",
    "no JSON": b"{",
    "two documents": b"{}{}",
    "a list": b"[]",
    "null": b"null",
    "NaN": b'{"name": NaN}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "a name twice": b'{"name": "a", "name": {}}',
    "deep": b'{"tags":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a long number": b'{"numResults":' + b"9" * 5_000 + b"}",
    "control characters": b'{"name": "\x00\x01"}',
    "long": b'{"name": "' + b"x" * 300_000 + b'"}',
    "form": b"name=a&b=c",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_are_no_request(wire: Wire, body: bytes) -> None:
    for service, name in OPERATIONS:
        assert_conforms(wire.send(service, name, body), service, name)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "", "application/x-amz-json-1.0", "äöü", "application/json; charset=x"],
)
def test_content_types(wire: Wire, content_type: str) -> None:
    header = content_type.encode("utf-8").decode("latin-1")
    for service, name in OPERATIONS:
        assert_conforms(wire.send(service, name, b"{}", Content_Type=header), service, name)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "NONSENSE"])
def test_methods_of_no_operation(wire: Wire, method: str) -> None:
    for service, name in OPERATIONS:
        path = model(service).operation_model(name).http["requestUri"]
        reply = wire.request(method, path, b"", {})
        assert 400 <= reply.status < 500, f"{method} {path}: {reply}"


@by_chance
@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60))
def test_targets_that_are_none(wire: Wire, target: str) -> None:
    reply = wire.send("personalize", "ListSchemas", b"{}", X_Amz_Target=target.strip())
    assert_conforms(reply, "personalize", "ListSchemas")
    assert reply.error == "UnknownOperationException"


@by_chance
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Z"]), max_size=60))
def test_paths_that_are_none(wire: Wire, path: str) -> None:
    reply = wire.request("POST", f"/x{path}", b"{}", {"Content-Type": "application/json"})
    assert 400 <= reply.status < 500, f"{path}: {reply}"


def test_chance_reaches_the_answers_too(wire: Wire, arns: Arns) -> None:
    """Requests that are all refused at the door would show nothing."""
    answered: set[str] = set()

    @settings(by_chance, max_examples=60)
    @given(valid(model("personalize-runtime").operation_model("GetRecommendations").input_shape, arns))
    def ask(document: Any) -> None:
        reply = wire.call("personalize-runtime", "GetRecommendations", document)
        answered.add(reply.error or "an answer")

    ask()
    assert {"InvalidInputException", "ResourceNotFoundException"} <= answered, answered


@pytest.fixture
def client(world: World) -> Any:
    """boto3's clients, which check nothing of a request, and every answer."""
    import boto3

    made: dict[str, Any] = {}

    def of(service: str) -> Any:
        if service not in made:
            config = Config(
                retries={"total_max_attempts": 1}, read_timeout=PATIENCE, parameter_validation=False
            )
            made[service] = boto3.session.Session().client(
                service,  # type: ignore[call-overload]
                endpoint_url=world.server.url,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )
            made[service].meta.events.register("after-call", assert_declared)
        return made[service]

    return of
